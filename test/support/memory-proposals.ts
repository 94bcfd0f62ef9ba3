import { ResponseError, type ErrorCode } from '@saker/core'
import type {
  ChangeSet,
  Commit,
  FileAt,
  Head,
  HistoryOptions,
  HistoryPage,
  PresentedProposal,
  ProposalBranch,
  ProposalHost,
  ProposalText,
  PullRequest,
  ReadOptions,
  RepositoryHost,
} from '@saker/engine'
import { MemoryHost } from './memory-host.ts'

/** A pull request in memory, with what was asked for at its opening. */
export interface MemoryPullRequest extends PullRequest {
  readonly branch: string
  readonly labels: readonly string[]
  readonly draft: boolean
  readonly autoMerge: ProposalText['autoMerge']
}

/** A call that goes wrong: before it has any effect or, where it `landed`, after that. */
interface ProposalFault {
  readonly call: 'list' | 'present'
  readonly code: ErrorCode
  readonly landed?: boolean
}

/** A Git host in memory: one base branch, the branches beside it, and the pull requests from them into it. */
export class MemoryForge {
  readonly base: MemoryHost
  readonly branches = new Map<string, MemoryHost>()
  readonly pullRequests: MemoryPullRequest[] = []
  /** Struck in order, each once, by the next call of its kind. Those of commits, on whatever branch, are `base.faults`. */
  readonly faults: ProposalFault[] = []
  /** All calls that would have been requests, in order. */
  readonly calls: ('list' | 'present' | 'read' | 'commit')[] = []
  /** Without, branches are all that it can tell of. */
  readonly hasPullRequests: boolean
  /** What pull requests end at, and branches are committed at; milliseconds since 1970. */
  now = 0

  constructor(files: Record<string, string>, { hasPullRequests = true }: { readonly hasPullRequests?: boolean } = {}) {
    this.base = new MemoryHost(files)
    this.hasPullRequests = hasPullRequests
  }

  /** Makes a branch on a commit of the base, as somebody else would; the tip by default. */
  addBranch(name: string, at: string = this.base.tip.sha): MemoryHost {
    const [first, ...rest] = this.base.history.slice(0, this.base.history.findIndex(({ sha }) => sha === at) + 1)
    if (first === undefined) throw new Error(`${at} is not in the base`)
    const branch = new MemoryHost(first.files, { idPrefix: name, faults: this.base.faults })
    branch.history.splice(0, 1, first, ...rest)
    this.branches.set(name, branch)
    return branch
  }

  /** Merges a pull request: into one commit of its title and body, or with the commits of the branch, and one more or not. */
  merge(number: number, method: 'merge' | 'squash' | 'rebase' = 'merge'): void {
    const { branch, title, body } = this.#find(number)
    const history = this.branches.get(branch)?.history ?? []
    const at = history.findIndex(({ sha }) => !this.base.history.some((one) => one.sha === sha))
    const [fork, tip] = [history[at - 1], history.at(-1)]
    if (fork === undefined || tip === undefined) throw new Error(`#${number} has nothing to merge`)
    const files = { ...this.base.tip.files }
    for (const path of new Set([...Object.keys(fork.files), ...Object.keys(tip.files)])) {
      const text = tip.files[path]
      if (text === undefined) delete files[path]
      else if (text !== fork.files[path]) files[path] = text
    }
    if (method !== 'squash')
      this.base.history.push(...history.slice(at).map((one) => ({ ...one, files: { ...one.files } })))
    this.base.now = this.now
    const message = method === 'merge' ? `Merge #${number}\n\n${title}\n` : `${title} (#${number})\n\n${body}\n`
    if (method !== 'rebase') this.base.add(message, {})
    this.base.tip.files = files
    this.#end(number, 'merged')
  }

  /** Closes a pull request without merging it. */
  closePullRequest(number: number): void {
    this.#end(number, 'closed')
  }

  /** Opens a closed pull request again. */
  reopen(number: number): void {
    const { endedAt: _, ...rest } = this.#find(number)
    this.replace({ ...rest, state: 'open' })
  }

  /** Removes a branch; an open pull request from it is closed by that. */
  deleteBranch(name: string): void {
    this.branches.delete(name)
    const open = this.pullRequests.find(({ branch, state }) => branch === name && state === 'open')
    if (open !== undefined) this.#end(open.number, 'closed')
  }

  /** Puts a pull request in place of the one of the same number, or adds it. */
  replace(changed: MemoryPullRequest): void {
    const at = this.pullRequests.findIndex(({ number }) => number === changed.number)
    this.pullRequests.splice(at === -1 ? this.pullRequests.length : at, 1, changed)
  }

  /** The open pull request of a branch, else its newest. */
  pullRequestOf(name: string): MemoryPullRequest | undefined {
    const all = this.pullRequests.filter(({ branch }) => branch === name)
    return all.find(({ state }) => state === 'open') ?? all.at(-1)
  }

  #find(number: number): MemoryPullRequest {
    const found = this.pullRequests.find((one) => one.number === number)
    if (found === undefined) throw new Error(`there is no pull request ${number}`)
    return found
  }

  #end(number: number, state: 'merged' | 'closed'): void {
    this.replace({ ...this.#find(number), state, endedAt: this.now })
  }
}

