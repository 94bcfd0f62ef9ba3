import { asResponseError, ResponseError } from '@saker/core'
import type {
  PresentedProposal,
  ProposalBranch,
  ProposalHost,
  ProposalText,
  PullRequest,
  RepositoryHost,
} from '@saker/engine'
import { ProposalBranchHost } from '../proposals/proposal-branch.ts'
import { ProposalMemory } from '../proposals/proposal-memory.ts'
import { GitHubProposalBranch } from './github-proposal-branch.ts'
import { branchOptionsOf, GitHubRepository, type GitHubRepositoryOptions } from './github-repository.ts'
import { listProposals } from './list-proposals.ts'
import { PullRequests, type OpenedPullRequest } from './pull-requests.ts'

/** The proposals of one lane on GitHub. */
export interface GitHubProposalsOptions extends GitHubRepositoryOptions {
  /** What the names of their branches begin with. */
  readonly prefix: string
  /** A host of the base branch; what it has read need not be read again. It is not closed here. */
  readonly base?: GitHubRepository
}

/**
 * Opens the proposals into a branch on GitHub. A list is one request; a new branch with its first commit is one, or three
 * where a file is executable or an author is named; a pull request is one to open or to revise, one more for labels and
 * one for merging by itself.
 */
export function openGitHubProposals(options: GitHubProposalsOptions): ProposalHost {
  return new GitHubProposals(options)
}

class GitHubProposals implements ProposalHost {
  readonly #base: GitHubRepository
  readonly #isOwnBase: boolean
  readonly #prefix: string
  readonly #now: () => number
  readonly #memory = new ProposalMemory()
  readonly #bodies = new Map<string, string>()
  /** Branches whose pull request may be open without all that goes with it. */
  readonly #opening = new Set<string>()

  constructor({ prefix, base, now = Date.now, ...options }: GitHubProposalsOptions) {
    this.#base = base ?? new GitHubRepository(branchOptionsOf({ ...options, now }))
    this.#isOwnBase = base === undefined
    this.#prefix = prefix
    this.#now = now
  }

  async list({ signal }: { readonly signal: AbortSignal }): Promise<readonly ProposalBranch[]> {
    const { client, branch: base } = this.#base.options
    const since = this.#memory.now()
    const listed = await listProposals(client, {
      base,
      prefix: this.#prefix,
      open: this.#memory.open,
      bodies: this.#bodies,
      now: this.#now(),
      signal,
    })
    this.#memory.listed(listed, since)
    return listed
  }

  open(name: string): RepositoryHost {
    const own = new GitHubProposalBranch(this.#base, name)
    return new ProposalBranchHost({ name, own, base: this.#base, memory: this.#memory })
  }

  async present(
    branch: string,
    text: ProposalText,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<PresentedProposal> {
    const { client, branch: base } = this.#base.options
    const [owner = base.owner, name = base.name] = this.#base.seen?.nameWithOwner.split('/') ?? []
    const requests = new PullRequests(client, { ...base, owner, name }, { branch, signal })
    try {
      const { pullRequest, notes } = await this.#present(requests, branch, text)
      this.#memory.presented(branch, pullRequest)
      return { pullRequest, url: pullRequest.url, notes }
    } catch (error) {
      // Whether there is one now has to be seen before anything is opened again.
      this.#memory.presented(branch, undefined)
      throw error
    }
  }

  async close(): Promise<void> {
    if (this.#isOwnBase) await this.#base.close()
  }

  async #present(
    requests: PullRequests,
    branch: string,
    text: ProposalText,
  ): Promise<{ readonly pullRequest: PullRequest; readonly notes: readonly string[] }> {
    const known = this.#memory.pullRequest(branch)
    // One that had ended when it was seen last may have been reopened.
    const isSure = known !== undefined && (known === 'none' || known.state === 'open')
    const before = isSure ? known : ((await requests.find()) ?? 'none')
    if (before !== 'none') return this.#revise(requests, before, { branch, text, isFresh: !isSure })
    this.#opening.add(branch)
    const opened = await requests.open(text)
    if (opened !== undefined) return this.#complete(requests, opened, { branch, text })
    const other = await requests.find()
    if (other !== undefined) return this.#revise(requests, other, { branch, text, isFresh: true })
    throw new ResponseError(
      'REPOSITORY_UNAVAILABLE',
      `GitHub shows no pull request from ${branch}, and says it has one`,
    )
  }

  async #revise(
    requests: PullRequests,
    before: PullRequest & { readonly id?: string },
    { branch, text, isFresh }: { readonly branch: string; readonly text: ProposalText; readonly isFresh: boolean },
  ): Promise<{ readonly pullRequest: PullRequest; readonly notes: readonly string[] }> {
    const { id, ...known } = before
    if (known.state !== 'open') return { pullRequest: known, notes: [] }
    const isSame = known.title === text.title && known.body === text.body
    const pullRequest = isFresh && isSame ? known : await requests.revise(known.number, text)
    if (pullRequest.state !== 'open') {
      // It ended before it was revised: what it says is to be what was merged or turned down.
      return { pullRequest: isSame ? pullRequest : await requests.revise(known.number, known), notes: [] }
    }
    if (id === undefined || !this.#opening.has(branch)) return { pullRequest, notes: [] }
    return this.#complete(requests, { pullRequest, id, notes: [] }, { branch, text })
  }

  /** Sees to what goes with a pull request that was just opened. What does not work is told, and fails nothing. */
  async #complete(
    requests: PullRequests,
    { pullRequest, id, notes }: OpenedPullRequest,
    { branch, text: { labels, autoMerge, draft } }: { readonly branch: string; readonly text: ProposalText },
  ): Promise<{ readonly pullRequest: PullRequest; readonly notes: readonly string[] }> {
    const told = [...notes]
    const attempt = (what: string, work: Promise<void>): Promise<void> =>
      work.catch((error: unknown) => {
        const { message, code } = asResponseError(error)
        told.push(`${what}: ${message} (${code})`)
      })
    if (labels.length > 0) await attempt('it has no labels', requests.label(pullRequest.number, labels))
    if (autoMerge !== false && !draft) {
      await attempt('it is not merged by itself', requests.mergeByItself(id, autoMerge))
    }
    this.#opening.delete(branch)
    return { pullRequest, notes: told }
  }
}
