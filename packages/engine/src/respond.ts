import { asResponseError, ResponseError, type Forward, type Outcome, type ResponseJob } from '@saker/core'
import { answerBatch, holdTooOld } from './answer-batch.ts'
import { guardedOutcome } from './guard.ts'
import { failedOutcome, knows } from './plan-responses.ts'
import type { RespondDependencies, ResponseBatch } from './respond-batch.ts'

/** How long a config takes at most to reach all replicas: the kubelet alone needs up to a minute and a half. */
export const CONFIG_SKEW_MS = 120_000
const CONFIG_RETRY_MS = 2000

/**
 * Answers a batch with at most one commit: read the tree, plan purely, write with the tree's commit as the expected tip;
 * when somebody else was faster, read and plan again, because the old plan described an old tree.
 *
 * Gives an outcome for every job, but for those that this worker's config does not know yet (`CONFIG_BEHIND` when they are
 * all there is). What fails for good ends as `failed`; what may pass by itself (`RATE_LIMITED`,
 * `REPOSITORY_UNAVAILABLE`, `COMMIT_UNCONFIRMED`, too many conflicts, `LANE_PAUSED`) is thrown, and nothing has been decided
 * then.
 *
 * The guard is asked twice: before anything is read, about namespace and age; and right before the write, about mutes, caps
 * and the pause.
 */
export async function respond(
  batch: ResponseBatch,
  deps: RespondDependencies,
): Promise<ReadonlyMap<string, Outcome | Forward>> {
  const outcomes = new Map<string, Outcome | Forward>()
  for (const job of batch.jobs) {
    const guarded = guardedOutcome(job, deps.config.guard)
    if (guarded !== undefined) outcomes.set(job.id, guarded)
  }
  // What may be in the repository already is looked for there first.
  if (!batch.recovering) holdTooOld(batch.jobs, batch, { deps, outcomes })
  const unguarded = batch.jobs.filter((job) => !outcomes.has(job.id))
  const pending = unguarded.filter((job) => !isAheadOfConfig(job, deps))
  if (pending.length === 0 && unguarded.length > 0) {
    const message = 'the config of this worker does not know the response yet'
    throw new ResponseError('CONFIG_BEHIND', message, { retryAfterMs: CONFIG_RETRY_MS })
  }
  try {
    await answerBatch({ ...batch, jobs: pending }, deps, outcomes)
  } catch (thrown) {
    const error = asResponseError(thrown)
    if (error.retryable) throw error
    for (const job of pending) if (!outcomes.has(job.id)) outcomes.set(job.id, failedOutcome(error))
  }
  return outcomes
}

/**
 * Ingest may have a newer config than this worker: a response that nobody here knows is left for later while it is young,
 * and fails as removed only then.
 */
function isAheadOfConfig(job: ResponseJob, { config, repository, now }: RespondDependencies): boolean {
  return now() - job.receivedAt < CONFIG_SKEW_MS && !knows(config, repository, job)
}
