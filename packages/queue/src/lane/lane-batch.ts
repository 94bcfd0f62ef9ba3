import type { Forward, Outcome, ResponseJob, Waiver } from '@saker/core'

/** The jobs that one leader answers together. */
export interface LaneBatch {
  /** The leader first, then its mates in the order in which they would have run. Never empty. */
  readonly jobs: readonly ResponseJob[]
  /** By job id, how many alerts each stands for: its own, and the duplicates merged into it so far. */
  readonly counts: ReadonlyMap<string, number>
  /** By job id, what a person has waived of the guard. */
  readonly waivers: ReadonlyMap<string, Waiver>
  /** By job id, how long its lane has slept for limits of the Git host since it was received, in milliseconds. */
  readonly asleepMs: ReadonlyMap<string, number>
  /**
   * Whether an earlier try of any of them may have reached the repository without our knowing: a worker died, lost its
   * lock or its answer. The history has to be searched before anything is done again.
   */
  readonly recovering: boolean
  /** Aborts when the process must stop, or when another worker may hold the lane by now. Its reason is a `ResponseError`. */
  readonly signal: AbortSignal
}

/** When and how often a job was worked on. Times in milliseconds since 1970. */
export interface SettledFacts {
  readonly receivedAt: number
  readonly settledAt: number
  /** How often a worker took it, this time included. */
  readonly attempts: number
  /** Alerts that it stood for when it ended: its own, and the duplicates merged into it. */
  readonly count: number
}

/** How a lane answers its jobs. */
export interface LaneAnswers {
  /**
   * Answers a batch: one outcome per job id, or the lane in which the job goes on. A mate that is left out stays in the lane and is answered later; a leader that
   * is left out puts the lane to sleep for a while (`CONFIG_BEHIND`). Throwing a retryable `ResponseError` puts the whole lane to sleep and tries again;
   * throwing anything else fails the whole batch with its code. `LANE_PAUSED` is answered again once the lane is resumed.
   */
  readonly respond: (batch: LaneBatch) => Promise<ReadonlyMap<string, Outcome | Forward>>
  /** Told once per ended job, by the worker that ended it, after Redis has recorded it. What it throws is logged. */
  readonly onSettled: (job: ResponseJob, outcome: Outcome, facts: SettledFacts) => void
  /** How long a response is held, from now on, in milliseconds. 30 days by default. */
  readonly heldMs?: () => number
}
