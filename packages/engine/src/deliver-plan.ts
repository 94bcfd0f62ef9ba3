import { composeCommitMessage, DEFAULT_AUTHOR, ResponseError, type Outcome } from '@saker/core'
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

/** The ending of a response that is in a commit. */
export function committedOutcome(planned: PlannedResponse, { sha, url }: Commit): Outcome {
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
