import type { Commit } from './repository-host.ts'

/** Told what happens in a lane, for metrics and for what follows a commit. Must not throw. */
export interface RespondObserver {
  /** The branch moved between our read and our write. */
  conflict(): void
  /** A commit of ours is in the branch. Called once per commit, before the outcomes are handed out. */
  committed(commit: Commit, clusters: readonly string[], responses: number): void
}
