import type { RedisClient } from '../redis/redis-connection.ts'
import { laneKey } from './lane-queue.ts'

/** A job ends within a day; nobody asks for it afterwards. */
const KEPT_MS = 25 * 3600 * 1000

/**
 * The jobs of a lane that were given to the engine and whose ending was not handed out yet, known to all replicas. BullMQ
 * counts only the starts of a leader: its mates were answered with it without ever being started, and when it runs alone
 * the next time, because its workers died, nothing else would tell that the repository may hold their commit.
 */
export class UnconfirmedJobs {
  readonly #client: RedisClient
  readonly #key: string

  constructor(client: RedisClient, slug: string) {
    this.#client = client
    this.#key = laneKey(slug, 'unconfirmed')
  }

  /** Notes a batch before it is given to the engine. Tells whether any of its jobs was given to it before. */
  async add(jobIds: readonly string[]): Promise<boolean> {
    const added = await this.#client.sadd(this.#key, ...jobIds)
    await this.#client.pexpire(this.#key, KEPT_MS)
    return added < jobIds.length
  }

  /** Forgets a batch whose endings are all handed out. */
  async remove(jobIds: readonly string[]): Promise<void> {
    await this.#client.srem(this.#key, ...jobIds)
  }
}
