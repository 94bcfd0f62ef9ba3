import type { Log } from '@saker/core'
import type { Job, Queue } from 'bullmq'
import { readJob } from './gather-mates.ts'
import type { HeldJobs } from './held-jobs.ts'
import type { StateNote } from './job-note.ts'

/** Whose held responses are looked at. */
export interface HeldIn {
  readonly slug: string
  readonly held: HeldJobs
  readonly log: Log
}

/**
 * Ends the holding of responses that nobody has released or dropped in time: each gets the state `expired` and one line in
 * the log, from whichever replica comes first. Rejects as Redis does; what is left is found at the next look.
 */
export async function expireHeld(queue: Queue, { slug, held, log }: HeldIn, now = Date.now()): Promise<void> {
  for (const id of await held.due(now)) {
    if (!(await held.take(id))) continue
    const job: Job | undefined = await queue.getJob(id)
    const fields = { lane: slug, responseId: id, response: job === undefined ? undefined : readJob(job)?.data.response }
    log.warn({ ...fields, state: 'expired' }, 'response state changed')
    if (job === undefined || !isHeld(job)) continue
    await endHolding(queue, held, { id, note: { note: 'state', state: 'expired', at: new Date(now).toISOString() } })
  }
}

/** Notes on a held job what became of it, and lets it be cleared away like any other. */
export async function endHolding(
  queue: Queue,
  held: HeldJobs,
  { id, note }: { readonly id: string; readonly note: StateNote },
): Promise<void> {
  await queue.updateJobProgress(id, note)
  await held.age(id, Date.parse(note.at))
}

/** Whether a job has ended as held, and nothing has become of it since. */
export function isHeld(job: Job): boolean {
  const value: unknown = job.returnvalue
  const outcome = typeof value === 'object' && value !== null && 'outcome' in value ? value.outcome : undefined
  const { progress } = job
  const ended = typeof progress === 'object' && 'note' in progress && progress.note === 'state'
  return job.finishedOn !== undefined && outcome === 'held' && !ended
}
