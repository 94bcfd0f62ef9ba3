import type { RedisClient } from '../redis/redis-connection.ts'
import { laneKey } from './lane-queue.ts'

/** Longest that a count waits in this process, in milliseconds, while more of them keep coming. */
const FLUSH_MS = 1000

/** The first count after a quiet time goes out this soon, so that the commit of a short burst knows of it. */
const FIRST_FLUSH_MS = 50

/** Jobs whose counts are kept while Redis does not take them; those of further jobs are lost. */
const MAX_JOBS = 10_000

/** A job ends within a day; nobody asks for its count afterwards. */
const KEPT_MS = 25 * 3600 * 1000

/**
 * Jobs of one quarter of an hour share a hash: a job's id begins with its time, and six of its ten digits are 17 minutes.
 * So a lane has at most some ninety of these keys.
 */
function hashKey(slug: string, jobId: string): string {
  return laneKey(slug, `merged:${jobId.slice(0, 6)}`)
}

/**
 * Counts the alerts that were merged into jobs, and tells Redis in batches: about once a second, in one pipeline per lane,
 * however many there are.
 *
 * A count that Redis did not take is tried again with the next batch; one whose answer was lost may be counted twice.
 */
export class MergedCounts {
  readonly #client: RedisClient
  readonly #onFailure: (thrown: unknown) => void
  readonly #byLane = new Map<string, Map<string, number>>()
  #jobs = 0
  #timer: NodeJS.Timeout | undefined
  #lastFlush = -Infinity

  constructor(client: RedisClient, onFailure: (thrown: unknown) => void) {
    this.#client = client
    this.#onFailure = onFailure
  }

  /** Counts one more alert (or `count` of them) as merged into a job. Returns at once, and never fails. */
  add(slug: string, jobId: string, count = 1): void {
    const lane = this.#byLane.get(slug) ?? new Map<string, number>()
    const before = lane.get(jobId)
    if (before === undefined && this.#jobs >= MAX_JOBS) return
    if (before === undefined) this.#jobs += 1
    this.#byLane.set(slug, lane.set(jobId, (before ?? 0) + count))
    const wait = Math.max(this.#lastFlush + FLUSH_MS - performance.now(), FIRST_FLUSH_MS)
    this.#timer ??= setTimeout(() => void this.flush(), wait).unref()
  }

  /** Sends what has been counted. Never rejects; what Redis does not take waits for the next time. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#lastFlush = performance.now()
    const lanes = [...this.#byLane]
    this.#byLane.clear()
    this.#jobs = 0
    await Promise.all(lanes.map(([slug, counts]) => this.#send(slug, counts)))
  }

  async #send(slug: string, counts: ReadonlyMap<string, number>): Promise<void> {
    const pipeline = this.#client.pipeline()
    for (const [jobId, count] of counts) pipeline.hincrby(hashKey(slug, jobId), jobId, count)
    const hashes = new Set(Array.from(counts.keys(), (jobId) => hashKey(slug, jobId)))
    for (const key of hashes) pipeline.pexpire(key, KEPT_MS)
    const answers = await pipeline.exec().catch((thrown: unknown) => {
      this.#onFailure(thrown)
      return null
    })
    let index = 0
    for (const [jobId, count] of counts) {
      const failure = answers === null ? true : answers[index]?.[0]
      if (failure !== null && failure !== undefined) this.add(slug, jobId, count)
      index += 1
    }
  }
}

/** How many alerts Redis knows to be merged into each of these jobs; jobs without any are left out. */
export async function readMergedCounts(
  client: RedisClient,
  slug: string,
  jobIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const byHash = Map.groupBy(jobIds, (jobId) => hashKey(slug, jobId))
  const counts = new Map<string, number>()
  const read = async (key: string, ids: readonly string[]): Promise<void> => {
    const values = await client.hmget(key, ...ids)
    for (const [index, jobId] of ids.entries()) {
      const merged = Number(values[index] ?? 0)
      if (merged > 0) counts.set(jobId, merged)
    }
  }
  await Promise.all(Array.from(byHash, ([key, ids]) => read(key, ids)))
  return counts
}
