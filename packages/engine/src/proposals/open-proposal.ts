import {
  asResponseError,
  composeProposal,
  ResponseError,
  type ComposedProposal,
  type PullRequestSettings,
  type Tree,
} from '@saker/core'
import { MEMORY_DEPTH } from '../branch-memory.ts'
import type { PresentedProposal, ProposalHost, ProposalText, PullRequest } from '../proposal-host.ts'
import type { ChangeSet, Commit, CommitProposal, PastCommit, RepositoryHost } from '../repository-host.ts'
import type { NamedFor } from './proposal-name.ts'

/** A branch and what led to its tip. */
interface Tip {
  readonly tree: Tree
  readonly past: readonly PastCommit[]
}

/** What a proposal's text depends on beside its commits. */
export interface ProposalWords {
  /** Name of the branch that it is to be merged into. */
  readonly baseName: string
  readonly settings: PullRequestSettings
  /** How long a workload is left alone after a proposal was closed; milliseconds. */
  readonly muteForMs: () => number
  /** Milliseconds since 1970. */
  readonly now: () => number
}

const LEDGER_LINE = /^Saker-(?:Response|Undo): .*$/gmu

/** One proposal: its branch, the commits of Saker in that, and its pull request, as far as this process knows them. */
export class OpenProposal {
  readonly name: string
  readonly first: NamedFor
  readonly handle: RepositoryHost
  readonly #words: ProposalWords
  /** Undefined when it has to be read again. */
  tip: Tip | undefined
  pullRequest: PullRequest | undefined
  #own: readonly PastCommit[] = []
  #presented: readonly PastCommit[] = []
  #url: string | undefined
  #notes: readonly string[] = []

  constructor(
    branch: { readonly name: string; readonly first: NamedFor },
    handle: RepositoryHost,
    words: ProposalWords,
  ) {
    this.name = branch.name
    this.first = branch.first
    this.handle = handle
    this.#words = words
  }

  /** Commits of Saker in the branch, the oldest first. */
  get own(): readonly PastCommit[] {
    return this.#own
  }

  /** The messages of those that its pull request is known to hold. */
  get presented(): readonly string[] {
    return this.#presented.map(({ message }) => message)
  }

  /** Where its commits wait. */
  get proposal(): CommitProposal {
    const url = this.pullRequest?.url ?? this.#url
    return {
      branch: this.name,
      notes: this.#notes,
      ...(this.pullRequest === undefined ? {} : { number: this.pullRequest.number }),
      ...(url === undefined ? {} : { url }),
    }
  }

  /** Whether the pull request is there, and has all the lines that it is to have. Its other words may be a person's. */
  get isTold(): boolean {
    const { pullRequest } = this
    if (pullRequest === undefined) return false
    const lines = this.#composed(this.#own).body.match(LEDGER_LINE) ?? []
    return lines.every((line) => pullRequest.body.includes(line))
  }

  /** Takes over what was read. */
  read(tip: Tip, own: readonly PastCommit[]): void {
    this.#own = own
    this.tip = tip
    this.#mark()
  }

  /** Commits to the branch. Ends as `RepositoryHost.commit` does; the tip has to be read again then. */
  async commit(changeSet: ChangeSet, signal: AbortSignal): Promise<Commit> {
    const before = this.tip?.past ?? []
    const at = this.#words.now()
    const { message } = changeSet
    this.tip = undefined
    const proposal = this.#textOf([...this.#own, { sha: '', message, at }])
    const commit = await this.handle.commit({ ...changeSet, proposal }, { signal })
    const made = { ...commit, message, at }
    this.#own = [...this.#own, made]
    const { tree, current } = await this.handle.read({ freshness: 'cached', signal })
    // Where the host had to ask, somebody may have been there since.
    if (!current && tree.sha === commit.sha) this.tip = { tree, past: [made, ...before].slice(0, MEMORY_DEPTH) }
    return commit
  }

  /**
   * Sees to its pull request. Ends as `ProposalHost.present` does; the commits are in the branch in any case.
   */
  async present(host: ProposalHost, signal: AbortSignal): Promise<PresentedProposal> {
    const own = this.#own
    const presented = await host.present(this.name, this.#textOf(own), { signal }).catch((thrown: unknown) => {
      throw unpresented(this.name, thrown)
    })
    this.#notes = presented.notes
    this.#url = presented.url ?? this.#url
    this.pullRequest = presented.pullRequest ?? this.pullRequest
    if (presented.pullRequest === undefined || presented.pullRequest.state === 'open') this.#presented = own
    this.#mark()
    return presented
  }

  #textOf(own: readonly PastCommit[]): ProposalText {
    const { labels, draft, autoMerge } = this.#words.settings
    return { ...this.#composed(own), labels, draft, autoMerge }
  }

  #composed(own: readonly PastCommit[]): ComposedProposal {
    const { baseName, muteForMs } = this.#words
    const messages = own.map(({ message }) => message)
    return composeProposal(messages, { base: baseName, muteForMs: muteForMs() })
  }

  /** Commits of ours in the branch are proposed; what stands below them is in the base. */
  #mark(): void {
    const { tip, proposal } = this
    if (tip === undefined) return
    const own = new Set(this.#own.map(({ sha }) => sha))
    const past = tip.past.map((commit) => (own.has(commit.sha) ? { ...commit, proposal } : commit))
    this.tip = { ...tip, past }
  }
}

/** The commit is in the branch, whatever became of its pull request. */
function unpresented(branch: string, thrown: unknown): ResponseError {
  const error = asResponseError(thrown)
  if (error.retryable) return error
  return new ResponseError(error.code, `the change is in the branch ${branch}, but: ${error.message}`, { cause: error })
}
