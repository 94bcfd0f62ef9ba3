import type { Config, Mute, Workload } from '@saker/core'

/** A workload that a write is about to stop. */
export interface WantedStop {
  readonly workload: Workload
  /** Counted, but never over the cap: a person has released it. */
  readonly waived: boolean
}

/**
 * Port to what the guard knows beyond this replica: mutes, the workloads stopped so far, and whether the lane is paused.
 * Everything ends in `QUEUE_UNAVAILABLE` when it cannot be known; nothing may be written then.
 */
export interface WorkloadGuard {
  /** The mutes that hold at `now` (milliseconds since 1970), by workload key. */
  mutesOf(workloads: readonly Workload[], now: number): Promise<ReadonlyMap<string, Mute>>
  /**
   * Mutes a workload, and gives the mute that stands then. The same cause mutes once: seen again, it is not made longer, so
   * that the answer may be over already. A shorter mute does not replace a longer one.
   */
  mute(workload: Workload, mute: Mute, now: number): Promise<Mute>
  /** Begins what may become a write. */
  openWrite(): WriteTicket
}

/** One write from before it is made until it has ended. */
export interface WriteTicket {
  /**
   * Asked right before the write, and again whenever it is planned anew. Ends in `LANE_PAUSED` when nobody may write; gives
   * the keys of those workloads that would exceed the cap of their cluster, and counts all others as stopped, each once.
   */
  admit(stops: readonly WantedStop[], cap: Config['guard']['maxWorkloads']): Promise<ReadonlySet<string>>
  /**
   * Ends the write: what it has not stopped counts no more. When nobody knows what became of it (`unknown`), all stays
   * counted.
   */
  close(stopped: readonly Workload[] | 'unknown'): Promise<void>
}
