import {
  stopsWorkload,
  workloadKeyOf,
  parseResponseLines,
  type Outcome,
  type ResponseJob,
  type Workload,
} from '@saker/core'
import { committedOutcome } from '../deliver-plan.ts'
import { layoutOn } from '../layout-on.ts'
import { previousImages } from '../previous-image.ts'
import { planResponses } from '../plan-responses.ts'
import type { RespondDependencies } from '../respond-batch.ts'
import type { PastCommit } from '../repository-host.ts'

/** The endings that a plan on the branch of a proposal came to without a write, and whose they are. */
export interface SettledInProposal {
  readonly settled: ReadonlyMap<string, Outcome>
  readonly jobs: readonly ResponseJob[]
  readonly signal: AbortSignal
}

/**
 * What such endings mean. A target that is as wanted because the proposal makes it so is proposed, in the commit that did it.
 * Of all else the branch may tell wrongly, because it is older than the base: there it is judged anew; and what could be done
 * there but not here ends as `PROPOSAL_BEHIND`. One read of the base, and only then. Ends as `RepositoryHost.read` does.
 */
export async function settleProposed(
  { settled, jobs, signal }: SettledInProposal,
  deps: RespondDependencies,
): Promise<ReadonlyMap<string, Outcome>> {
  const { proposals } = deps
  const open = proposals?.open
  if (proposals === undefined || open === undefined || settled.size === 0) return settled
  const endings = new Map<string, Outcome>()
  const doubtful = jobs.filter((job) => {
    const outcome = settled.get(job.id)
    if (outcome === undefined) return false
    const commit =
      outcome.outcome === 'unchanged' ? commitWanting(job, outcome.workload, { own: open.own, deps }) : undefined
    if (commit === undefined) return true
    const { workload, path = '' } = outcome
    if (workload === undefined) return true
    const about = { workload, path, warnings: [], job }
    endings.set(job.id, committedOutcome({ ...commit, proposal: open.proposal }, about))
    return false
  })
  if (doubtful.length === 0) return endings
  const { tree } = await proposals.base.read({ freshness: 'current', signal })
  const context = { tree, layout: await layoutOn(tree, signal, deps), config: deps.config, repository: deps.repository }
  const images = await previousImages(doubtful, context, { host: proposals.base, signal })
  const plan = planResponses(doubtful, { ...context, previousImages: images })
  for (const { id } of doubtful) {
    const outcome = plan.settled.get(id) ?? behind(open.proposal)
    endings.set(id, outcome)
  }
  return endings
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
      (line) =>
        workloadKeyOf(line.workload) === key &&
        (line.response === job.response || (stops(line.response, deps) && stops(job.response, deps))),
    ),
  )
}

function stops(response: string, { config }: RespondDependencies): boolean {
  return config.responses.find(({ name }) => name === response)?.actions.some(stopsWorkload) ?? true
}

function behind({ branch, number }: { readonly branch: string; readonly number?: number }): Outcome {
  const open = number === undefined ? `the branch ${branch}` : `the branch of pull request ${number}`
  const message = `${open} is older than what this is about: merge or close it, or bring it up to date, and retry`
  return { outcome: 'failed', code: 'PROPOSAL_BEHIND', message }
}
