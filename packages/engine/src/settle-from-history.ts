import { decodePercent, parseResponseLines, type Forward, type Outcome, type ResponseJob } from '@saker/core'
import { committedOutcome } from './deliver-plan.ts'
import type { PastCommit } from './repository-host.ts'
import type { RespondObserver } from './respond-observer.ts'

/** Where what the history tells goes. */
export interface Recovery {
  readonly outcomes: Map<string, Outcome | Forward>
  readonly observe: RespondObserver
}

/**
 * Jobs whose line stands in the history are committed, or proposed, whoever's answer was lost; gives the others, which are
 * still to be done. Each commit found so is told to the observer, because whoever made it may not have lived to do it.
 */
export function settleFromHistory(
  jobs: readonly ResponseJob[],
  past: readonly PastCommit[],
  { outcomes, observe }: Recovery,
): readonly ResponseJob[] {
  const wanted = new Map(jobs.map((job) => [job.id, job]))
  for (const { sha, url, proposal, message } of past) {
    const commit = { sha, ...(url === undefined ? {} : { url }), ...(proposal === undefined ? {} : { proposal }) }
    const lines = parseResponseLines(message).filter(({ id }) => wanted.has(id))
    for (const { id, workload, places } of lines) {
      const path = decodePercent(places[0]?.split('#')[0] ?? '')
      outcomes.set(id, committedOutcome(commit, { workload, path, warnings: [], job: wanted.get(id) }))
    }
    const clusters = new Set(lines.map(({ workload }) => workload.cluster))
    if (lines.length > 0) observe.committed(commit, [...clusters], lines.length)
  }
  return jobs.filter(({ id }) => !outcomes.has(id))
}
