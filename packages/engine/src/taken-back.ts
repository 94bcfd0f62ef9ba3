import { formatPlaces, workloadKeyOf, type Config, type MuteReason } from '@saker/core'
import type { RememberedCommit } from './branch-memory.ts'
import type { PlannedResponse } from './plan-responses.ts'
import { wantTheSame } from './want-the-same.ts'

/** Somebody has taken back what a response did to a workload. */
export interface TakenBack {
  readonly reason: MuteReason
  /** When, at the latest; milliseconds since 1970. */
  readonly at: number
  /** Id of the response. */
  readonly cause: string
}

/**
 * Whether a change that is about to be made was made before and taken back by somebody since, as the history of the branch
 * tells: by an undo before its time of anything that was done to the workload, by a revert, or by any other commit, because the value that we had written is not there
 * any more. Undefined when it was never made, or went away by itself at the time that was set for it.
 */
export function takenBack(
  { committed }: PlannedResponse,
  commits: readonly RememberedCommit[],
  responses: Config['responses'],
): TakenBack | undefined {
  const key = workloadKeyOf(committed.workload)
  const undoneEarly = undoneBeforeTime(key, commits)
  if (undoneEarly !== undefined) return undoneEarly
  const places = new Set(formatPlaces(committed.places))
  const isSame = ({ response, workloadKey, places: theirs }: RememberedCommit['lines'][number]): boolean =>
    workloadKey === key &&
    theirs.some((place) => places.has(place)) &&
    wantTheSame(response, committed.response, responses)
  const index = commits.findIndex(({ lines }) => lines.some(isSame))
  const ours = commits[index]
  const line = ours?.lines.find(isSame)
  if (ours === undefined || line === undefined) return undefined
  const since = commits.slice(0, index)
  // Before its time it would have been found above.
  if (since.some(({ undone }) => undone.includes(line.id))) return undefined
  const revert = since.find(({ reverts }) => reverts.some((sha) => ours.sha.startsWith(sha)))
  // Which of the others it was nobody knows without reading them all; it was not before the newest of them.
  const by = revert ?? since.find(({ lines, undone }) => lines.length === 0 && undone.length === 0)
  return by === undefined ? undefined : { reason: 'ForeignRevert', at: by.at, cause: line.id }
}

/**
 * The newest undo of anything that was done to a workload, unless it came when its time was over: who undoes one response
 * does not want another one a moment later.
 */
function undoneBeforeTime(key: string, commits: readonly RememberedCommit[]): TakenBack | undefined {
  const lines = new Map(commits.flatMap((commit) => commit.lines.map((line) => [line.id, line] as const)))
  for (const { undone, at } of commits) {
    for (const id of undone) {
      const line = lines.get(id)
      if (line?.workloadKey !== key) continue
      const wasDue = line.until !== undefined && at >= Date.parse(line.until)
      if (!wasDue) return { reason: 'Undone', at, cause: id }
    }
  }
  return undefined
}
