import type { Log } from '@saker/core'
import { connectRedis, type RedisClient, type RedisConnection } from '../redis/redis-connection.ts'
import { figuresOf } from './lane-figures.ts'
import { KEY_PREFIX, openLaneQueue } from './lane-queue.ts'

/** A set: the slug of every lane that was ever served. Never expires; a few names. */
const LANES_KEY = `${KEY_PREFIX}:lanes`

/** Notes that there is such a lane, so that it is found again when no config leads to it any more. */
export async function rememberLane(client: RedisClient, slug: string): Promise<void> {
  await client.sadd(LANES_KEY, slug)
}

/** Finds lanes in Redis that nobody may be serving. */
export class KnownLanes {
  readonly #connection: RedisConnection

  /** Ends in `CONFIG_INVALID` for a URL that cannot be understood. */
  constructor(options: { readonly redisUrl: string; readonly log: Log }) {
    this.#connection = connectRedis(options.redisUrl, 'producer', options.log)
  }

  /** Slugs of the lanes beside those of `served` in which something has not ended yet. Rejects as Redis does. */
  async unfinishedBeside(served: ReadonlySet<string>): Promise<readonly string[]> {
    const slugs = await this.#connection.client.smembers(LANES_KEY)
    const left = slugs.filter((slug) => !served.has(slug))
    const unfinished = await Promise.all(left.map(async (slug) => ((await this.#isUnfinished(slug)) ? [slug] : [])))
    return unfinished.flat().toSorted()
  }

  async close(): Promise<void> {
    await this.#connection.close()
  }

  async #isUnfinished(slug: string): Promise<boolean> {
    const { client } = this.#connection
    const queue = openLaneQueue(slug, client)
    try {
      const { waiting, active, delayed, held } = await figuresOf({ slug, queue, client }, Date.now())
      return waiting + active + delayed + held > 0
    } finally {
      await queue.close()
    }
  }
}
