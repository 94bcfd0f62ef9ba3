import type { Job, Queue } from 'bullmq'

/** How a lane is doing, in numbers for a dashboard. */
export interface LaneFigures {
  /** Slug of the lane. */
  readonly lane: string
  readonly waiting: number
  readonly active: number
  readonly delayed: number
  readonly failed: number
  /** How long the oldest response that has not ended is there, in milliseconds; 0 when there is none. */
  readonly oldestAgeMs: number
  /** How long the lane still sleeps, in milliseconds; 0 when it is awake. */
  readonly asleepMs: number
}

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
