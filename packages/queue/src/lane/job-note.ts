import type { ErrorCode, Forward, Outcome, ResponseState, Waiver } from '@saker/core'
import type { Job } from 'bullmq'

/** How a job ends. */
export interface Ending {
  readonly outcome: Outcome | Forward
  /** Alerts that the job stands for: its own, and those merged into it so far. */
  readonly count: number
  /** The waiver it ran with. */
  readonly waiver?: Waiver['kind']
}

/** What became of a job after it had ended, and by whom. */
export interface StateNote {
  readonly note: 'state'
  readonly state: ResponseState
  /** ISO 8601. */
  readonly at: string
  /** Name of the admin token; absent when nobody decided it. */
  readonly operator?: string
  readonly as?: string
  readonly reason?: string
}

/**
 * What workers tell each other about a job that has not ended, in the job's progress (its data never changes).
 *
 * `answered`: a leader has settled it; `start` is the start that may take the outcome, so that a job which is retried by
 * hand, or whose worker died, runs for real. `asleep`: its lane waits for better times; people see why in Bull Board.
 * `paused`: an operator has stopped the lane. `state`: what became of it after it had ended.
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
  | { readonly note: 'paused'; readonly since: string }
  | StateNote

function noteOf(job: Job): JobNote | undefined {
  const { progress } = job
  return typeof progress === 'object' && 'note' in progress ? (progress as JobNote) : undefined
}

/** The ending that a leader left for the given start of a job. */
export function endingFor(job: Job, start: number): Ending | undefined {
  const note = noteOf(job)
  if (note?.note !== 'answered' || note.start !== start) return undefined
  const { outcome, count, waiver } = note
  return { outcome, count, ...(waiver === undefined ? {} : { waiver }) }
}

/** What became of a job after it had ended. */
export function stateOf(job: Job): ResponseState | undefined {
  const note = noteOf(job)
  return note?.note === 'state' ? note.state : undefined
}

/** Whether the job's own note is to go before it runs to its end. */
export function isPassing(job: Job): boolean {
  const kind = noteOf(job)?.note
  return kind === 'asleep' || kind === 'paused' || kind === 'state'
}

/** How often in a row a job was put to sleep, for this very reason if one is given. */
export function sleepsFor(job: Job, code?: ErrorCode): number {
  const note = noteOf(job)
  return note?.note === 'asleep' && (code === undefined || note.code === code) ? note.tries : 0
}
