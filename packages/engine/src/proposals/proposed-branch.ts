import { asResponseError, ResponseError, type Log } from '@saker/core'
import { MEMORY_DEPTH } from '../branch-memory.ts'
import type { ProposalBranch, ProposalHost, PullRequest } from '../proposal-host.ts'
import type {
  ChangeSet,
  Commit,
  CommitProposal,
  FileAt,
  Head,
  HistoryOptions,
  HistoryPage,
  PastCommit,
  ReadOptions,
  RepositoryHost,
} from '../repository-host.ts'
import { chooseProposal, type LiveBranch } from './choose-proposal.ts'
import { messageInBase } from './message-in-base.ts'
import { OpenProposal, type ProposalWords } from './open-proposal.ts'
import { ownCommitsOf } from './own-commits.ts'
import { namedFor, proposalName, type ProposalNaming } from './proposal-name.ts'

/** A proposal that has ended, with what it held at its end. */
export interface EndedProposal {
  readonly branch: string
  readonly state: 'merged' | 'closed'
  /** When, in milliseconds since 1970, as far as anybody knows. */
  readonly at: number
  /** Absent on a host that has none. */
  readonly pullRequest?: PullRequest
  /** Texts in which its lines stand. */
  readonly told: readonly string[]
}

/** What a lane's proposals are kept with. */
export interface ProposedBranchOptions extends ProposalWords {
  readonly host: ProposalHost
  /** The branch that they are to be merged into. */
  readonly base: RepositoryHost
  /** Told of each proposal that has ended, at least once, before anything is planned without it. What it throws ends the read. */
  readonly onEnded: (ended: EndedProposal) => Promise<void>
  /** Whether a read may write: see to a pull request that somebody else has left without, or without its newest lines. */
  readonly heals: boolean
  /** Told of each branch that a commit of this process has begun. */
  readonly onBegun: (branch: string) => void
  readonly log: Log
}

/** Stands for a branch that is not there, which reads as the base does. */
const UNBORN = 'unborn'

/**
 * The proposals of one lane, as if they were one branch. It reads as the branch of the open proposal, or as the base when there
 * is none; a commit goes to that branch, or begins a new one, and has a `proposal` then. So whatever plans and commits does so
 * here as well.
 *
 * - A commit that lands in a proposal which was merged or closed meanwhile ends in `BRANCH_MOVED`: plan anew.
 * - A commit whose pull request could not be opened or revised for now ends in `COMMIT_UNCONFIRMED`: it is in the branch, and
 *   the next read that asks sees to its pull request.
 * - No branch is begun but after a look at those that are there; none is ever rewritten, or used again.
 *
 * Warm, a commit is two requests: commit and revise.
 */
