import {
  asResponseError,
  composeCommitMessage,
  DEFAULT_AUTHOR,
  ResponseError,
  type Config,
  type Delivery,
  type Log,
  type Outcome,
  type Repository,
  type ResponseJob,
  type Tree,
} from '@saker/core'
import type { Layout } from '@saker/manifest'
import { createTwoFilesPatch } from 'diff'
import { guardedOutcome } from './guard.ts'
import { neighboursOf } from './layout-sources.ts'
import type { Layouts } from './layouts.ts'
import { failedOutcome, knows, planResponses, type Plan, type PlannedResponse } from './plan-responses.ts'
import type { Commit, Edit, Head, RepositoryHost } from './repository-host.ts'
import type { RespondObserver } from './respond-observer.ts'
import { settleFromHistory } from './settle-from-history.ts'

/** Jobs of one lane that are answered together. */
export interface ResponseBatch {
  readonly jobs: readonly ResponseJob[]
  /** By job id, how many alerts a job stands for; 1 where nothing is said. */
  readonly counts?: ReadonlyMap<string, number>
  /** Whether an earlier try may have committed without our knowing: the history is searched before anything is done. */
  readonly recovering: boolean
  readonly signal: AbortSignal
}

/** What {@link respond} works with. */
export interface RespondDependencies {
  readonly host: RepositoryHost
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
/** How far back recovery looks for our own lines. */
const RECOVERY_DEPTH = 100

/**
 * Answers a batch with at most one commit: read the tree, plan purely, write with the tree's commit as the expected tip;
 * when somebody else was faster, read and plan again, because the old plan described an old tree.
 *
 * Gives an outcome for every job, but for those that this worker's config does not know yet (`CONFIG_BEHIND` when they are
 * all there is). What fails for good ends as `failed`; what may pass by itself (`RATE_LIMITED`,
 * `REPOSITORY_UNAVAILABLE`, `COMMIT_UNCONFIRMED`, too many conflicts) is thrown, and nothing has been decided then.
 */
export async function respond(batch: ResponseBatch, deps: RespondDependencies): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>()
  for (const job of batch.jobs) {
    const guarded = guardedOutcome(job, deps.config.guard)
    if (guarded !== undefined) outcomes.set(job.id, guarded)
  }
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

/** Fills `outcomes` for all jobs of the batch. */
async function answer(batch: ResponseBatch, deps: RespondDependencies, outcomes: Map<string, Outcome>): Promise<void> {
  const { host, config, repository, delivery } = deps
  let pending = batch.jobs
  // Once the ending of a commit is unknown it stays so for this batch: it may land while we try again.
  let unconfirmed = batch.recovering
  let freshness: 'cached' | 'current' = unconfirmed ? 'current' : 'cached'
  let conflicts = 0
  let lostAnswers = 0
  while (pending.length > 0) {
    const readAt = performance.now()
    const head = await host.read({ freshness, past: unconfirmed ? RECOVERY_DEPTH : 0, signal: batch.signal })
    const plannedFrom = performance.now()
    if (unconfirmed) pending = settleFromHistory(pending, head.past, { outcomes, observe: deps.observe })
    const layout = await layoutOn(head.tree, batch.signal, deps)
    const plan = planResponses(pending, { tree: head.tree, layout, config, repository, counts: batch.counts })
    if (!head.current && plan.settled.size + plan.elsewhere.size > 0) {
      // A write is checked against the tip by the host; a decision not to write has to be made on the tip.
      freshness = 'current'
      continue
    }
    if (plan.planned.length === 0 || delivery === 'observe') return settle(plan, outcomes, observedOutcome)
    try {
      const spent = { readMs: Math.round(plannedFrom - readAt), planMs: Math.round(performance.now() - plannedFrom) }
      const commit = await commitPlan(plan, { head, spent, signal: batch.signal }, deps)
      return settle(plan, outcomes, (planned) => committedOutcome(planned, commit))
    } catch (thrown) {
      const error = asResponseError(thrown)
      const moved = error.code === 'BRANCH_MOVED' && ++conflicts < MAX_CONFLICTS
      const lost = error.code === 'COMMIT_UNCONFIRMED' && ++lostAnswers < MAX_UNCONFIRMED
      if (!moved && !lost) {
        if (error.retryable) throw error
        return settle(plan, outcomes, () => failedOutcome(error))
      }
      if (moved) deps.observe.conflict()
      freshness = 'current'
      // Also when the branch moved: who was faster may be another worker with the same jobs, because one of the two was
      // frozen and has lost its lane.
      unconfirmed = true
      deps.log.warn(
        { repository, code: error.code, baseSha: head.tree.sha, conflicts, lostAnswers },
        'commit tried again',
      )
      await deps.wait(pauseMs(conflicts + lostAnswers, deps.random()), batch.signal)
    }
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
  const responses = plan.planned.map(({ committed }) => committed)
  const startedAt = performance.now()
  const commit = await deps.host.commit(
    {
      baseSha: head.tree.sha,
      message: composeCommitMessage(responses, signOff ? (author ?? DEFAULT_AUTHOR) : undefined),
      edits: plan.edits,
      ...(author === undefined ? {} : { author }),
    },
    { signal },
  )
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

function settle(plan: Plan, outcomes: Map<string, Outcome>, outcomeOf: (planned: PlannedResponse) => Outcome): void {
  for (const [id, outcome] of plan.settled) outcomes.set(id, outcome)
  for (const [id, repository] of plan.elsewhere) outcomes.set(id, elsewhereOutcome(repository))
  for (const planned of plan.planned) outcomes.set(planned.id, outcomeOf(planned))
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

function observedOutcome({ ownEdits, committed, path, warnings }: PlannedResponse): Outcome {
  const diff = ownEdits().map(diffOf).join('')
  const told = warnings.length === 0 ? {} : { warnings }
  return { outcome: 'observed', diff, workload: committed.workload, path, ...told }
}

function diffOf({ path, before, after }: Edit): string {
  const [from, to] = [before === null ? '/dev/null' : `a/${path}`, after === null ? '/dev/null' : `b/${path}`]
  return createTwoFilesPatch(from, to, before ?? '', after ?? '', '', '', { context: 3 })
}
