import {
  asResponseError,
  type ErrorCode,
  type Forward,
  type Outcome,
  type ResponseJob,
  type Waiver,
  type Workload,
} from '@saker/core'
import { MEMORY_DEPTH } from './branch-memory.ts'
import { commitPlan, committedOutcome, observedOutcome, type Committing } from './deliver-plan.ts'
import { forwardsOf } from './forward-plan.ts'
import { barredByGuard, workloadsStopped, type PlanGuarding } from './guard-plan.ts'
import { isTooOld } from './guard.ts'
import { layoutOn } from './layout-on.ts'
import { failedOutcome, planResponses, type Plan, type PlannedResponse } from './plan-responses.ts'
import { previousImages } from './previous-image.ts'
import type { RespondDependencies, ResponseBatch } from './respond-batch.ts'
import type { ProtectedFallback } from './proposals/protected-fallback.ts'
import { retryPauseMs } from './retry-pause.ts'
import { settleProposed } from './proposals/settle-proposed.ts'
import { settleFromHistory } from './settle-from-history.ts'
import type { WriteTicket } from './workload-guard.ts'

/** Lost races in a row after which the lane gives way and sleeps. */
const MAX_CONFLICTS = 20
/** Lost answers in a row after which the lane sleeps; the next run searches the history first. */
const MAX_UNCONFIRMED = 3
/** Failures of a commit that say that it is not in the branch, beside those that are final. */
const DEFINITE = new Set<ErrorCode>(['BRANCH_MOVED', 'RATE_LIMITED', 'REPOSITORY_UNAVAILABLE'])

/** What goes through the tries of one batch. */
interface Answering {
  readonly batch: ResponseBatch
  readonly deps: RespondDependencies
  readonly outcomes: Map<string, Outcome | Forward>
  readonly ticket: WriteTicket
  /** What the write has stopped, as far as anybody knows. */
  stopped: readonly Workload[] | 'unknown'
  conflicts: number
  /** Commits whose answer was lost. */
  lost: number
}

/** Fills `outcomes` for all jobs of the batch. */
export async function answerBatch(
  batch: ResponseBatch,
  deps: RespondDependencies,
  outcomes: Map<string, Outcome | Forward>,
): Promise<void> {
  const { fallback } = deps
  // What an earlier try may have committed, before the branch was protected, is looked for in its history.
  if (fallback?.isKnown(deps.now()) === true && !batch.recovering) {
    for (const { id } of batch.jobs) outcomes.set(id, fallback.forward)
    return
  }
  const ticket = deps.guard.openWrite()
  const answering: Answering = { batch, deps, outcomes, ticket, stopped: [], conflicts: 0, lost: 0 }
  try {
    await answerWith(answering)
  } finally {
    await ticket.close(answering.stopped).catch((thrown: unknown) => {
      const { code, message } = asResponseError(thrown)
      deps.log.warn({ repository: deps.repository, code, reason: message }, 'the end of a write could not be noted')
    })
  }
}

async function answerWith(answering: Answering): Promise<void> {
  const { batch, deps, outcomes } = answering
  const { host, memory, config, repository } = deps
  let pending = batch.jobs
  let freshness: 'cached' | 'current' = batch.recovering ? 'current' : 'cached'
  while (pending.length > 0) {
    const readAt = performance.now()
    const past = freshness === 'current' || memory.isEmpty ? MEMORY_DEPTH : 0
    const head = await host.read({ freshness, past, signal: batch.signal })
    const plannedFrom = performance.now()
    if (head.past.length > 0) {
      memory.read(head.tree.sha, head.past)
      // Also when nobody expects it: this worker may have been frozen while another one answered the same jobs.
      pending = settleFromHistory(pending, head.past, { outcomes, observe: deps.observe })
    }
    if (batch.recovering) pending = holdTooOld(pending, batch, answering)
    const layout = await layoutOn(head.tree, batch.signal, deps)
    const context = { tree: head.tree, layout, config, repository, counts: batch.counts }
    const images = await previousImages(pending, context, { host, signal: batch.signal })
    const plan = planResponses(pending, { ...context, previousImages: images })
    const commits = memory.at(head.tree.sha)
    // What is decided on a tree that may be old counts for nothing.
    const unwritten = head.current ? await settleProposed({ plan, jobs: pending, signal: batch.signal }, deps) : plan
    const decided = [...unwritten.settled, ...forwardsOf(unwritten, pending, deps)]
    const known = commits !== undefined && (head.current || decided.length === 0)
    const barred = known ? await barredByGuard(plan, guardingOf(answering, commits)) : undefined
    // A write is checked against the tip by the host; a decision not to write has to be made on the tip, and the guard has
    // to know what led there.
    freshness = barred === undefined || (!head.current && barred.size > 0) ? 'current' : 'cached'
    if (barred === undefined || freshness === 'current') continue
    for (const [id, outcome] of [...decided, ...barred]) outcomes.set(id, outcome)
    pending = pending.filter(({ id }) => !outcomes.has(id))
    // What is left is planned by itself, on the tree that was just read.
    if (barred.size > 0 || pending.length === 0) continue
    const spent = { readMs: Math.round(plannedFrom - readAt), planMs: Math.round(performance.now() - plannedFrom) }
    if (await write(plan, { head, spent }, answering)) return
    // Read with the history: who was faster may be another worker with the same jobs, and a commit whose answer was lost
    // may have landed.
    freshness = 'current'
  }
}

