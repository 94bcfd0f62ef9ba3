import type { TakenAlert } from './alert-sender.ts'
import type { Findings } from './findings.ts'
import { DEDUPE_MS, type ChaosLane } from './fleet.ts'
import type { EndedJob } from './read-jobs.ts'
import type { ReplayedHistory } from './replay-history.ts'

/** One lane after the run: what Redis, the repository and the senders say of it. */
export interface LaneEvidence {
  readonly lane: ChaosLane
  readonly jobs: readonly EndedJob[]
  readonly history: ReplayedHistory
  readonly taken: readonly TakenAlert[]
}

/**
 * How long after a job was received an alert may still be called its duplicate: the window, once more the window for the
 * cache in front of Redis, and what storing, a frozen process or a frozen Redis may take in between.
 */
const COVERED_MS = 2 * DEDUPE_MS + 3000 + 10_000

/** Holds every job against the history and every taken alert against the jobs. */
export function checkOutcomes({ lane, jobs, history, taken }: LaneEvidence, findings: Findings): void {
  const workloadOf = new Map(taken.map(({ marker, target }) => [marker, target.workload.name]))
  const jobsOf = Map.groupBy(jobs, ({ marker }) => marker)
  for (const job of jobs) {
    const workload = workloadOf.get(job.marker)
    if (workload === undefined)
      findings.add('wrong', `${lane.name}: job ${job.id} is of ${job.marker}, which nobody sent`)
    else checkJob(job, { lane, history, workload }, findings)
  }
  const ids = new Set(jobs.map(({ id }) => id))
  for (const [id, shas] of history.commitsOf) {
    if (!ids.has(id))
      findings.add('wrong', `${lane.name} ${shas.join()}: names response ${id}, of which there is no job`)
  }
  const jobsByWorkload = Map.groupBy(jobs, ({ marker }) => workloadOf.get(marker) ?? '')
  for (const alert of taken) {
    if (jobsOf.has(alert.marker)) continue
    const said = `${lane.name}: ${alert.marker} of ${alert.target.workload.name} was ${alert.result} after ${alert.tries} tries`
    if (alert.result === 'accepted') findings.add('lost', `${said} and there is no job of it`)
    else if (!isCovered(alert, jobsByWorkload.get(alert.target.workload.name) ?? []))
      findings.add('lost', `${said} and no job of its workload covers it`)
  }
}

function isCovered({ sentAt, answeredAt }: TakenAlert, jobs: readonly EndedJob[]): boolean {
  return jobs.some(({ receivedAt }) => receivedAt <= answeredAt && receivedAt >= sentAt - COVERED_MS)
}

function checkJob(
  { id, marker, outcome, about }: EndedJob,
  {
    lane,
    history,
    workload,
  }: { readonly lane: ChaosLane; readonly history: ReplayedHistory; readonly workload: string },
  findings: Findings,
): void {
  const said = `${lane.name}: response ${id} (${marker}, ${workload})`
  const shas = history.commitsOf.get(id) ?? []
  if (outcome === undefined) {
    findings.add(about.startsWith('failed') ? 'wrong' : 'lost', `${said} has no good outcome: ${about}`)
    return
  }
  if (outcome.outcome === 'committed') {
    if (!shas.includes(outcome.sha))
      findings.add('wrong', `${said} ended committed in ${outcome.sha}, but stands in [${shas.join()}]`)
  } else if (outcome.outcome === 'unchanged') {
    if (shas.length > 0) findings.add('wrong', `${said} ended unchanged, but stands in ${shas.join()}`)
    if (history.containedAt.get(outcome.sha)?.has(workload) !== true)
      findings.add('wrong', `${said} ended unchanged at ${outcome.sha}, where it is not contained`)
  } else {
    findings.add('wrong', `${said} ended ${outcome.outcome}`)
    return
  }
  if (outcome.workload !== undefined && outcome.workload.name !== workload)
    findings.add('wrong', `${said} was answered for ${outcome.workload.name}`)
}
