import {
  asResponseError,
  laneOf,
  composeCommitMessage,
  DEFAULT_AUTHOR,
  ResponseError,
  type Config,
  type Delivery,
  type ErrorCode,
  type Forward,
  type Log,
  type Outcome,
  type Repository,
  type ResponseJob,
  type Tree,
  type Waiver,
  type Workload,
} from '@saker/core'
import type { Layout } from '@saker/manifest'
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'
import { MEMORY_DEPTH, type BranchMemory } from './branch-memory.ts'
import { barredByGuard, workloadsStopped, type PlanGuarding } from './guard-plan.ts'
import { guardedOutcome, isTooOld } from './guard.ts'
import { neighboursOf } from './layout-sources.ts'
import type { Layouts } from './layouts.ts'
import { failedOutcome, knows, planResponses, type Plan, type PlannedResponse } from './plan-responses.ts'
import type { Commit, Edit, Head, RepositoryHost } from './repository-host.ts'
import { previousImages } from './previous-image.ts'
import type { RespondObserver } from './respond-observer.ts'
import { settleFromHistory } from './settle-from-history.ts'
import { withUntil } from './undo/with-until.ts'
import type { WorkloadGuard, WriteTicket } from './workload-guard.ts'

/** Jobs of one lane that are answered together. */
export interface ResponseBatch {
  readonly jobs: readonly ResponseJob[]
  /** By job id, how many alerts a job stands for; 1 where nothing is said. */
  readonly counts?: ReadonlyMap<string, number>
  /** By job id, what a person has waived of the guard. */
  readonly waivers?: ReadonlyMap<string, Waiver>
  /** By job id, how long its lane has slept for limits of the Git host since it was received, in milliseconds. */
  readonly asleepMs?: ReadonlyMap<string, number>
  /** Whether an earlier try may have committed without our knowing: the history is searched before anything is done. */
  readonly recovering: boolean
  readonly signal: AbortSignal
}

/** What {@link respond} works with. */
export interface RespondDependencies {
  readonly host: RepositoryHost
  readonly guard: WorkloadGuard
  /** Where what exceeds the guard's cap goes on. Absent: it is held. */
  readonly overCap?: Forward
  /** Of this lane; the same for all its batches. */
  readonly memory: BranchMemory
  readonly config: Config
  /** Name of the lane's repository in the config. */
  readonly repository: string
  readonly delivery: Delivery
  /** The newest tree known of another repository of the config. Ends as `RepositoryHost.read` does. */
  readonly readNeighbour: (repository: Repository, signal: AbortSignal) => Promise<Tree>
  readonly layouts: Layouts
  readonly log: Log
  readonly observe: RespondObserver
  /** Waits; ends early, by rejecting, when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** A number from 0 to 1, for jitter. */
  readonly random: () => number
}

/** Lost races in a row after which the lane gives way and sleeps. */
const MAX_CONFLICTS = 20
/** Lost answers in a row after which the lane sleeps; the next run searches the history first. */
const MAX_UNCONFIRMED = 3
/** How long a config takes at most to reach all replicas: the kubelet alone needs up to a minute and a half. */
const CONFIG_SKEW_MS = 120_000
const CONFIG_RETRY_MS = 2000
/** Failures of a commit that say that it is not in the branch, beside those that are final. */
const DEFINITE = new Set<ErrorCode>(['BRANCH_MOVED', 'RATE_LIMITED', 'REPOSITORY_UNAVAILABLE'])

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
    await answer({ ...batch, jobs: pending }, deps, outcomes)
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

