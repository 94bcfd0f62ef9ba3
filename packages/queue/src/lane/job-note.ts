import type { ErrorCode, Outcome } from '@saker/core'
import type { Job } from 'bullmq'

/** How a job ends. */
export interface Ending {
  readonly outcome: Outcome
  /** Alerts that the job stands for: its own, and those merged into it so far. */
  readonly count: number
}

/**
 * What workers tell each other about a job that has not ended, in the job's progress (its data never changes).
 *
 * `answered`: a leader has settled it; `start` is the start that may take the outcome, so that a job which is retried by
 * hand, or whose worker died, runs for real. `asleep`: its lane waits for better times; people see why in Bull Board.
 */
export type JobNote =
  | (Ending & { readonly note: 'answered'; readonly start: number; readonly leader: string })
  | {
      readonly note: 'asleep'
      readonly code: ErrorCode
      readonly message: string
      readonly tries: number
      readonly until: string
    }

function noteOf(job: Job): JobNote | undefined {
  const { progress } = job
  return typeof progress === 'object' && 'note' in progress ? (progress as JobNote) : undefined
}

/** The ending that a leader left for the given start of a job. */
export function endingFor(job: Job, start: number): Ending | undefined {
  const note = noteOf(job)
  return note?.note === 'answered' && note.start === start ? { outcome: note.outcome, count: note.count } : undefined
}

/** How often in a row a job was put to sleep, for this very reason if one is given. */
export function sleepsFor(job: Job, code?: ErrorCode): number {
  const note = noteOf(job)
  return note?.note === 'asleep' && (code === undefined || note.code === code) ? note.tries : 0
}
