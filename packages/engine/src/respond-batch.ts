import type { Config, Delivery, Forward, Log, Repository, ResponseJob, Tree, Waiver } from '@saker/core'
import type { BranchMemory } from './branch-memory.ts'
import type { Layouts } from './layouts.ts'
import type { ProposedBranch } from './proposals/proposed-branch.ts'
import type { ProtectedFallback } from './proposals/protected-fallback.ts'
import type { RepositoryHost } from './repository-host.ts'
import type { RespondObserver } from './respond-observer.ts'
import type { WorkloadGuard } from './workload-guard.ts'

/** Jobs of one lane that are answered together. */
export interface ResponseBatch {
  readonly jobs: readonly ResponseJob[]
  /** By job id, how many alerts a job stands for; 1 where nothing is said. */
  readonly counts?: ReadonlyMap<string, number>
  /** By job id, what a person has waived of the guard. */
  readonly waivers?: ReadonlyMap<string, Waiver>
  /** By job id, how long its lane has slept for limits of the Git host since it was received, in milliseconds. */
  readonly asleepMs?: ReadonlyMap<string, number>
  /** Whether an earlier try may have committed without our knowing: the history is searched before anything is done. */
  readonly recovering: boolean
  readonly signal: AbortSignal
}

/** What `respond` works with. */
export interface RespondDependencies {
  readonly host: RepositoryHost
  /** Where what is planned is proposed: the host itself, in a lane of pull requests. */
  readonly proposals?: ProposedBranch
  /** Where what is to be committed goes on when the branch turns out to be protected. Absent: it fails. */
  readonly fallback?: ProtectedFallback
  readonly guard: WorkloadGuard
  /** Where what exceeds the guard's cap goes on. Absent: it is held. */
  readonly overCap?: Forward
  /** Of this lane; the same for all its batches. */
  readonly memory: BranchMemory
  readonly config: Config
  /** Name of the lane's repository in the config. */
  readonly repository: string
  readonly delivery: Delivery
  /** The newest tree known of another repository of the config. Ends as `RepositoryHost.read` does. */
  readonly readNeighbour: (repository: Repository, signal: AbortSignal) => Promise<Tree>
  readonly layouts: Layouts
  readonly log: Log
  readonly observe: RespondObserver
  /** Waits; ends early, by rejecting, when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** A number from 0 to 1, for jitter. */
  readonly random: () => number
}
