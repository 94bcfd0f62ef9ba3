import { workloadKeyOf, parseResponseLines, type Outcome, type ResponseJob, type Workload } from '@saker/core'
import { committedOutcome } from '../deliver-plan.ts'
import { layoutOn } from '../layout-on.ts'
import { previousImages } from '../previous-image.ts'
import { planResponses, type Plan } from '../plan-responses.ts'
import type { RespondDependencies } from '../respond-batch.ts'
import type { PastCommit } from '../repository-host.ts'
import { wantTheSame } from '../want-the-same.ts'

/** What a plan came to without a write, by response id: endings, and the repositories where some go on. */
export type Unwritten = Pick<Plan, 'settled' | 'elsewhere'>

/** That of a plan on the branch of a proposal, and whose it is. */
export interface SettledInProposal {
  readonly plan: Unwritten
  readonly jobs: readonly ResponseJob[]
  readonly signal: AbortSignal
}

/**
 * What such endings mean. A target that is as wanted because the proposal makes it so is proposed, in the commit that did it.
 * Of all else the branch may tell wrongly, because it is older than the base: there it is judged anew; and what could be done
 * there but not here ends as `PROPOSAL_BEHIND`. One read of the base, and only then. Ends as `RepositoryHost.read` does.
 */
export async function settleProposed(
  { plan: onBranch, jobs, signal }: SettledInProposal,
  deps: RespondDependencies,
): Promise<Unwritten> {
  const { proposals } = deps
  const { settled, elsewhere } = onBranch
  const open = proposals?.open
  if (proposals === undefined || open === undefined || settled.size + elsewhere.size === 0) return onBranch
  const endings = new Map<string, Outcome>()
  const doubtful = jobs.filter((job) => {
    const outcome = settled.get(job.id)
    if (outcome === undefined) return elsewhere.has(job.id)
    const commit =
      outcome.outcome === 'unchanged' ? commitWanting(job, outcome.workload, { own: open.own, deps }) : undefined
    if (commit === undefined) return true
    const { workload, path = '' } = outcome
    if (workload === undefined) return true
    const about = { workload, path, warnings: [], job }
    endings.set(job.id, committedOutcome({ ...commit, proposal: open.proposal }, about))
    return false
  })
  if (doubtful.length === 0) return { settled: endings, elsewhere: new Map() }
  const { tree } = await proposals.base.read({ freshness: 'current', signal })
  const context = { tree, layout: await layoutOn(tree, signal, deps), config: deps.config, repository: deps.repository }
  const images = await previousImages(doubtful, context, { host: proposals.base, signal })
  const plan = planResponses(doubtful, { ...context, previousImages: images })
  for (const { id } of doubtful) {
    if (!plan.elsewhere.has(id)) endings.set(id, plan.settled.get(id) ?? behind(open.proposal))
  }
  return { settled: endings, elsewhere: plan.elsewhere }
}

/** The newest commit of the proposal that wants the same of a workload. */
function commitWanting(
  job: ResponseJob,
  workload: Workload | undefined,
  { own, deps }: { readonly own: readonly PastCommit[]; readonly deps: RespondDependencies },
): PastCommit | undefined {
  if (workload === undefined) return undefined
  const key = workloadKeyOf(workload)
  return own.findLast(({ message }) =>
    parseResponseLines(message).some(
      (line) => workloadKeyOf(line.workload) === key && wantTheSame(line.response, job.response, deps.config.responses),
    ),
  )
}

function behind({ branch, number }: { readonly branch: string; readonly number?: number }): Outcome {
  const open = number === undefined ? `the branch ${branch}` : `the branch of pull request ${number}`
  const message = `${open} is older than what this is about: merge or close it, or bring it up to date, and retry`
  return { outcome: 'failed', code: 'PROPOSAL_BEHIND', message }
}
