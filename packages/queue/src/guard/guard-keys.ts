import { KEY_PREFIX } from '../lane/lane-queue.ts'

/** All that the guard keeps lies in one slot of a Redis Cluster, so that one script can look at all of it. */
function guardKey(name: string): string {
  return `${KEY_PREFIX}:{guard}:${name}`
}

/** A hash: by lane, and `*` for all of them, who paused it. Never expires. */
export const PAUSED_KEY = guardKey('paused')

/** The field of {@link PAUSED_KEY} that stands for all lanes. */
export const ALL_LANES = '*'

/** A sorted set: writes under way as `lane ticket`, by when they were admitted (microseconds since 1970). */
export const WRITING_KEY = guardKey('writing')

/** A sorted set per cluster: the workloads stopped, by when (microseconds since 1970). */
export function stoppedKey(cluster: string): string {
  return guardKey(`stopped:${cluster}`)
}

/** A hash per workload: why it is muted, until when, and by what cause. */
export function muteKey(workloadKey: string): string {
  return guardKey(`mute:${workloadKey}`)
}
