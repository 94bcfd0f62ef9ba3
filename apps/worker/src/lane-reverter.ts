import { asResponseError, type Config } from '@saker/core'
import {
  DueResponses,
  readDue,
  revertDue,
  type Commit,
  type RepositoryHost,
  type RevertDependencies,
} from '@saker/engine'

/** What a lane's reverter works with. */
export interface LaneReverterOptions extends Omit<RevertDependencies, 'config'> {
  /** The config in use. */
  readonly config: () => Config
  /** Told of each response whose time is over, once. */
  readonly onEnded: (result: RevertResult) => void
  /** Told of each commit, with the clusters it concerns. */
  readonly onCommit: (commit: Commit, clusters: readonly string[]) => void
  /** The branch in which responses take effect, where they are taken back by a proposal. Absent: the host's own. */
  readonly applied?: RepositoryHost
  /** Whether it is this lane that takes responses back, as things are. Absent: it always is. */
  readonly isOn?: () => boolean
  /** Told that the branch takes no commit. */
  readonly onProtected?: () => void
}

/** How a response ended whose time is over. */
type RevertResult = 'undone' | 'changedSince' | 'ended'

/** How long it waits at most before it looks again, and after a failure. */
const LOOK_MS = 60_000
/** How often it looks what other replicas have committed. */
const REFRESH_MS = 10 * 60_000
/** What waits for a worker, or a release, is committed later than its response was configured. */
const SLACK_MS = 24 * 3_600_000

/**
 * Takes the responses of one lane back when their time is over (`revertAfter`). It knows them from the branch alone, which
 * it reads at its start and every ten minutes, as far back as the config's longest `revertAfter` can matter, and from the
 * commits of this process. Where no response of the config has a `revertAfter`, it asks nothing.
 */
export class LaneReverter {
  readonly #options: LaneReverterOptions
  readonly #due = new DueResponses()
  readonly #closing = new AbortController()
  #known: string | undefined
  #readAt = -Infinity
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined

  constructor(options: LaneReverterOptions) {
    this.#options = options
    this.#schedule(0)
  }

  /** Takes over what a commit of this process has carried out. */
  committed({ sha }: Commit): void {
    const own = this.#options.memory.at(sha)?.[0]
    if (own === undefined) this.#readAt = -Infinity
    else this.#due.note(own.lines)
    if (this.#running === undefined) this.#schedule(this.#pauseMs())
  }

  /** Stops, and waits for what is under way. */
  async close(): Promise<void> {
    this.#closing.abort()
    clearTimeout(this.#timer)
    await this.#running
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#closing.signal.aborted) return
    this.#timer = setTimeout(() => {
      this.#running = this.#run().finally(() => (this.#running = undefined))
    }, ms)
    this.#timer.unref()
  }

  async #run(): Promise<void> {
    const { log, repository, isOn, onProtected } = this.#options
    if (isOn?.() === false) return this.#schedule(LOOK_MS)
    try {
      await this.#refresh()
      const isDone = await this.#revert()
      this.#schedule(isDone ? this.#pauseMs() : LOOK_MS)
    } catch (thrown) {
      if (this.#closing.signal.aborted) return
      const { code, message } = asResponseError(thrown)
      if (code === 'BRANCH_PROTECTED') onProtected?.()
      log.warn({ repository, code, reason: message }, 'responses whose time is over are tried again')
      this.#schedule(code === 'BRANCH_MOVED' || code === 'COMMIT_UNCONFIRMED' ? LOOK_MS / 60 : LOOK_MS)
    }
  }

  #pauseMs(): number {
    const next = this.#due.nextAt
    return next === undefined ? LOOK_MS : Math.min(LOOK_MS, Math.max(0, next - this.#options.now()))
  }

  async #refresh(): Promise<void> {
    const { config, host, applied = host, now } = this.#options
    const longest = Math.max(0, ...config().responses.map(({ revertAfterMs = 0 }) => revertAfterMs))
    const startedAt = now()
    if (longest === 0 || startedAt - this.#readAt < REFRESH_MS) return
    const known = this.#known === undefined ? {} : { known: this.#known }
    const since = startedAt - longest - SLACK_MS
    const ledger = await readDue(applied, { since, ...known, signal: this.#closing.signal })
    this.#due.end(
      ledger.commits.flatMap(({ undone }) => undone.filter((id) => ledger.find(id)?.undoneBy !== undefined)),
    )
    this.#due.note(ledger.entries().flatMap(({ line, undoneBy }) => (undoneBy === undefined ? [line] : [])))
    this.#known = ledger.commits[0]?.sha ?? this.#known
    this.#readAt = startedAt
  }

  /** Whether nothing that is due is left for later. */
  async #revert(): Promise<boolean> {
    const { config, now, log, repository, onEnded, onCommit, applied } = this.#options
    const ids = this.#due.due(now())
    if (ids.length === 0) return true
    const { undone, changed, ended, unknown, commit } = await revertDue(ids, this.#closing.signal, {
      ...this.#options,
      config: config(),
    })
    // What is applied and not in the branch of the open proposal can only be taken back by the next one.
    const left = applied === undefined ? [] : unknown
    this.#due.end(ids.filter((id) => !left.includes(id)))
    const tell = (result: RevertResult, told: readonly string[]): void => {
      for (const responseId of told) {
        onEnded(result)
        log.info(
          { repository, responseId, result, ...(commit === undefined ? {} : { sha: commit.sha }) },
          'response is over',
        )
      }
    }
    if (commit !== undefined) onCommit(commit, [...new Set(undone.map(({ line }) => line.workload.cluster))])
    tell(
      'undone',
      undone.map(({ line }) => line.id),
    )
    tell(
      'changedSince',
      changed.map(({ line }) => line.id),
    )
    tell('ended', [...ended, ...unknown.filter((id) => !left.includes(id))])
    return left.length === 0
  }
}
