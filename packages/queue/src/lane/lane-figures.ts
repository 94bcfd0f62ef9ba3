import type { LaneFigures } from '@saker/core'
import type { Job, Queue } from 'bullmq'
import { pausesOf } from '../guard/pause-switch.ts'
import type { RedisClient } from '../redis/redis-connection.ts'
import { HeldJobs } from './held-jobs.ts'

/** A lane and where it lies. */
export interface LaneInRedis {
  readonly slug: string
  readonly queue: Queue
  readonly client: RedisClient
}

/** Reads the figures of one lane. Rejects as the client does when Redis does not answer. */
export async function figuresOf({ slug, queue, client }: LaneInRedis, now: number): Promise<LaneFigures> {
  const unended = ['active', 'prioritized', 'waiting', 'delayed'] as const
  const [counts, asleepMs, held, [pause], oldest] = await Promise.all([
    queue.getJobCounts(...unended, 'failed'),
    queue.getRateLimitTtl(),
    new HeldJobs(client, slug).count(),
    pausesOf(client, [slug]),
    // The first of each kind; a job that went back to the lane stands at its head.
    Promise.all(unended.map((type) => queue.getJobs([type], 0, 0, true))),
  ])
  const since = oldest.flat().map((job: Job | undefined) => job?.timestamp ?? now)
  const { active = 0, prioritized = 0, waiting = 0, delayed = 0, failed = 0 } = counts
  return {
    lane: slug,
    waiting: waiting + prioritized,
    active,
    delayed,
    failed,
    held,
    paused: pause !== null,
    oldestAgeMs: Math.max(0, now - Math.min(now, ...since)),
    asleepMs: Math.max(0, asleepMs),
  }
}
