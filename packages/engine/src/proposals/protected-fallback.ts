import type { Forward } from '@saker/core'

/** How long a branch counts as protected: each try costs a request, and protection may go. */
const PROTECTED_MS = 10 * 60_000

/** Where a lane whose branch is protected sends what it was to commit, and whether it knows that it is. */
export class ProtectedFallback {
  readonly forward: Forward
  #until = -Infinity

  /** `lane` is the slug of the lane that proposes to the same branch. */
  constructor(lane: string) {
    this.forward = { outcome: 'forwarded', lane, because: 'BranchProtected' }
  }

  /** The branch has just turned out to be protected; milliseconds since 1970. */
  met(now: number): void {
    this.#until = now + PROTECTED_MS
  }

  /** Whether it did so within the last ten minutes. */
  isKnown(now: number): boolean {
    return now < this.#until
  }
}
