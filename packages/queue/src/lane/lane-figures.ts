import type { LaneFigures } from '@saker/core'
import type { Job, Queue } from 'bullmq'

/** Reads the figures of one lane. Rejects as the client does when Redis does not answer. */
export async function figuresOf(slug: string, queue: Queue, now: number): Promise<LaneFigures> {
  const unended = ['active', 'prioritized', 'waiting', 'delayed'] as const
  const [counts, asleepMs, oldest] = await Promise.all([
    queue.getJobCounts(...unended, 'failed'),
    queue.getRateLimitTtl(),
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
    oldestAgeMs: Math.max(0, now - Math.min(now, ...since)),
    asleepMs: Math.max(0, asleepMs),
  }
}
