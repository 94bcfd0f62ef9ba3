import {
  ResponseError,
  type Lane,
  type LaneState,
  type Log,
  type OutcomeName,
  type Receipt,
  type Requeued,
} from '@saker/core'
import type { Job } from 'bullmq'
import type { FastifyPluginCallback } from 'fastify'
import { connectRedis, type RedisConnection } from '../redis/redis-connection.ts'
import { TIMED_OUT, within } from '../within.ts'
import { buildBoardPages, type BoardPages } from './board-pages.ts'
import { BoardQueue } from './board-queue.ts'
import { receiptOf, requeuedOf } from './receipt-of.ts'

/** Longest wait for Redis to answer an operator. */
const ANSWER_MS = 10_000

/** Jobs read at a time, and read at most per lane, when outcomes are looked for. */
const PAGE = { size: 200, most: 5000 }

/** Which stored outcomes are wanted; without `outcome` all of them. */
export interface ReceiptQuery {
  readonly outcome?: OutcomeName
  readonly limit: number
}

/**
 * The operators' side of the lanes: shows them (Bull Board), says how they are doing and what ended how, and runs failed
 * responses again. Every question ends in `QUEUE_UNAVAILABLE` within 10 s when Redis does not answer.
 */
export class LaneBoard {
  readonly #connection: RedisConnection
  readonly #pages: BoardPages
  readonly #queues = new Map<string, BoardQueue>()

  /** `basePath` is where the pages hang, such as `/queues`. Ends in `CONFIG_INVALID` for a URL that cannot be understood. */
  constructor(options: {
    readonly redisUrl: string
    readonly basePath: string
    readonly lanes: readonly Lane[]
    readonly log: Log
  }) {
    this.#connection = connectRedis(options.redisUrl, 'producer', options.log)
    this.#pages = buildBoardPages(options.basePath, (thrown) => this.#connection.describe(thrown))
    this.setLanes(options.lanes)
  }

  /** The pages of Bull Board, for a Fastify that decides who may see them; register it with `basePath` as prefix. */
  get pages(): FastifyPluginCallback {
    return this.#pages.plugin
  }

  /** From now on these are the lanes. Those that are not among them any more vanish from here; their jobs stay in Redis. */
  setLanes(lanes: readonly Lane[]): void {
    const wanted = new Map(lanes.map((lane) => [lane.slug, lane]))
    for (const [slug, queue] of this.#queues) {
      if (wanted.has(slug)) continue
      this.#queues.delete(slug)
      this.#pages.remove(queue)
      void queue.close().catch(() => undefined)
    }
    for (const lane of wanted.values()) {
      if (this.#queues.has(lane.slug)) continue
      const queue = new BoardQueue(lane, this.#connection.client)
      this.#queues.set(lane.slug, queue)
      this.#pages.add(queue)
    }
  }

  /**
   * Puts a failed response back into its lane, where it runs for real: nothing of its earlier end is kept. Ends in
   * `RESPONSE_UNKNOWN` when no lane keeps it, and in `RESPONSE_NOT_FAILED` when it waits, runs or ended otherwise.
   */
  async retry(id: string): Promise<Requeued> {
    return this.#ask(async () => {
      const kept = (await Promise.all(this.#lanes().map((queue) => this.#find(queue, id)))).flat()
      const [first] = kept
      if (first === undefined) throw new ResponseError('RESPONSE_UNKNOWN', `no lane keeps a response ${id}`)
      const failed = kept.find(({ state }) => state === 'failed')
      if (failed === undefined)
        throw new ResponseError('RESPONSE_NOT_FAILED', `response ${id} has not failed: it is ${first.state}`)
      await failed.job.retry('failed')
      return requeuedOf(failed.job, failed.lane) ?? unreadable(id, failed.lane)
    })
  }

  /** Stored outcomes, newest first. At most 5000 of each lane are looked through. */
  async receipts({ outcome, limit }: ReceiptQuery): Promise<readonly Receipt[]> {
    const types = outcome === undefined ? (['completed', 'failed'] as const) : [stateOf(outcome)]
    const fits = (receipt: Receipt): boolean => outcome === undefined || receipt.outcome === outcome
    return this.#ask(async () => {
      const found = await Promise.all(
        this.#lanes().flatMap((queue) => types.map((type) => receiptsIn(queue, type, { fits, limit }))),
      )
      return found
        .flat()
        .toSorted((a, b) => b.settledAt.localeCompare(a.settledAt))
        .slice(0, limit)
    })
  }

  /** How every lane is doing, by slug. */
  async states(): Promise<readonly LaneState[]> {
    const states = await this.#ask(() => Promise.all(this.#lanes().map(stateOfLane)))
    return states.toSorted((a, b) => a.slug.localeCompare(b.slug))
  }

  /** Closes what was opened. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#lanes().map((queue) => queue.close()))
    await this.#connection.close()
  }

  #lanes(): readonly BoardQueue[] {
    return [...this.#queues.values()]
  }

  async #find(queue: BoardQueue, id: string): Promise<{ job: Job; lane: Lane; state: string }[]> {
    const job: Job | undefined = await queue.getJob(id)
    return job === undefined ? [] : [{ job, lane: queue.lane, state: await job.getState() }]
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    let answer: T | typeof TIMED_OUT
    try {
      answer = await within(ANSWER_MS, question())
    } catch (thrown) {
      if (thrown instanceof ResponseError) throw thrown
      throw this.#unavailable(this.#connection.describe(thrown))
    }
    if (answer === TIMED_OUT) throw this.#unavailable(`it gave no answer in ${ANSWER_MS} ms`)
    return answer
  }

  #unavailable(why: string): ResponseError {
    return new ResponseError('QUEUE_UNAVAILABLE', `Redis at ${this.#connection.label}: ${why}`)
  }
}

function stateOf(outcome: OutcomeName): 'completed' | 'failed' {
  return outcome === 'failed' ? 'failed' : 'completed'
}

/** The newest receipts of a lane that fit, from the given set of its ended jobs. */
async function receiptsIn(
  queue: BoardQueue,
  type: 'completed' | 'failed',
  { fits, limit }: { readonly fits: (receipt: Receipt) => boolean; readonly limit: number },
): Promise<readonly Receipt[]> {
  const found: Receipt[] = []
  for (let start = 0; start < PAGE.most && found.length < limit; start += PAGE.size) {
    const jobs = await queue.getJobs([type], start, start + PAGE.size - 1)
    const receipts = jobs.map((job: Job) => receiptOf(job, queue.lane)).filter((receipt) => receipt !== undefined)
    found.push(...receipts.filter(fits))
    if (jobs.length === 0) break
  }
  return found.slice(0, limit)
}

async function stateOfLane(queue: BoardQueue): Promise<LaneState> {
  const [counts, ttlMs] = await Promise.all([
    queue.getJobCounts('waiting', 'prioritized', 'delayed', 'active', 'failed'),
    queue.getRateLimitTtl(),
  ])
  const count = (type: string): number => counts[type] ?? 0
  return {
    slug: queue.lane.slug,
    repository: queue.lane.repository,
    waiting: count('waiting') + count('prioritized') + count('delayed'),
    active: count('active'),
    failed: count('failed'),
    asleepUntil: ttlMs > 0 ? new Date(Date.now() + ttlMs).toISOString() : null,
  }
}

/** A job that this version does not understand runs again all the same, and fails again with the reason. */
function unreadable(id: string, lane: Lane): Requeued {
  return { id, response: '-', cluster: '-', target: '-', lane: lane.slug }
}
