import type { PresentedProposal, ProposalBranch, ProposalHost, RepositoryHost } from '@saker/engine'
import { ProposalBranchHost } from '../proposals/proposal-branch.ts'
import { ProposalMemory } from '../proposals/proposal-memory.ts'
import { GitProposalBranch } from './git-proposal-branch.ts'
import { GitRepository, type GitRepositoryOptions } from './git-repository.ts'
import { readServerWords, type ServerWords } from './server-words.ts'

/** The proposals of one lane on a Git server. */
export interface GitProposalsOptions extends GitRepositoryOptions {
  /** What the names of their branches begin with. */
  readonly prefix: string
  /** A host of the base branch; what it has fetched need not be fetched again. It is not closed here. */
  readonly base?: GitRepository
}

/**
 * Opens the proposals into a branch on any Git server. They are branches; pull requests come of them where the server opens
 * one for a push, as GitLab does when it is told by push options, or where a person does. What the server says at a push is
 * all that is known of those.
 */
export function openGitProposals(options: GitProposalsOptions): ProposalHost {
  return new GitProposals(options)
}

class GitProposals implements ProposalHost {
  readonly #base: GitRepository
  readonly #isOwnBase: boolean
  readonly #prefix: string
  readonly #memory = new ProposalMemory()
  readonly #words = new Map<string, ServerWords>()

  constructor({ prefix, base, ...options }: GitProposalsOptions) {
    this.#base = base ?? new GitRepository(options)
    this.#isOwnBase = base === undefined
    this.#prefix = prefix
  }

  async list({ signal }: { readonly signal: AbortSignal }): Promise<readonly ProposalBranch[]> {
    const since = this.#memory.now()
    const { server, store } = this.#base
    const refs = await store.take(signal, () =>
      store.withCache(signal, (cache) => server.listBranches(cache, this.#prefix, signal)),
    )
    const branches = Array.from(refs, ([name, sha]) => ({ name, sha }))
    this.#memory.listed(branches, since)
    for (const name of this.#words.keys()) if (this.#memory.exists(name) === false) this.#words.delete(name)
    return branches.toSorted((one, other) => (one.name < other.name ? -1 : 1))
  }

  open(name: string): RepositoryHost {
    const own = new GitProposalBranch(this.#base, name, (words) => this.#words.set(name, readServerWords(words)))
    return new ProposalBranchHost({ name, own, base: this.#base, memory: this.#memory })
  }

  async present(branch: string): Promise<PresentedProposal> {
    const { url, isOpen, problems = [] } = this.#words.get(branch) ?? {}
    const into = this.#base.options.branch
    const todo = isOpen === true ? [] : [`open a pull request from ${branch} into ${into}: the server has opened none`]
    return { ...(url === undefined ? {} : { url }), notes: [...problems, ...todo] }
  }

  async close(): Promise<void> {
    if (this.#isOwnBase) await this.#base.close()
  }
}
