/** Why a workload is left alone: somebody has taken back what was done to it. */
export type MuteReason = 'Undone' | 'PullRequestClosed' | 'ForeignRevert'

/** A workload is left alone for a while, because whoever is on call has decided otherwise. */
export interface Mute {
  readonly reason: MuteReason
  /** Milliseconds since 1970. */
  readonly until: number
  /** What it follows from: a response id, a pull request. The same cause mutes a workload once, however often it is seen. */
  readonly cause: string
}
