import {
  composeCommitMessage,
  DEFAULT_AUTHOR,
  type ForwardReason,
  type Outcome,
  type ResponseJob,
  type Workload,
} from '@saker/core'
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'
import type { Plan, PlannedResponse } from './plan-responses.ts'
import type { Commit, Edit, Head } from './repository-host.ts'
import type { RespondDependencies } from './respond-batch.ts'
import { withUntil } from './undo/with-until.ts'

/** What a plan was made on, and what it took. */
export interface Committing {
  readonly head: Head
  readonly signal: AbortSignal
  /** What reading and planning took, for the log. */
  readonly spent: { readonly readMs: number; readonly planMs: number }
}

/** Makes the commit of a plan. Ends as `RepositoryHost.commit` does. */
export async function commitPlan(
  plan: Plan,
  { head, signal, spent }: Committing,
  deps: RespondDependencies,
): Promise<Commit> {
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
      ...(commit.proposal === undefined ? {} : { branch: commit.proposal.branch, number: commit.proposal.number }),
      responses: responses.length,
      ...spent,
      commitMs: Math.round(performance.now() - startedAt),
    },
    'commit made',
  )
  deps.observe.committed(commit, [...new Set(plan.planned.map(({ cluster }) => cluster))], responses.length)
  return commit
}

/** The ending of a response that is in a commit, or waits in one to be merged. */
export function committedOutcome(commit: Commit, about: CommittedTarget): Outcome {
  const { sha, url, proposal } = commit
  const { workload, path } = about
  const ofProposal = proposal === undefined ? [] : [...whyProposed(about.job), ...proposal.notes]
  const warnings = [...about.warnings, ...ofProposal]
  const told = { sha, workload, path, ...(warnings.length === 0 ? {} : { warnings }) }
  if (proposal === undefined) return { outcome: 'committed', ...told, ...(url === undefined ? {} : { url }) }
  const { notes: _, ...where } = proposal
  return { outcome: 'proposed', ...where, ...told }
}

/** What a commit did for one response. */
export interface CommittedTarget {
  readonly workload: Workload
  readonly path: string
  readonly warnings: readonly string[]
  /** The response. */
  readonly job: ResponseJob | undefined
}

const WHY_PROPOSED: Readonly<Record<ForwardReason, string>> = {
  BranchProtected: 'the branch is protected, so that it is proposed instead of committed',
  WorkloadCap: 'as many workloads as the guard allows were stopped, so that it is proposed instead of committed',
}

/** Why a response is proposed that was to be committed. */
function whyProposed(job: ResponseJob | undefined): readonly string[] {
  return job?.forwardedFor === undefined ? [] : [WHY_PROPOSED[job.forwardedFor]]
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