/** Holds the jobs that have waited too long, and gives the others. */
function holdTooOld(
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
async function answer(
  batch: ResponseBatch,
  deps: RespondDependencies,
  outcomes: Map<string, Outcome | Forward>,
): Promise<void> {
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
    if (past > 0) {
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
    const decided = [...plan.settled, ...forwardsOf(plan, pending, deps)]
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

function forwardsOf(
  { elsewhere }: Plan,
  jobs: readonly ResponseJob[],
  deps: RespondDependencies,
): readonly (readonly [id: string, forward: Forward])[] {
  return jobs.flatMap((job) => {
    const repository = deps.config.repositories.find(({ name }) => name === elsewhere.get(job.id))
    return repository === undefined ? [] : [[job.id, forwardTo(repository, job, deps)] as const]
  })
}

function guardingOf({ batch, deps, ticket }: Answering, commits: PlanGuarding['commits']): PlanGuarding {
  const { guard, config, delivery, overCap, now } = deps
  const waivers = batch.waivers ?? new Map<string, Waiver>()
  const judged = { guard, ticket, config, delivery, commits, waivers, now: now() }
  return overCap === undefined ? judged : { ...judged, overCap }
}

/** Carries a plan out and gives true when all of it has ended; false when it has to be planned anew. */
async function write(plan: Plan, made: Pick<Committing, 'head' | 'spent'>, answering: Answering): Promise<boolean> {
  const { batch, deps, outcomes } = answering
  const settle = (outcomeOf: (planned: PlannedResponse) => Outcome): true => {
    for (const planned of plan.planned) outcomes.set(planned.id, outcomeOf(planned))
    return true
  }
  if (deps.delivery === 'observe') return settle(observedOutcome)
  try {
    answering.stopped = 'unknown'
    const commit = await commitPlan(plan, { ...made, signal: batch.signal }, deps)
    if (answering.lost === 0) answering.stopped = workloadsStopped(plan, deps.config)
    return settle((planned) => committedOutcome(planned, commit))
  } catch (thrown) {
    const error = asResponseError(thrown)
    if (error.code === 'COMMIT_UNCONFIRMED') answering.lost += 1
    if (error.code === 'BRANCH_MOVED') answering.conflicts += 1
    const { conflicts, lost } = answering
    if (lost === 0 && (DEFINITE.has(error.code) || !error.retryable)) answering.stopped = []
    const moved = error.code === 'BRANCH_MOVED' && conflicts < MAX_CONFLICTS
    const again = moved || (error.code === 'COMMIT_UNCONFIRMED' && lost < MAX_UNCONFIRMED)
    if (!again) {
      if (error.retryable) throw error
      return settle(() => failedOutcome(error))
    }
    if (moved) deps.observe.conflict()
    const fields = { code: error.code, baseSha: made.head.tree.sha, conflicts, lostAnswers: lost }
    deps.log.warn({ repository: deps.repository, ...fields }, 'commit tried again')
    await deps.wait(pauseMs(conflicts + lost, deps.random()), batch.signal)
    return false
  }
}

/**
 * The layout of the lane's repository at a tree, with the other repositories that declare its clusters as they were read
 * last. One that cannot be read now ends in its error: what it declares is unknown, not absent.
 */
async function layoutOn(tree: Tree, signal: AbortSignal, deps: RespondDependencies): Promise<Layout> {
  const { config, repository, readNeighbour } = deps
  const neighbours = neighboursOf(config, repository)
  const trees = await Promise.all(neighbours.map(async (one) => [one.name, await readNeighbour(one, signal)] as const))
  return deps.layouts.at(config, new Map([[repository, tree], ...trees]))
}

/** Full jitter: two writers that collided once must not collide again. */
function pauseMs(failures: number, random: number): number {
  return Math.min(2000, 50 * 2 ** failures) * random
}

interface Committing {
  readonly head: Head
  readonly signal: AbortSignal
  /** What reading and planning took, for the log. */
  readonly spent: { readonly readMs: number; readonly planMs: number }
}

async function commitPlan(plan: Plan, { head, signal, spent }: Committing, deps: RespondDependencies): Promise<Commit> {
  if (deps.delivery === 'pull-request') {
    throw new ResponseError('COMMIT_REJECTED', 'delivery pull-request cannot be carried out yet')
  }
  const { author, signOff } = deps.config.commit
  const responses = plan.planned.map(({ committed }) => withUntil(committed, deps.config.responses, deps.now()))
  const startedAt = performance.now()
  const message = composeCommitMessage(responses, signOff ? (author ?? DEFAULT_AUTHOR) : undefined)
  const commit = await deps.host.commit(
    {
      baseSha: head.tree.sha,
      message,
      edits: plan.edits,
      ...(author === undefined ? {} : { author }),
    },
    { signal },
  )
  deps.memory.committed(head.tree.sha, { ...commit, message, at: deps.now() })
  deps.log.info(
    {
      repository: deps.repository,
      sha: commit.sha,
      responses: responses.length,
      ...spent,
      commitMs: Math.round(performance.now() - startedAt),
    },
    'commit made',
  )
  deps.observe.committed(commit, [...new Set(plan.planned.map(({ cluster }) => cluster))], responses.length)
  return commit
}

/** A response whose edit lies in another repository goes on in the lane that writes there. */
function forwardTo(repository: Repository, job: ResponseJob, deps: RespondDependencies): Forward {
  const wanted = deps.config.responses.find(({ name }) => name === job.response)?.delivery
  const own = wanted ?? deps.config.repositories.find(({ name }) => name === deps.repository)?.delivery
  // This lane only observes what is to be written: then it is a dry run, there as here.
  const there = deps.delivery === 'observe' && own !== 'observe' ? 'observe' : (wanted ?? repository.delivery)
  return { outcome: 'forwarded', lane: laneOf(repository, there).slug }
}

function committedOutcome(planned: PlannedResponse, { sha, url }: Commit): Outcome {
  return {
    outcome: 'committed',
    sha,
    ...(url === undefined ? {} : { url }),
    workload: planned.committed.workload,
    path: planned.path,
    ...(planned.warnings.length === 0 ? {} : { warnings: planned.warnings }),
  }
}

/** The ending of a response that is only shown: what it would change if it were alone. */
export function observedOutcome({ ownEdits, committed, path, warnings }: PlannedResponse): Outcome {
  const diff = ownEdits().map(diffOf).join('')
  const told = warnings.length === 0 ? {} : { warnings }
  return { outcome: 'observed', diff, workload: committed.workload, path, ...told }
}

/** A change of one file as `diff -u` shows it. */
export function diffOf({ path, before, after }: Edit): string {
  const [from, to] = [before === null ? '/dev/null' : `a/${path}`, after === null ? '/dev/null' : `b/${path}`]
  return createTwoFilesPatch(from, to, before ?? '', after ?? '', '', '', {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  })
}
