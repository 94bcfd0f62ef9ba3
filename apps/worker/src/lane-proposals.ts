import { asResponseError, type Config, type Lane, type Log, type Repository } from '@saker/core'
import {
  muteRejected,
  ProposedBranch,
  responsesIn,
  type EndedProposal,
  type ProposalHost,
  type RepositoryHost,
  type WorkloadGuard,
} from '@saker/engine'
import type { ProposalNotes } from '@saker/queue'

/** What a lane's proposals are looked after with. */
export interface LaneProposalsOptions {
  readonly lane: Lane
  readonly host: ProposalHost
  /** The branch that they are to be merged into. */
  readonly base: RepositoryHost
  readonly repository: Repository
  /** The config in use. */
  readonly config: () => Config
  readonly guard: WorkloadGuard
  readonly notes: Pick<ProposalNotes, 'opened' | 'noneOpen' | 'isOpen' | 'takesLook' | 'alone' | 'ended'>
  readonly log: Log
  /** How often is looked what has become of the open one, in milliseconds; a minute by default. */
  readonly intervalMs?: number
  /** Told of each proposal once, over all replicas, when it is opened and when it has ended. */
  readonly onChanged: (state: 'opened' | 'merged' | 'closed') => void
  /** Told of the clusters that a merge concerns. */
  readonly onMerged: (clusters: readonly string[]) => void
}

/** How often is looked what has become of the open one: a request, by one of all replicas. */
const LOOK_MS = 60_000
/** The part of it that counts as all of it: clocks and timers are not that exact. */
const NEARLY = 0.9

/**
 * Looks after the proposals of one lane while one is open: what was merged or closed is noted on its responses, counted and
 * logged; the receivers are told of a merge; and what was closed is left alone. As long as none is open it asks nothing.
 */
export class LaneProposals {
  /** Where the lane reads and commits. */
  readonly branch: ProposedBranch
  readonly #options: LaneProposalsOptions
  readonly #intervalMs: number
  readonly #closing = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined

  constructor(options: LaneProposalsOptions) {
    const { host, base, repository, config, log } = options
    this.#options = options
    this.#intervalMs = options.intervalMs ?? LOOK_MS
    this.branch = new ProposedBranch({
      host,
      base,
      baseName: repository.branch,
      settings: repository.pullRequest,
      muteForMs: () => config().guard.muteForMs,
      heals: true,
      admitted: (write) => this.#admitted(write),
      alone: (begin) => options.notes.alone(options.lane.slug, begin),
      onEnded: (ended) => this.#ended(ended),
      onBegun: () => {
        options.onChanged('opened')
        this.committed()
      },
      log,
      now: Date.now,
    })
    this.#schedule(0)
  }

  /** Told of each commit of this process, so that somebody looks after it. */
  committed(): void {
    const { lane, notes, log } = this.#options
    // Without the note nobody looks before the next response; it is not worth failing for.
    notes.opened(lane.slug).catch((thrown: unknown) => {
      log.warn({ lane: lane.slug, reason: asResponseError(thrown).message }, 'a proposal could not be noted')
    })
  }

  /** Stops, waits for what is under way, and closes the branches. */
  async close(): Promise<void> {
    this.#closing.abort()
    clearTimeout(this.#timer)
    await this.#running
    await this.branch.close()
  }

  #schedule(ms: number): void {
    if (this.#closing.signal.aborted) return
    this.#timer = setTimeout(() => {
      this.#running = this.#run().finally(() => this.#schedule(this.#intervalMs))
    }, ms)
    this.#timer.unref()
  }

  async #run(): Promise<void> {
    const { lane, notes, log } = this.#options
    const { slug, repository } = lane
    try {
      // What is open here counts, whatever became of the note: another replica, or the loss of Redis, may have taken it.
      const isOpen = this.branch.open !== undefined || (await notes.isOpen(slug))
      if (!isOpen || !(await notes.takesLook(slug, Math.ceil(this.#intervalMs * NEARLY)))) return
      await this.branch.look({ signal: this.#closing.signal })
      if (this.branch.open === undefined) await notes.noneOpen(slug)
      else await notes.opened(slug)
    } catch (thrown) {
      if (this.#closing.signal.aborted) return
      const { code, message } = asResponseError(thrown)
      log.warn({ lane: slug, repository, code, reason: message }, 'proposals are looked at later')
    }
  }

  /** A paused lane opens and revises no pull request either: one that merges by itself would take effect. */
  async #admitted<T>(write: () => Promise<T>): Promise<T> {
    const { guard, config } = this.#options
    const ticket = guard.openWrite()
    try {
      await ticket.admit([], config().guard.maxWorkloads)
      return await write()
    } finally {
      await ticket.close([]).catch(() => undefined)
    }
  }

  async #ended(ended: EndedProposal): Promise<void> {
    const { lane, guard, notes, config, log, onChanged, onMerged } = this.#options
    const { branch, state, at, pullRequest } = ended
    await muteRejected(ended, { guard, muteForMs: config().guard.muteForMs, now: Date.now() })
    const lines = responsesIn(ended)
    const key = [branch, state, pullRequest?.endedAt ?? ''].join(' ')
    const responses = lines.map(({ id }) => id)
    if (!(await notes.ended(lane.slug, { key, state, at, responses }))) return
    const { number, url } = pullRequest ?? {}
    const told = { lane: lane.slug, repository: lane.repository, branch, number, url, state, responses: lines.length }
    log.info(told, 'proposal ended')
    onChanged(state)
    if (state === 'merged') onMerged([...new Set(lines.map(({ workload }) => workload.cluster))])
  }
}
