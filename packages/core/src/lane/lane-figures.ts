/** How a lane is doing, in numbers for a dashboard. */
export interface LaneFigures {
  /** Slug of the lane. */
  readonly lane: string
  readonly waiting: number
  readonly active: number
  readonly delayed: number
  readonly failed: number
  /** Responses that wait to be released or dropped. */
  readonly held: number
  readonly paused: boolean
  /** How long the oldest response that has not ended is there, in milliseconds; 0 when there is none. */
  readonly oldestAgeMs: number
  /** How long the lane still sleeps, in milliseconds; 0 when it is awake. */
  readonly asleepMs: number
}