/** The proposals of one lane on a host in memory. Several may look at the same. */
export class MemoryProposals implements ProposalHost {
  readonly #forge: MemoryForge
  readonly #prefix: string

  constructor(forge: MemoryForge, prefix = 'saker/main-') {
    this.#forge = forge
    this.#prefix = prefix
  }

  async list(): Promise<readonly ProposalBranch[]> {
    const forge = this.#forge
    forge.calls.push('list')
    const fault = this.#fault('list')
    if (fault !== undefined) throw new ResponseError(fault.code, 'as told')
    const names = new Set([...forge.branches.keys(), ...forge.pullRequests.map(({ branch }) => branch)])
    const ours = [...names].filter((name) => name.startsWith(this.#prefix)).toSorted()
    return ours.map((name) => {
      const sha = forge.branches.get(name)?.tip.sha
      const pullRequest = forge.pullRequestOf(name)
      return {
        name,
        ...(sha === undefined ? {} : { sha }),
        ...(pullRequest === undefined ? {} : { pullRequest: portOf(pullRequest) }),
      }
    })
  }

  open(branch: string): RepositoryHost {
    return new MemoryProposalBranch(this.#forge, branch)
  }

  async present(branch: string, text: ProposalText): Promise<PresentedProposal> {
    const forge = this.#forge
    forge.calls.push('present')
    const fault = this.#fault('present')
    if (fault !== undefined && fault.landed !== true) throw new ResponseError(fault.code, 'as told')
    if (!forge.hasPullRequests) {
      return { notes: [`open a pull request from ${branch}: this host has none that Saker can open`] }
    }
    const pullRequest = this.#presented(branch, text)
    if (fault !== undefined) throw new ResponseError(fault.code, 'as told')
    return { pullRequest: portOf(pullRequest), url: pullRequest.url, notes: [] }
  }

  async close(): Promise<void> {}

  #presented(branch: string, { title, body, labels, draft, autoMerge }: ProposalText): MemoryPullRequest {
    const forge = this.#forge
    const found = forge.pullRequestOf(branch)
    if (found !== undefined && found.state !== 'open') return found
    const tip = forge.branches.get(branch)?.tip.sha
    if (tip === undefined) throw new ResponseError('BRANCH_MOVED', `there is no branch ${branch}`)
    if (found === undefined && forge.base.history.some(({ sha }) => sha === tip)) {
      throw new ResponseError('PULL_REQUEST_REJECTED', `no commits between main and ${branch}`)
    }
    const number = found?.number ?? forge.pullRequests.length + 1
    const url = `https://forge.example/pull/${number}`
    const opened = found ?? { number, url, state: 'open', branch, labels, draft, autoMerge }
    const pullRequest = { ...opened, title, body }
    forge.replace(pullRequest)
    return pullRequest
  }

  #fault(call: ProposalFault['call']): ProposalFault | undefined {
    const at = this.#forge.faults.findIndex((fault) => fault.call === call)
    return at === -1 ? undefined : this.#forge.faults.splice(at, 1)[0]
  }
}

/** A branch that reads as the base does until its first commit makes it. */
class MemoryProposalBranch implements RepositoryHost {
  readonly #forge: MemoryForge
  readonly #name: string
  #seen: Head | undefined

  constructor(forge: MemoryForge, name: string) {
    this.#forge = forge
    this.#name = name
  }

  async read(options: ReadOptions): Promise<Head> {
    if (options.freshness === 'cached' && (options.past ?? 0) === 0 && this.#seen !== undefined) {
      return { ...this.#seen, current: false, past: [] }
    }
    this.#forge.calls.push('read')
    this.#seen = await this.#here.read({ ...options, freshness: 'current' })
    return this.#seen
  }

  async commit(changeSet: ChangeSet): Promise<Commit> {
    const forge = this.#forge
    forge.calls.push('commit')
    const { baseSha } = changeSet
    const isKnown = [forge.base, forge.branches.get(this.#name)].some((one) =>
      one?.history.some(({ sha }) => sha === baseSha),
    )
    if (!isKnown) throw new ResponseError('BRANCH_MOVED', `there is no commit ${baseSha}`)
    const existing = forge.branches.get(this.#name)
    const branch = existing ?? forge.addBranch(this.#name, baseSha)
    const willBeLate = forge.base.faults[0]?.late === true
    branch.now = forge.now
    try {
      const commit = await branch.commit(changeSet)
      this.#seen = await branch.read({ freshness: 'current', signal: new AbortController().signal })
      return commit
    } catch (error) {
      this.#seen = undefined
      if (existing === undefined && !willBeLate && branch.tip.sha === baseSha) forge.branches.delete(this.#name)
      throw error
    }
  }

  async readHistory(options: HistoryOptions): Promise<HistoryPage> {
    return this.#here.readHistory(options)
  }

  async readTexts(files: readonly FileAt[]): Promise<readonly (string | undefined)[]> {
    return this.#here.readTexts(files)
  }

  async close(): Promise<void> {}

  get #here(): MemoryHost {
    return this.#forge.branches.get(this.#name) ?? this.#forge.base
  }
}

function portOf({ number, url, state, endedAt, title, body }: MemoryPullRequest): PullRequest {
  return { number, url, state, title, body, ...(endedAt === undefined ? {} : { endedAt }) }
}
