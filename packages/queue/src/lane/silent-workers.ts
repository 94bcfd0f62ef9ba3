import type { Log } from '@saker/core'
import type { RedisClient } from '../redis/redis-connection.ts'
import { laneKey } from './lane-queue.ts'

/** What a lane's locks are watched with. */
export interface SilentWorkersOptions {
  readonly client: RedisClient
  readonly slug: string
  readonly lockDurationMs: number
  readonly log: Log
}

/** Looks at the locks of other workers of a lane, which BullMQ keeps beside their jobs. */
export class SilentWorkers {
  readonly #options: SilentWorkersOptions
  #told: string | undefined

  constructor(options: SilentWorkersOptions) {
    this.#options = options
  }

  /**
   * Logs, once per job, that the lane waits for the lock of a worker that has not renewed it for a third of its life. Every
   * replica is taken to have the same lock duration. Rejects as Redis does.
   */
  async look(): Promise<void> {
    const { client, slug, lockDurationMs, log } = this.#options
    const [jobId] = await this.#active(0)
    if (jobId === undefined || jobId === this.#told) return
    const lockMs = await client.pttl(laneKey(slug, `${jobId}:lock`))
    if (lockMs <= 0 || lockMs > (lockDurationMs * 2) / 3) return
    this.#told = jobId
    log.warn(
      { lane: slug, jobId, lockMs },
      'a worker says nothing any more; its job runs again when its lock has run out',
    )
  }

  /**
   * Frees the jobs that dead workers left active: they run again at the next look for jobs without a lock. Only for a worker
   * that knows itself to be the only one and has not taken a job yet. Rejects as Redis does.
   */
  async release(): Promise<void> {
    const { client, slug, log } = this.#options
    for (const jobId of await this.#active(-1)) {
      const freed = await client.del(laneKey(slug, `${jobId}:lock`))
      if (freed > 0) log.warn({ lane: slug, jobId }, 'a worker is gone; its job is not waited for')
    }
  }

  #active(last: number): Promise<readonly string[]> {
    return this.#options.client.lrange(laneKey(this.#options.slug, 'active'), 0, last)
  }
}
