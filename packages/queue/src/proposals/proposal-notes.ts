import { randomUUID } from 'node:crypto'
import { ResponseError, type Log } from '@saker/core'
import type { Job, Queue } from 'bullmq'
import { laneKey, openLaneQueue } from '../lane/lane-queue.ts'
import { stateOf, type StateNote } from '../lane/job-note.ts'
import { connectRedis, type RedisClient, type RedisConnection } from '../redis/redis-connection.ts'

/** Redis gets no longer than this to answer one question. */
const ANSWER_MS = 2000

/** How long is remembered which proposals have ended: hosts list those of the last days. */
const KEPT_MS = 60 * 24 * 3600 * 1000

/** Whoever takes longer to begin a proposal has died over it. */
const BEGINNING_MS = 60_000

const RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"

/** Responses whose state is noted at a time. */
const AT_ONCE = 50

/** What became of the responses of a proposal. */
export interface ProposalEnding {
  /** Unique to the proposal and this ending of it. */
  readonly key: string
  readonly state: 'merged' | 'closed'
  /** Milliseconds since 1970. */
  readonly at: number
  readonly responses: readonly string[]
}

/**
 * What all replicas know of the proposals of lanes: whether one is open, who looks after it, which have ended. It lies in
 * Redis; when that does not answer, everything ends in `QUEUE_UNAVAILABLE`.
 */
export class ProposalNotes {
  readonly #connection: RedisConnection
  readonly #queues = new Map<string, Queue>()

  constructor(options: { readonly redisUrl: string; readonly log: Log }) {
    this.#connection = connectRedis(options.redisUrl, 'producer', options.log)
  }

  /** Notes that a proposal of the lane may be open. */
  async opened(slug: string): Promise<void> {
    await this.#ask((client) => client.set(laneKey(slug, 'proposed'), '1', 'PX', KEPT_MS))
  }

  /** Notes that none is. */
  async noneOpen(slug: string): Promise<void> {
    await this.#ask((client) => client.del(laneKey(slug, 'proposed')))
  }

  /** Whether one may be open. */
  async isOpen(slug: string): Promise<boolean> {
    return (await this.#ask((client) => client.exists(laneKey(slug, 'proposed')))) > 0
  }

  /** Whether this replica is to look after the lane's proposals now: of all of them one is, once in so many milliseconds. */
  async takesLook(slug: string, everyMs: number): Promise<boolean> {
    return (await this.#ask((client) => client.set(laneKey(slug, 'looked'), '1', 'PX', everyMs, 'NX'))) === 'OK'
  }

  /**
   * Has one of all replicas at a time begin a proposal of the lane. Ends in `BRANCH_MOVED` while another one does, and as
   * `begin` does.
   */
  async alone<T>(slug: string, begin: () => Promise<T>): Promise<T> {
    const key = laneKey(slug, 'beginning')
    const token = randomUUID()
    const isFree = await this.#ask((client) => client.set(key, token, 'PX', BEGINNING_MS, 'NX'))
    if (isFree !== 'OK') throw new ResponseError('BRANCH_MOVED', 'another worker is just beginning a proposal')
    try {
      return await begin()
    } finally {
      // It passes by itself where this fails.
      await this.#ask((client) => client.eval(RELEASE, 1, key, token)).catch(() => undefined)
    }
  }

  /**
   * Notes that a proposal has ended, on each of its responses that is still kept. Whether this is the first time: of several
   * replicas one is told so.
   */
  async ended(slug: string, { key, state, at, responses }: ProposalEnding): Promise<boolean> {
    const ended = laneKey(slug, 'ended')
    if (await this.#ask((client) => client.sismember(ended, key))) return false
    const note: StateNote = { note: 'state', state, at: new Date(at).toISOString() }
    for (let from = 0; from < responses.length; from += AT_ONCE) {
      const some = responses.slice(from, from + AT_ONCE)
      await this.#ask(() => Promise.all(some.map((id) => this.#note(slug, id, note))))
    }
    return this.#ask(async (client) => {
      const isFirst = (await client.sadd(ended, key)) > 0
      await client.pexpire(ended, KEPT_MS)
      return isFirst
    })
  }

  /** Closes the connection. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#queues.values()].map((queue) => queue.close()))
    await this.#connection.close()
  }

  async #note(slug: string, id: string, note: StateNote): Promise<void> {
    const queue = this.#queueOf(slug)
    const job: Job | undefined = await queue.getJob(id)
    if (job === undefined || !isProposed(job)) return
    // Opened again and merged after all: the newer ending counts.
    if (stateOf(job) !== note.state) await queue.updateJobProgress(id, note)
  }

  #queueOf(slug: string): Queue {
    const known = this.#queues.get(slug)
    if (known !== undefined) return known
    const queue = openLaneQueue(slug, this.#connection.client)
    this.#queues.set(slug, queue)
    return queue
  }

  /** A connection that is just being made is waited for: a lane is looked after from its start on. */
  async #ask<T>(question: (client: RedisClient) => Promise<T>): Promise<T> {
    return this.#connection.askOnceReady(question, { ms: ANSWER_MS, what: 'what is known of proposals' })
  }
}

function isProposed({ finishedOn, returnvalue }: Job): boolean {
  const value: unknown = returnvalue
  const isOutcome = typeof value === 'object' && value !== null && 'outcome' in value
  return finishedOn !== undefined && isOutcome && value.outcome === 'proposed'
}
