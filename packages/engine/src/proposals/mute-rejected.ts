import { workloadKeyOf, type ResponseLine } from '@saker/core'
import type { WorkloadGuard } from '../workload-guard.ts'
import { linesLeftIn } from './lines-left.ts'
import type { EndedProposal } from './proposed-branch.ts'

/** What muting works with. */
export interface MutingDependencies {
  readonly guard: WorkloadGuard
  /** 0: nothing is muted. */
  readonly muteForMs: number
  /** Milliseconds since 1970. */
  readonly now: number
}

/** The responses that stood in a proposal when it ended, each once; not those that were taken back in it. */
export function responsesIn({ told }: EndedProposal): readonly ResponseLine[] {
  return [...new Map(linesLeftIn(told).map((line) => [line.id, line])).values()]
}

/**
 * Leaves the workloads alone whose proposal was closed: a person has decided so. The same closing mutes once, however often
 * it is seen. Ends in `QUEUE_UNAVAILABLE` when it cannot be noted.
 */
export async function muteRejected(ended: EndedProposal, { guard, muteForMs, now }: MutingDependencies): Promise<void> {
  const until = ended.at + muteForMs
  if (ended.state !== 'closed' || until <= now) return
  const cause = `${ended.pullRequest?.url ?? ended.branch} closed ${ended.pullRequest?.endedAt ?? ''}`.trimEnd()
  const workloads = new Map(responsesIn(ended).map(({ workload }) => [workloadKeyOf(workload), workload]))
  for (const workload of workloads.values()) {
    await guard.mute(workload, { reason: 'PullRequestClosed', until, cause }, now)
  }
}
