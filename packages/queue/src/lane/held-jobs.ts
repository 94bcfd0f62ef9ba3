import type { RedisClient } from '../redis/redis-connection.ts'
import { laneKey } from './lane-queue.ts'

/** Held responses of a lane kept at most; beyond that those held longest expire. Some 2 kB each. */
const MOST_HELD = 10_000

/** Held responses that one look takes. */
const PER_LOOK = 500

/**
 * BullMQ clears ended jobs away by the time in its sorted set, oldest first. A held one is not old before it expires, so its
 * time there is that of its expiry; and for one that is held no more it is the time at which that was decided.
 */
const PLACE = `
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1]) end`

const PLACE_ALL = `
local held = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
for i = 1, #held, 2 do
  if redis.call('ZSCORE', KEYS[1], held[i]) then redis.call('ZADD', KEYS[1], held[i + 1], held[i]) end
end`

/** The responses of a lane that are held: completed jobs that stay until they are released or dropped, or expire. */
export class HeldJobs {
  readonly #client: RedisClient
  readonly #key: string
  readonly #completed: string

  constructor(client: RedisClient, slug: string) {
    this.#client = client
    this.#key = laneKey(slug, 'held')
    this.#completed = laneKey(slug, 'completed')
  }

  /** Notes that a job is held until that time (milliseconds since 1970). Before it ends: what ends unnoted never expires. */
  async add(jobId: string, until: number): Promise<void> {
    await this.#client.zadd(this.#key, until, jobId)
  }

  /** Keeps a job that has ended as held from being cleared away before its time. */
  async keep(jobId: string): Promise<void> {
    const until = await this.#client.zscore(this.#key, jobId)
    if (until !== null) await this.#client.eval(PLACE, 1, this.#completed, jobId, until)
  }

  /** The same for all of them: a worker that died may not have come to it. */
  async keepAll(): Promise<void> {
    await this.#client.eval(PLACE_ALL, 2, this.#completed, this.#key)
  }

  /** Takes a job out. Whether it was in: of several that take it, one is told so. */
  async take(jobId: string): Promise<boolean> {
    return (await this.#client.zrem(this.#key, jobId)) > 0
  }

  /** Has a job that is held no more be cleared away as old as `at` makes it. */
  async age(jobId: string, at: number): Promise<void> {
    await this.#client.eval(PLACE, 1, this.#completed, jobId, at)
  }

  /** How many there are. */
  async count(): Promise<number> {
    return this.#client.zcard(this.#key)
  }

  /** Some of those whose time has come, or that are too many. */
  async due(now: number): Promise<readonly string[]> {
    const expired = await this.#client.zrangebyscore(this.#key, 0, now, 'LIMIT', 0, PER_LOOK)
    const excess = (await this.count()) - MOST_HELD
    return expired.length > 0 || excess <= 0
      ? expired
      : this.#client.zrange(this.#key, '0', String(Math.min(excess, PER_LOOK) - 1))
  }
}