function guardingOf({ batch, deps, ticket }: Answering, commits: PlanGuarding['commits']): PlanGuarding {
  const { guard, config, delivery, overCap, now } = deps
  const waivers = batch.waivers ?? new Map<string, Waiver>()
  const judged = { guard, ticket, config, delivery, takesEffect: takesEffect(deps), commits, waivers, now: now() }
  return overCap === undefined ? judged : { ...judged, overCap }
}

/** Sends what was to be committed where it is proposed, because the branch takes no commit. */
function fallBack(fallback: ProtectedFallback, { log, repository, now }: RespondDependencies): () => Forward {
  log.warn({ repository, lane: fallback.forward.lane }, 'branch is protected, responses are proposed')
  fallback.met(now())
  return () => fallback.forward
}

/** A proposal waits for a person, unless the host is told to merge it by itself. */
function takesEffect({ delivery, config, repository }: RespondDependencies): boolean {
  if (delivery !== 'pull-request') return delivery === 'commit'
  const settings = config.repositories.find(({ name }) => name === repository)?.pullRequest
  return settings === undefined || settings.autoMerge !== false
}

/** Carries a plan out and gives true when all of it has ended; false when it has to be planned anew. */
async function write(plan: Plan, made: Pick<Committing, 'head' | 'spent'>, answering: Answering): Promise<boolean> {
  const { batch, deps, outcomes } = answering
  const settle = (outcomeOf: (planned: PlannedResponse) => Outcome | Forward): true => {
    for (const planned of plan.planned) outcomes.set(planned.id, outcomeOf(planned))
    return true
  }
  if (deps.delivery === 'observe') return settle(observedOutcome)
  try {
    answering.stopped = 'unknown'
    const commit = await commitPlan(plan, { ...made, signal: batch.signal }, deps)
    if (answering.lost === 0) answering.stopped = workloadsStopped(plan, deps.config)
    const jobs = new Map(batch.jobs.map((job) => [job.id, job]))
    return settle(({ id, committed: { workload }, path, warnings }) =>
      committedOutcome(commit, { workload, path, warnings, job: jobs.get(id) }),
    )
  } catch (thrown) {
    const error = asResponseError(thrown)
    if (error.code === 'COMMIT_UNCONFIRMED') answering.lost += 1
    if (error.code === 'BRANCH_MOVED') answering.conflicts += 1
    const { conflicts, lost } = answering
    if (lost === 0 && (DEFINITE.has(error.code) || !error.retryable)) answering.stopped = []
    const moved = error.code === 'BRANCH_MOVED' && conflicts < MAX_CONFLICTS
    const again = moved || (error.code === 'COMMIT_UNCONFIRMED' && lost < MAX_UNCONFIRMED)
    if (error.code === 'BRANCH_PROTECTED' && deps.fallback !== undefined) return settle(fallBack(deps.fallback, deps))
    if (!again) {
      if (error.retryable) throw error
      return settle(() => failedOutcome(error))
    }
    if (moved) deps.observe.conflict()
    const fields = { code: error.code, baseSha: made.head.tree.sha, conflicts, lostAnswers: lost }
    deps.log.warn({ repository: deps.repository, ...fields }, 'commit tried again')
    await deps.wait(retryPauseMs(conflicts + lost, deps.random()), batch.signal)
    return false
  }
}

/** Holds the jobs that have waited too long, and gives the others. */
export function holdTooOld(
  jobs: readonly ResponseJob[],
  { waivers, asleepMs }: ResponseBatch,
  { deps, outcomes }: Pick<Answering, 'deps' | 'outcomes'>,
): readonly ResponseJob[] {
  const { guard } = deps.config
  const now = deps.now()
  for (const job of jobs) {
    if (outcomes.has(job.id)) continue
    const tooOld = isTooOld(job, { guard, now, asleepMs: asleepMs?.get(job.id), waiver: waivers?.get(job.id) })
    if (tooOld) outcomes.set(job.id, { outcome: 'held', reason: 'TooOld' })
  }
  return jobs.filter(({ id }) => !outcomes.has(id))
}
