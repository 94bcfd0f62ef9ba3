import { setTimeout as sleep } from 'node:timers/promises'
import { ResponseJob } from '@saker/core'
import type { Job, Queue } from 'bullmq'
import { endingFor } from './job-note.ts'

/** How long a leader waits for a burst to settle, in milliseconds: until nothing came for `quietMs`, at most `maxMs`. */
export interface Coalesce {
  readonly quietMs: number
  readonly maxMs: number
}

/** A job with its data, understood. */
export interface ReadableJob {
  readonly job: Job
  readonly data: ResponseJob
}

const WAITING = ['waiting', 'prioritized'] as const

/** A job whose workers have died this often runs alone: should it be the one that kills them, it kills no others. */
const SUSPECT_STALLS = 2

/** The job with its data, or undefined when this version does not understand the data. */
export function readJob(job: Job): ReadableJob | undefined {
  const parsed = ResponseJob.safeParse(job.data)
  return parsed.success ? { job, data: parsed.data as ResponseJob } : undefined
}

/** Waits until the burst has settled or `enough` jobs wait. Rejects with the signal's reason when that aborts. */
export async function linger(
  queue: Queue,
  coalesce: Coalesce,
  until: { enough: number; signal: AbortSignal },
): Promise<void> {
  const { quietMs, maxMs } = coalesce
  const step = Math.max(Math.min(quietMs / 4, 50), 5)
  const started = performance.now()
  let lastCame = started
  let most = await queue.getJobCountByTypes(...WAITING)
  for (;;) {
    const now = performance.now()
    if (most >= until.enough || now - lastCame >= quietMs || now - started >= maxMs) return
    await sleep(Math.min(step, quietMs, maxMs), undefined, { signal: until.signal })
    const waiting = await queue.getJobCountByTypes(...WAITING)
    if (waiting > most) lastCame = performance.now()
    most = Math.max(most, waiting)
  }
}

/**
 * The waiting jobs that the leader answers too, in the order in which they would run: those that are understood, have no
 * outcome yet and are not suspected of killing workers. None when the leader itself is suspect.
 */
export async function findMates(queue: Queue, leader: Job, most: number): Promise<readonly ReadableJob[]> {
  if (leader.stalledCounter >= SUSPECT_STALLS || most < 1) return []
  const waiting = await queue.getJobs([...WAITING], 0, most - 1, true)
  return waiting
    .filter((job: Job | undefined) => job !== undefined && job.id !== leader.id && job.stalledCounter < SUSPECT_STALLS)
    .filter((job) => endingFor(job, job.attemptsStarted + 1) === undefined)
    .map(readJob)
    .filter((mate) => mate !== undefined)
    .slice(0, most)
}
