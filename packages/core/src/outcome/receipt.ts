import type { OutcomeName } from './outcome.ts'

/** Every ending, by name: the compiler refuses this table when one is missing. */
const ENDINGS: Readonly<Record<OutcomeName, true>> = {
  committed: true,
  proposed: true,
  observed: true,
  unchanged: true,
  skipped: true,
  held: true,
  failed: true,
}

/** The names of all endings, for parsing what people ask for. */
export const OUTCOME_NAMES = Object.keys(ENDINGS) as readonly OutcomeName[]

/** What became of a response after its outcome. */
export type ResponseState = 'released' | 'dropped' | 'expired' | 'merged' | 'closed'

/** A stored outcome, as operators see it. Holds nothing of the alert but the names of cluster, namespace and workload. */
export interface Receipt {
  /** The response id. */
  readonly id: string
  readonly response: string
  readonly cluster: string
  /** The workload where it was found, else the pod as the alert names it. */
  readonly target: string
  readonly outcome: OutcomeName
  /** Error code or reason; empty where the outcome has none. */
  readonly code: string
  /** What became of it since; absent for one that is still held, and for all that are as they ended. */
  readonly state?: ResponseState
  /** Why it failed. */
  readonly message?: string
  /** Page of the commit, or of the pull request. */
  readonly url?: string
  /** Slug of the lane. */
  readonly lane: string
  /** ISO 8601. */
  readonly receivedAt: string
  /** ISO 8601. */
  readonly settledAt: string
}

/** A response that waits to be run again. */
export type Requeued = Pick<Receipt, 'id' | 'response' | 'cluster' | 'target' | 'lane'>

/** Who stopped a lane, and why, as far as it was said. */
export interface Pause {
  /** ISO 8601. */
  readonly since: string
  /** Name of the admin token. */
  readonly operator: string
  readonly as?: string
  readonly reason?: string
}

/** How a lane is doing. */
export interface LaneState {
  readonly slug: string
  /** Name of the repository in the config. */
  readonly repository: string
  readonly waiting: number
  readonly active: number
  readonly failed: number
  /** Responses that wait to be released or dropped. */
  readonly held: number
  /** Null while the lane may write. */
  readonly paused: Pause | null
  /** Until when the lane sleeps, ISO 8601; null when it is awake. */
  readonly asleepUntil: string | null
}
