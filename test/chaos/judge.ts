import { readFile } from 'node:fs/promises'
import type { Queue } from 'bullmq'
import type { AlertSender } from './alert-sender.ts'
import { checkOutcomes } from './check-outcomes.ts'
import type { FaultName } from './fault-kinds.ts'
import { Findings } from './findings.ts'
import type { ChaosLane, Fleet } from './fleet.ts'
import type { Person } from './person.ts'
import { readHistory } from './read-history.ts'
import { readJobs, type EndedJob } from './read-jobs.ts'
import { replayHistory, type ReplayedHistory } from './replay-history.ts'

/** Everything there is to judge by once all processes have ended. */
export interface Evidence {
  readonly fleet: Fleet
  /** In the order of the fleet's lanes. */
  readonly queues: readonly Queue[]
  readonly sender: AlertSender
  readonly person: Person
  readonly faults: ReadonlyMap<FaultName, number>
  readonly requests: number
  readonly surprises: readonly string[]
  readonly logs: readonly string[]
  readonly folder: string
  readonly seconds: number
}

/** What a run came to. */
export interface Verdict {
  readonly findings: Findings
  readonly faults: ReadonlyMap<FaultName, number>
  /** What happened, in the order in which it is told. */
  readonly figures: Readonly<Record<string, number>>
  /** Reasons for which alerts were sent again, counted. */
  readonly retries: ReadonlyMap<string, number>
  readonly folder: string
  readonly repositories: readonly string[]
}

/** Reads Redis, the repositories and the logs, and holds them against each other. */
export async function judge(evidence: Evidence): Promise<Verdict> {
  const { fleet, queues, sender, person, faults, requests, surprises, logs, folder, seconds } = evidence
  const findings = new Findings()
  for (const surprise of [...surprises, ...sender.surprises]) findings.add('wrong', surprise)
  if (sender.unsent > 0) findings.add('wrong', `${sender.unsent} alerts were not taken before the end`)
  const jobs: EndedJob[] = []
  let ours = 0
  for (const [index, lane] of fleet.lanes.entries()) {
    const queue = queues[index]
    if (queue === undefined) throw new Error(`there is no queue for ${lane.name}`)
    const laneJobs = await readJobs(queue)
    const pushed = person.commits.filter((commit) => commit.lane === lane)
    const history = replayHistory(lane, { history: await readHistory(lane.repository.origin), pushed }, findings)
    const taken = sender.taken.filter(({ target }) => target.lane === lane)
    checkOutcomes({ lane, jobs: laneJobs, history, taken }, findings)
    checkDesired(lane, history, findings)
    jobs.push(...laneJobs)
    ours += history.ours
  }
  await checkLogs(logs, jobs, findings)
  const counted = (outcome: string): number => jobs.filter((job) => job.outcome?.outcome === outcome).length
  return {
    findings,
    faults,
    retries: sender.retries,
    folder,
    repositories: fleet.lanes.map(({ repository }) => repository.origin.path),
    figures: {
      'alerts sent': sender.sent,
      accepted: sender.taken.filter(({ result }) => result === 'accepted').length,
      duplicate: sender.taken.filter(({ result }) => result === 'duplicate').length,
      'sent again': [...sender.retries.values()].reduce((sum, count) => sum + count, 0),
      jobs: jobs.length,
      committed: counted('committed'),
      unchanged: counted('unchanged'),
      'commits of Saker': ours,
      'commits of a person': person.commits.length,
      'requests to GitHub': requests,
      faults: [...faults.values()].reduce((sum, count) => sum + count, 0),
      'kinds of faults': faults.size,
      seconds,
    },
  }
}

/** The last alert of every workload came after the last reset by a person, so every one has to be contained. */
function checkDesired(lane: ChaosLane, { containedAt }: ReplayedHistory, findings: Findings): void {
  const atTheEnd = [...containedAt.values()].at(-1)
  for (const { name } of lane.workloads) {
    if (atTheEnd?.has(name) !== true) findings.add('wrong', `${lane.name}: ${name} is not contained at the end`)
  }
}

/** What a worker logged of a response must be what Redis keeps of it. A worker that was killed may have logged nothing. */
async function checkLogs(logs: readonly string[], jobs: readonly EndedJob[], findings: Findings): Promise<void> {
  const outcomes = new Map(jobs.map(({ id, outcome }) => [id, outcome]))
  const told = new Set<string>()
  for (const log of logs) {
    for (const line of (await readFile(log, 'utf8')).split('\n')) {
      if (!line.includes('"response settled"') || !line.endsWith('}')) continue
      const settled = JSON.parse(line) as {
        readonly responseId: string
        readonly outcome: string
        readonly sha?: string
      }
      const kept = outcomes.get(settled.responseId)
      const sha = kept !== undefined && 'sha' in kept ? kept.sha : undefined
      if (kept?.outcome !== settled.outcome || sha !== settled.sha)
        findings.add(
          'wrong',
          `${log}: response ${settled.responseId} was logged as ${settled.outcome} ${settled.sha ?? ''}, Redis says ${kept?.outcome ?? 'nothing'} ${sha ?? ''}`,
        )
      if (told.has(settled.responseId))
        findings.add('doubled', `${log}: response ${settled.responseId} is logged twice`)
      told.add(settled.responseId)
    }
  }
}
