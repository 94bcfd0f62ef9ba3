import type { ResponseError, ResponseJob } from '@saker/core'

const FIRST_MS = 1000
const LONGEST_MS = 60_000

/** A host that asks for more than this is asked again earlier. */
const LONGEST_ASKED_MS = 2 * 3600 * 1000

/** Tries of a batch that ends in an unexpected failure each time: it is ours, and waiting longer does not heal it. */
const INTERNAL_TRIES = 10

/** A job older than this is not worth waiting for any more, in milliseconds. */
const OLDEST_MS = 24 * 3600 * 1000

/**
 * How long a lane sleeps, in milliseconds: as long as the other side asked for, else 1 s, 2 s, 4 s … 60 s, a fifth more or
 * less by chance, so that lanes of one host do not come back together. `tries` counts this try too.
 */
export function sleepMs(error: ResponseError, tries: number, random: () => number = Math.random): number {
  if (error.retryAfterMs !== undefined) return Math.min(Math.max(Math.ceil(error.retryAfterMs), 1), LONGEST_ASKED_MS)
  const base = Math.min(FIRST_MS * 2 ** Math.min(tries - 1, 10), LONGEST_MS)
  return Math.min(Math.max(Math.round(base * (0.8 + 0.4 * random())), FIRST_MS), LONGEST_MS)
}

/** Whether a batch has failed in this way often enough for good. Only our own faults count; unavailability is waited out. */
export function isHopeless(error: ResponseError, tries: number): boolean {
  return !error.retryable || (error.code === 'INTERNAL' && tries > INTERNAL_TRIES)
}

/** Whether a job has waited too long to be tried again. */
export function isOverdue(job: ResponseJob, now: number): boolean {
  return now - job.receivedAt > OLDEST_MS
}
