import { jobTitle, ResponseError, type Lane, type Log, type ResponseJob } from '@saker/core'
import { Queue, type JobsOptions } from 'bullmq'
import { LANE_QUEUE_OPTIONS, laneQueueName } from './lane/lane-queue.ts'
import { connectRedis, type RedisConnection } from './redis/redis-connection.ts'
import { whyUnfit } from './redis/redis-health.ts'
import { TIMED_OUT, within } from './within.ts'

/** Longest wait for Redis to store one alert. ioredis gives up after 2 s by itself; this holds where it would not. */
const OFFER_MS = 2500

/** Longest wait for a readiness check. */
const READY_MS = 500

/** How a job is kept: done ones for a week, failed ones, which wait for a person, for a month (ages in seconds). */
const KEPT: JobsOptions = {
  attempts: 1,
  removeOnComplete: { age: 7 * 24 * 3600, count: 5000 },
  removeOnFail: { age: 30 * 24 * 3600, count: 20_000 },
  stackTraceLimit: 1,
}

/** Whether Redis stored the job, or merged it into one that is already there. */
export type Offered = 'accepted' | 'duplicate'

/**
 * The producing side of the lanes: puts jobs into Redis, and answers within 3 s whatever Redis does.
 *
 * A job is stored and its fingerprint taken in one atomic step, so nothing can fall between "seen" and "stored".
 */
export class ResponseQueue {
  readonly #connection: RedisConnection
  readonly #queues = new Map<string, Queue>()

  constructor(options: { readonly redisUrl: string; readonly log: Log }) {
    this.#connection = connectRedis(options.redisUrl, 'producer', options.log)
  }

  /**
   * Stores a job in its lane. `accepted` and `duplicate` are said only once Redis has said so.
   *
   * Ends in `QUEUE_UNAVAILABLE` after at most 2.5 s when Redis cannot take it now. Where the answer was lost the job may be
   * stored nevertheless; offering the alert again is safe, because the fingerprint, or the job id, is already taken.
   *
   * For `windowMs` milliseconds further jobs of the same fingerprint count as duplicates of this one; 0: none ever does.
   */
  async offer(lane: Lane, job: ResponseJob, { windowMs }: { readonly windowMs: number }): Promise<Offered> {
    const merge = windowMs > 0 ? { deduplication: { id: job.fingerprint, ttl: windowMs } } : {}
    const stored = await this.#answer(OFFER_MS, 'the alert could not be stored', () =>
      this.#queueOf(lane.slug).add(jobTitle(job), job, { ...KEPT, jobId: job.id, ...merge }),
    )
    return stored.id === job.id ? 'accepted' : 'duplicate'
  }

  /**
   * Resolves when Redis can take alerts now, within half a second. Ends in `QUEUE_UNAVAILABLE` with the reason when it does
   * not answer, is a read-only replica, may evict jobs, or is full.
   */
  async checkReady(): Promise<void> {
    const unfit = await this.#answer(READY_MS, 'not ready', () => whyUnfit(this.#connection.client))
    if (unfit !== undefined) throw this.#unavailable('not ready', unfit)
  }

  /** Closes what was opened. Offers still under way end in `QUEUE_UNAVAILABLE`. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#queues.values()].map((queue) => queue.close()))
    await this.#connection.close()
  }

  #queueOf(slug: string): Queue {
    const known = this.#queues.get(slug)
    if (known !== undefined) return known
    const queue = new Queue(laneQueueName(slug), {
      ...LANE_QUEUE_OPTIONS,
      connection: this.#connection.client,
      // Without these an `add` waits for the first connection, for ever when Redis was away at the start.
      skipWaitingForReady: true,
      skipVersionCheck: true,
    })
    // The connection reports its failures itself; an 'error' event that nobody listens to would end the process.
    queue.on('error', () => undefined)
    this.#queues.set(slug, queue)
    return queue
  }

  async #answer<T>(ms: number, what: string, ask: () => Promise<T>): Promise<T> {
    let answer: T | typeof TIMED_OUT
    try {
      answer = await within(ms, ask())
    } catch (thrown) {
      throw this.#unavailable(what, this.#connection.describe(thrown))
    }
    if (answer === TIMED_OUT) throw this.#unavailable(what, `it gave no answer in ${ms} ms`)
    return answer
  }

  #unavailable(what: string, why: string): ResponseError {
    return new ResponseError('QUEUE_UNAVAILABLE', `${what}: Redis at ${this.#connection.label}: ${why}`)
  }
}