export class ProposedBranch implements RepositoryHost {
  readonly #options: ProposedBranchOptions
  readonly #naming: ProposalNaming
  readonly #unborn: RepositoryHost
  #open: OpenProposal | undefined
  /** The tip of the base that was read last, because there was no proposal. */
  #baseSha: string | undefined
  /** All branches of the last look, and those begun since. */
  #names: ReadonlySet<string> = new Set()
  /** Endings that were told. */
  readonly #told = new Set<string>()
  /** Branches without a pull request that were merged. */
  readonly #merged = new Set<string>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: ProposedBranchOptions) {
    const { host, settings, baseName } = options
    this.#options = options
    this.#naming = { prefix: settings.branchPrefix, base: baseName }
    this.#unborn = host.open(`${settings.branchPrefix}${baseName}-${UNBORN}`)
  }

  /** The proposal that goes on, as far as this process knows, with the commits of Saker in it; undefined when there is none. */
  get open(): { readonly proposal: CommitProposal; readonly own: readonly PastCommit[] } | undefined {
    return this.#open
  }

  /** Looks what has become of the proposals, and heals where it may. Ends as `read` does. */
  async look({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    await this.#inTurn(() => this.#look(signal))
  }

  /** As the port says; without an open proposal it always asks. Ends in `PULL_REQUEST_REJECTED` too, for one that was left without. */
  async read({ freshness, past = 0, signal }: ReadOptions): Promise<Head> {
    return this.#inTurn(async () => {
      const tip = this.#open?.tip
      if (tip !== undefined && freshness === 'cached' && past === 0) return { tree: tip.tree, current: false, past: [] }
      await this.#look(signal)
      const looked = this.#open?.tip
      if (looked !== undefined) return { ...looked, current: true }
      const head = await this.#unborn.read({ freshness: 'current', past: MEMORY_DEPTH, signal })
      this.#baseSha = head.tree.sha
      return head
    })
  }

  /** As the port says, but for what is said above. Ends in `PULL_REQUEST_REJECTED` too; the commit is in its branch then. */
  async commit(changeSet: ChangeSet, { signal }: { readonly signal: AbortSignal }): Promise<Commit> {
    return this.#inTurn(async () => {
      const known = this.#open
      const expected = known === undefined ? this.#baseSha : known.tip?.tree.sha
      if (expected !== changeSet.baseSha) throw new ResponseError('BRANCH_MOVED', 'the proposal is another one by now')
      const open = known ?? this.#begin(changeSet)
      const commit = await open.commit(changeSet, signal)
      this.#open = open
      this.#names = new Set([...this.#names, open.name])
      if (known === undefined) this.#options.onBegun(open.name)
      if (!(await this.#present(open, signal).catch(throwUnconfirmed))) {
        throw new ResponseError('BRANCH_MOVED', `${open.name} was merged or closed meanwhile`)
      }
      return { ...commit, proposal: open.proposal }
    })
  }

  /** The branch that proposals are to be merged into. */
  get base(): RepositoryHost {
    return this.#options.base
  }

  /** Of the open proposal, else of the base. */
  async readHistory(options: HistoryOptions): Promise<HistoryPage> {
    return (this.#open?.handle ?? this.#unborn).readHistory(options)
  }

  /** As `readHistory`. */
  async readTexts(
    files: readonly FileAt[],
    options: { readonly signal: AbortSignal },
  ): Promise<readonly (string | undefined)[]> {
    return (this.#open?.handle ?? this.#unborn).readTexts(files, options)
  }

  /** Closes the branches and the host. The base belongs to whoever gave it. */
  async close(): Promise<void> {
    await this.#inTurn(async () => {
      await Promise.all([this.#unborn.close(), this.#open?.handle.close()])
      await this.#options.host.close()
    })
  }

  /** One after the other: a look of the worker must not change the proposal under a commit. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async #look(signal: AbortSignal): Promise<void> {
    const listed = await this.#options.host.list({ signal })
    this.#names = new Set(listed.map(({ name }) => name))
    const { live, ended } = chooseProposal(listed, this.#naming)
    for (const { name, pullRequest } of ended) await this.#tellEnded(name, pullRequest)
    await this.#endUnlisted(listed, signal)
    if (live === undefined || (await this.#isMerged(live, signal))) {
      if (this.#open !== undefined && listed.some(({ name }) => name === this.#open?.name)) this.#open = undefined
      return
    }
    await this.#takeUp(live, signal)
  }

  /**
   * A branch that is not listed any more, where nobody tells of pull requests, was merged or given up. With one, it may just
   * not be listed yet; whether it is gone shows when it is committed to.
   */
  async #endUnlisted(listed: readonly ProposalBranch[], signal: AbortSignal): Promise<void> {
    const open = this.#open
    if (open === undefined || listed.some(({ name }) => name === open.name)) return
    if (open.pullRequest === undefined) {
      const merged = await messageInBase(this.#options.base, open.first, signal)
      await this.#tell({ branch: open.name, state: merged === undefined ? 'closed' : 'merged', told: open.presented })
    }
    if (open.pullRequest === undefined || open.tip === undefined) this.#open = undefined
  }

  /** Whether a branch without a pull request was merged all the same. */
  async #isMerged({ name, first, pullRequest }: LiveBranch, signal: AbortSignal): Promise<boolean> {
    if (pullRequest !== undefined) return false
    if (this.#merged.has(name)) return true
    const message = await messageInBase(this.#options.base, first, signal)
    if (message === undefined) return false
    const presented = this.#open?.name === name ? this.#open.presented : []
    await this.#tell({ branch: name, state: 'merged', told: [...presented, message] })
    this.#merged.add(name)
    return true
  }

  async #tellEnded(branch: string, pullRequest: PullRequest): Promise<void> {
    if (pullRequest.state === 'open') return
    const presented = this.#open?.name === branch ? this.#open.presented : []
    const { state, endedAt } = pullRequest
    const at = endedAt === undefined ? {} : { at: endedAt }
    await this.#tell({ branch, state, ...at, pullRequest, told: [...presented, pullRequest.body] })
  }

  async #tell(ended: Omit<EndedProposal, 'at'> & { readonly at?: number }): Promise<void> {
    const key = [ended.branch, ended.state, ended.at ?? ''].join(' ')
    if (this.#told.has(key)) return
    await this.#options.onEnded({ ...ended, at: ended.at ?? this.#options.now() })
    this.#told.add(key)
  }

  async #takeUp(branch: LiveBranch, signal: AbortSignal): Promise<void> {
    const { name, first, sha, pullRequest } = branch
    const open = this.#open?.name === name ? this.#open : this.#proposalOf(branch)
    open.pullRequest = pullRequest ?? open.pullRequest
    if (open.tip?.tree.sha !== sha) {
      const { tree, past } = await open.handle.read({ freshness: 'current', past: MEMORY_DEPTH, signal })
      const own = await ownCommitsOf(open.handle, first, { past, signal })
      this.#open = undefined
      // A branch that was made and never committed to.
      if (own === undefined) return
      open.read({ tree, past }, own)
    }
    this.#open = open
    if (this.#options.heals && !open.isTold) await this.#present(open, signal)
  }

  #begin({ message }: ChangeSet): OpenProposal {
    const name = proposalName(message, this.#naming, this.#names)
    const first = namedFor(name, this.#naming)
    if (first === undefined) throw new ResponseError('INTERNAL', `${name} is no name for a proposal`)
    return this.#proposalOf({ name, first })
  }

  #proposalOf(branch: Pick<LiveBranch, 'name' | 'first'>): OpenProposal {
    return new OpenProposal(branch, this.#options.host.open(branch.name), this.#options)
  }

  /** Whether the proposal goes on. When it has ended meanwhile, what was committed to it since is lost with it. */
  async #present(open: OpenProposal, signal: AbortSignal): Promise<boolean> {
    const { host, log } = this.#options
    const { pullRequest } = await open.present(host, signal)
    if (pullRequest !== undefined && pullRequest.state !== 'open') {
      await this.#tellEnded(open.name, pullRequest)
      this.#open = undefined
      return false
    }
    log.info({ ...open.proposal }, 'proposal presented')
    return true
  }
}

/** The commit may not be made again: the next read finds it, and sees to its pull request. */
function throwUnconfirmed(thrown: unknown): never {
  const error = asResponseError(thrown)
  const { code, message, retryAfterMs } = error
  if (code !== 'REPOSITORY_UNAVAILABLE' && code !== 'RATE_LIMITED') throw error
  const after = retryAfterMs === undefined ? {} : { retryAfterMs }
  throw new ResponseError('COMMIT_UNCONFIRMED', `its pull request is not there yet: ${message}`, {
    cause: error,
    ...after,
  })
}
