import { jobTitle, type Lane, type LaneFigures, type Log, type ResponseJob } from '@saker/core'
import type { JobsOptions, Queue } from 'bullmq'
import { figuresOf } from './lane/lane-figures.ts'
import { openLaneQueue } from './lane/lane-queue.ts'
import { MergedCounts } from './lane/merged-counts.ts'
import { connectRedis, type RedisConnection } from './redis/redis-connection.ts'
import { whyUnfit } from './redis/redis-health.ts'
import { within } from './within.ts'

/** Longest wait for Redis to store one alert. ioredis gives up after 2 s by itself; this holds where it would not. */
const OFFER_MS = 2500

/** Longest wait for a readiness check. */
const READY_MS = 500

/** Longest wait for figures of the lanes. */
const FIGURES_MS = 1000

/** Longest wait for Redis to take the last counts at the end. */
const FLUSH_MS = 1000

/** Ended jobs of a lane kept at most, of each kind, whatever their age; some 2 kB each. */
const KEPT_JOBS = 50_000

const DEFAULT_RETENTION: Retention = { keepMs: 7 * 24 * 3600 * 1000, keepFailedMs: 30 * 24 * 3600 * 1000 }

/** Whether Redis stored the job, or merged it into one that is already there; `id` is that of the job that stands for it. */
export interface Offered {
  readonly result: 'accepted' | 'duplicate'
  readonly id: string
}

/** How long ended jobs are kept, in milliseconds. */
export interface Retention {
  readonly keepMs: number
  /** For those that failed: they wait for a person. */
  readonly keepFailedMs: number
}

/**
 * The producing side of the lanes: puts jobs into Redis, and answers within 3 s whatever Redis does.
 *
 * A job is stored and its fingerprint taken in one atomic step, so nothing can fall between "seen" and "stored".
 */
export class ResponseQueue {
  readonly #connection: RedisConnection
  readonly #queues = new Map<string, Queue>()
  readonly #merged: MergedCounts
  readonly #retention: () => Retention

  /** Ended jobs are kept for a week, failed ones for a month, unless `retention` says otherwise. */
  constructor(options: { readonly redisUrl: string; readonly log: Log; readonly retention?: () => Retention }) {
    this.#connection = connectRedis(options.redisUrl, 'producer', options.log)
    this.#merged = new MergedCounts(this.#connection.client, (thrown) => this.#connection.report(thrown))
    this.#retention = options.retention ?? (() => DEFAULT_RETENTION)
  }

  /**
   * Stores a job in its lane. `accepted` and `duplicate` are said only once Redis has said so.
   *
   * Ends in `QUEUE_UNAVAILABLE` after at most 2.5 s when Redis cannot take it now. Where the answer was lost the job may be
   * stored nevertheless; offering the alert again is safe, because the fingerprint, or the job id, is already taken.
   *
   * For `windowMs` milliseconds further jobs of the same fingerprint are merged into this one, and counted there; 0: none
   * ever is.
   */
  async offer(lane: Lane, job: ResponseJob, { windowMs }: { readonly windowMs: number }): Promise<Offered> {
    const merge = windowMs > 0 ? { deduplication: { id: job.fingerprint, ttl: windowMs } } : {}
    const stored = await this.#connection.ask(
      () =>
        this.#queueOf(lane.slug).add(jobTitle(job), job, { ...keptFor(this.#retention()), jobId: job.id, ...merge }),
      { ms: OFFER_MS, what: 'the alert could not be stored' },
    )
    const id = stored.id ?? job.id
    if (id === job.id) return { result: 'accepted', id }
    this.merged(lane, id)
    return { result: 'duplicate', id }
  }

  /**
   * Counts an alert that was merged into a job without asking Redis. Costs nothing now; counts reach Redis about once a
   * second, all together.
   */
  merged(lane: Lane, jobId: string): void {
    this.#merged.add(lane.slug, jobId)
  }

  /** Has `listener` called whenever Redis was lost: what it had acknowledged may be gone with it. */
  onDisconnect(listener: () => void): void {
    this.#connection.onDisconnect(listener)
  }

  /**
   * Resolves when Redis can take alerts now, within half a second. Ends in `QUEUE_UNAVAILABLE` with the reason when it does
   * not answer, is a read-only replica, may evict jobs, or is full.
   */
  async checkReady(): Promise<void> {
    const what = 'not ready'
    const unfit = await this.#connection.ask(whyUnfit, { ms: READY_MS, what })
    if (unfit !== undefined) throw this.#connection.unavailable(unfit, what)
  }

  /** How each of these lanes is doing. Ends in `QUEUE_UNAVAILABLE` when Redis does not say so within a second. */
  async laneStates(lanes: readonly Lane[]): Promise<readonly LaneFigures[]> {
    const now = Date.now()
    return this.#connection.ask(
      (client) => Promise.all(lanes.map(({ slug }) => figuresOf({ slug, queue: this.#queueOf(slug), client }, now))),
      { ms: FIGURES_MS, what: 'the lanes are unknown' },
    )
  }

  /** Sends the last counts and closes what was opened. Offers still under way end in `QUEUE_UNAVAILABLE`. */
  async close(): Promise<void> {
    await within(FLUSH_MS, this.#merged.flush())
    await Promise.allSettled([...this.#queues.values()].map((queue) => queue.close()))
    await this.#connection.close()
  }

  #queueOf(slug: string): Queue {
    const known = this.#queues.get(slug)
    if (known !== undefined) return known
    const queue = openLaneQueue(slug, this.#connection.client)
    this.#queues.set(slug, queue)
    return queue
  }
}

function keptFor({ keepMs, keepFailedMs }: Retention): JobsOptions {
  // BullMQ counts in whole seconds, and takes an age of 0 for none.
  const age = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))
  return {
    attempts: 1,
    removeOnComplete: { age: age(keepMs), count: KEPT_JOBS },
    removeOnFail: { age: age(keepFailedMs), count: KEPT_JOBS },
    stackTraceLimit: 1,
  }
}
