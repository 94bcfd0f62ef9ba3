import {
  ResponseError,
  type Lane,
  type LaneState,
  type Log,
  type Pause,
  type Receipt,
  type Requeued,
} from '@saker/core'
import type { Job } from 'bullmq'
import type { FastifyPluginCallback } from 'fastify'
import { pauseLanes, pausesOf, resumeLanes } from '../guard/pause-switch.ts'
import { connectRedis, type RedisClient, type RedisConnection } from '../redis/redis-connection.ts'
import { buildBoardPages, type BoardPages } from './board-pages.ts'
import { BoardQueue, KeptJob, type Decider } from './board-queue.ts'
import { requeuedOf } from './receipt-of.ts'
import { receiptsIn, type ReceiptQuery } from './receipts-in.ts'

/** Longest wait for Redis to answer an operator. */
const ANSWER_MS = 10_000

/** How long a pause waits for the writes that began before it. */
const PAUSE_WAIT_MS = 8000

/** A job, where it lies and how far it is. */
interface KeptInLane {
  readonly job: Job
  readonly lane: Lane
  readonly state: string
}

/** What a pause has done. */
export interface Paused {
  /** Slugs of the lanes that are paused now. */
  readonly lanes: readonly string[]
  /** Those of them in which a write that began before is still under way. */
  readonly writing: readonly string[]
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
      const kept = await this.#findAll(id)
      const [first] = kept
      const failed = kept.find(({ state }) => state === 'failed')
      if (failed === undefined)
        throw new ResponseError('RESPONSE_NOT_FAILED', `response ${id} has not failed: it is ${first?.state}`)
      await failed.job.retry('failed')
      return requeuedOf(failed.job, failed.lane) ?? unreadable(id, failed.lane)
    })
  }

  /**
   * Has a held response run at once, whatever the guard's cap and age say. Ends in `RESPONSE_UNKNOWN` when no lane keeps it,
   * and in `RESPONSE_NOT_HELD` when it is not held, or not any more.
   */
  async release(id: string, decider: Decider): Promise<Requeued> {
    return this.#decide(id, (job) => job.release(decider))
  }

  /** Ends a held response for good. Ends as `release` does. */
  async drop(id: string, decider: Decider): Promise<Requeued> {
    return this.#decide(id, (job) => job.drop(decider))
  }

  /**
   * Stops all writes of a lane, named by its slug or its repository, or of all lanes, on every replica and until it is taken
   * back. Resolves when no write is under way any more, after some 8 s at most. Ends in `LANE_UNKNOWN`.
   */
  async pause(name: string | undefined, pause: Pause): Promise<Paused> {
    const lanes = this.#named(name)
    const slugs = name === undefined ? undefined : lanes
    const writing = await this.#ask((client) => pauseLanes(client, slugs, { pause, waitMs: PAUSE_WAIT_MS }))
    return { lanes, writing }
  }

  /** Takes a pause back; without a name all pauses. Gives the lanes that are still paused. Ends in `LANE_UNKNOWN`. */
  async resume(
    name: string | undefined,
  ): Promise<{ readonly lanes: readonly string[]; readonly paused: readonly string[] }> {
    const lanes = this.#named(name)
    return this.#ask(async (client) => {
      await resumeLanes(client, name === undefined ? undefined : lanes)
      const pauses = await pausesOf(client, lanes)
      return { lanes, paused: lanes.filter((_, index) => pauses[index] !== null) }
    })
  }

  /** Stored outcomes, newest first. At most 5000 of each lane are looked through. */
  async receipts(query: ReceiptQuery): Promise<readonly Receipt[]> {
    return this.#ask(async () => {
      const found = await Promise.all(this.#lanes().map((queue) => receiptsIn(queue, query)))
      return found
        .flat()
        .toSorted((a, b) => b.settledAt.localeCompare(a.settledAt))
        .slice(0, query.limit)
    })
  }

  /** How every lane is doing, by slug. */
  async states(): Promise<readonly LaneState[]> {
    const queues = this.#lanes()
    const states = await this.#ask(async (client) => {
      const pauses = await pausesOf(
        client,
        queues.map(({ lane }) => lane.slug),
      )
      return Promise.all(queues.map((queue, index) => stateOfLane(queue, pauses[index] ?? null)))
    })
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

  /** Slugs of the lanes that a name means; all when there is none. */
  #named(name: string | undefined): readonly string[] {
    const slugs = this.#lanes()
      .filter(({ lane }) => name === undefined || lane.slug === name || lane.repository === name)
      .map(({ lane }) => lane.slug)
    if (slugs.length > 0 || name === undefined) return slugs.toSorted()
    throw new ResponseError('LANE_UNKNOWN', `no lane and no repository of the config is called ${name}`)
  }

  async #decide(id: string, decide: (job: KeptJob) => Promise<void>): Promise<Requeued> {
    return this.#ask(async () => {
      const kept = await this.#findAll(id)
      // A response that was forwarded is kept by two lanes, and ended for good in one.
      const last = kept.toSorted((a, b) => (b.job.finishedOn ?? 0) - (a.job.finishedOn ?? 0))[0]
      if (!(last?.job instanceof KeptJob)) throw new ResponseError('RESPONSE_UNKNOWN', `no lane keeps a response ${id}`)
      await decide(last.job)
      return requeuedOf(last.job, last.lane) ?? unreadable(id, last.lane)
    })
  }

  /** Every lane's job of this id. Ends in `RESPONSE_UNKNOWN` when there is none. */
  async #findAll(id: string): Promise<readonly KeptInLane[]> {
    const kept = (await Promise.all(this.#lanes().map((queue) => this.#find(queue, id)))).flat()
    if (kept.length === 0) throw new ResponseError('RESPONSE_UNKNOWN', `no lane keeps a response ${id}`)
    return kept
  }

  async #find(queue: BoardQueue, id: string): Promise<KeptInLane[]> {
    const job: Job | undefined = await queue.getJob(id)
    return job === undefined ? [] : [{ job, lane: queue.lane, state: await job.getState() }]
  }

  async #ask<T>(question: (client: RedisClient) => Promise<T>): Promise<T> {
    return this.#connection.ask(question, { ms: ANSWER_MS })
  }
}

async function stateOfLane(queue: BoardQueue, paused: Pause | null): Promise<LaneState> {
  const [counts, ttlMs, held] = await Promise.all([
    queue.getJobCounts('waiting', 'prioritized', 'delayed', 'active', 'failed'),
    queue.getRateLimitTtl(),
    queue.held.count(),
  ])
  const count = (type: string): number => counts[type] ?? 0
  return {
    slug: queue.lane.slug,
    repository: queue.lane.repository,
    waiting: count('waiting') + count('prioritized') + count('delayed'),
    active: count('active'),
    failed: count('failed'),
    held,
    paused,
    asleepUntil: ttlMs > 0 ? new Date(Date.now() + ttlMs).toISOString() : null,
  }
}

/** A job that this version does not understand runs again all the same, and fails again with the reason. */
function unreadable(id: string, lane: Lane): Requeued {
  return { id, response: '-', cluster: '-', target: '-', lane: lane.slug }
}
