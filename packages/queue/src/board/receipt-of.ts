import {
  describeSighting,
  ERROR_CODES,
  outcomeCode,
  workloadTitle,
  type ErrorCode,
  type Lane,
  type Outcome,
  type Receipt,
  type Requeued,
  type ResponseState,
} from '@saker/core'
import type { Job } from 'bullmq'
import { isForwarded } from '../lane/forward-job.ts'
import { readJob } from '../lane/gather-mates.ts'
import { stateOf } from '../lane/job-note.ts'

/** What a job of a lane says of its ending; undefined when it has not ended, or is none that this version understands. */
export function receiptOf(job: Job, lane: Lane): Receipt | undefined {
  const outcome = outcomeOf(job)
  const requeued = requeuedOf(job, lane)
  const { receivedAt } = readJob(job)?.data ?? {}
  const state = stateOf(job) ?? (outcome !== undefined && 'state' in outcome ? outcome.state : undefined)
  if (outcome === undefined || requeued === undefined || receivedAt === undefined) return undefined
  return {
    ...requeued,
    target: outcome.workload === undefined ? requeued.target : workloadTitle(outcome.workload),
    outcome: outcome.outcome,
    code: outcomeCode(outcome),
    ...(state === undefined ? {} : { state }),
    ...(outcome.outcome === 'failed' ? { message: outcome.message } : {}),
    ...('url' in outcome && outcome.url !== undefined ? { url: outcome.url } : {}),
    receivedAt: new Date(receivedAt).toISOString(),
    settledAt: new Date(job.finishedOn ?? 0).toISOString(),
  }
}

/** Which response a job is, whether or not it has ended; undefined when this version does not understand it. */
export function requeuedOf(job: Job, lane: Lane): Requeued | undefined {
  const data = readJob(job)?.data
  if (data === undefined) return undefined
  const { id, response, cluster, sighting } = data
  return { id, response, cluster, target: describeSighting(sighting), lane: lane.slug }
}

/** A completed job's return value, or what a failed one's reason spells: `CODE: message`. */
function outcomeOf(job: Job): (Outcome & { readonly state?: ResponseState }) | undefined {
  if (job.finishedOn === undefined) return undefined
  const [, code, message] = /^([A-Z_]+): (.*)$/su.exec(job.failedReason ?? '') ?? []
  if (code !== undefined && message !== undefined && code in ERROR_CODES)
    return { outcome: 'failed', code: code as ErrorCode, message }
  if ((job.failedReason ?? '') !== '') return { outcome: 'failed', code: 'INTERNAL', message: job.failedReason }
  const value: unknown = job.returnvalue
  // Its outcome comes in another lane.
  if (isForwarded(value)) return undefined
  return typeof value === 'object' && value !== null && 'outcome' in value ? (value as Outcome) : undefined
}
