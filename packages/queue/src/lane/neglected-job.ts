import type { RedisClient } from '../redis/redis-connection.ts'
import { laneKey } from './lane-queue.ts'

/** What a lane's next job is watched with. */
export interface NeglectedJobOptions {
  readonly client: RedisClient
  readonly slug: string
  /** How long the same job may be the next one while nothing stands in its way, in milliseconds. */
  readonly patienceMs: number
  /** Milliseconds since some moment; never goes back. */
  readonly now: () => number
}

/**
 * Notices that a lane's next job waits although no job is active and the lane does not sleep. BullMQ's loop can stop for good
 * when a node of a Cluster was away: its blocking read never returns, and the worker still calls itself running
 * (https://github.com/taskforcesh/bullmq/issues/3185).
 */
export class NeglectedJob {
  readonly #options: NeglectedJobOptions
  #next: { readonly id: string; readonly since: number } | undefined

  constructor(options: NeglectedJobOptions) {
    this.#options = options
  }

  /** The id of the job that has been neglected for too long, once per patience; undefined as long as all is well. Rejects as Redis does. */
  async find(): Promise<string | undefined> {
    const { client, slug, patienceMs, now } = this.#options
    const id = await client.lindex(laneKey(slug, 'wait'), -1)
    const inTheWay = id === null || (await this.#isHeldUp())
    if (inTheWay) this.#next = undefined
    else if (this.#next?.id !== id) this.#next = { id, since: now() }
    if (this.#next === undefined || now() - this.#next.since < patienceMs) return undefined
    const neglected = this.#next.id
    this.#next = undefined
    return neglected
  }

  async #isHeldUp(): Promise<boolean> {
    const { client, slug } = this.#options
    const [active, sleepMs, paused] = await Promise.all([
      client.llen(laneKey(slug, 'active')),
      client.pttl(laneKey(slug, 'limiter')),
      client.hexists(laneKey(slug, 'meta'), 'paused'),
    ])
    return active > 0 || sleepMs > 0 || paused > 0
  }
}
