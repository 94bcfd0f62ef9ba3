import { describeSighting, workloadTitle, type Lane, type Log, type Outcome, type ResponseJob } from '@saker/core'
import type { SettledFacts } from '@saker/queue'

/** Everything the terminal line of a response tells. */
interface Settled {
  readonly lane: Lane
  readonly job: ResponseJob
  readonly outcome: Outcome
  readonly facts: SettledFacts
}

/** Writes the one line that ends every response: at `error` when it failed, at `info` otherwise. */
export function logSettled(log: Log, { lane, job, outcome, facts }: Settled): void {
  const { workload, ...told } = outcome
  // The lines around a change may hold what is secret; the diff is for whoever may look into the queue.
  const { diff, ...rest } = { diff: undefined, ...told }
  const fields = {
    responseId: job.id,
    response: job.response,
    cluster: job.cluster,
    target: workload === undefined ? describeSighting(job.sighting) : workloadTitle(workload),
    repository: lane.repository,
    lane: lane.slug,
    attempts: facts.attempts,
    count: facts.count,
    durationMs: facts.settledAt - facts.receivedAt,
    ...rest,
    ...(diff === undefined ? {} : { diffLines: diff.split('\n').length }),
  }
  if (outcome.outcome === 'failed') log.error(fields, 'response settled')
  else log.info(fields, 'response settled')
}
