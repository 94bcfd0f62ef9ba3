import { parseResponseLines, parseReverted, parseUndoneIds, workloadKeyOf, type ResponseLine } from '@saker/core'
import type { PastCommit } from './repository-host.ts'

/** How many of the newest commits are remembered. */
export const MEMORY_DEPTH = 100

/** What one commit says that concerns us. */
export interface RememberedCommit {
  readonly sha: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** Responses that it carried out. */
  readonly lines: readonly (ResponseLine & { readonly workloadKey: string })[]
  /** Ids of responses that it undid. */
  readonly undone: readonly string[]
  /** Commits that git says it reverts. */
  readonly reverts: readonly string[]
}

/**
 * The newest commits of a branch, as this process has read and made them. They belong to one tip: of any other nothing is
 * known. So that the history need not be asked for on the way of a warm commit.
 */
export class BranchMemory {
  #tip: string | undefined
  #commits: readonly RememberedCommit[] = []

  /** Whether anything was read yet. */
  get isEmpty(): boolean {
    return this.#tip === undefined
  }

  /** The newest commits of the branch at this tip, newest first; undefined when they were not read. */
  at(tip: string): readonly RememberedCommit[] | undefined {
    return this.#tip === tip ? this.#commits : undefined
  }

  /** Takes over what a read brought along. */
  read(tip: string, past: readonly PastCommit[]): void {
    this.#tip = tip
    this.#commits = past.slice(0, MEMORY_DEPTH).map(remembered)
  }

  /** Takes over a commit of our own. */
  committed(base: string, commit: PastCommit): void {
    if (this.#tip !== base) return
    this.#tip = commit.sha
    this.#commits = [remembered(commit), ...this.#commits].slice(0, MEMORY_DEPTH)
  }
}

function remembered({ sha, message, at }: PastCommit): RememberedCommit {
  const reverts = parseReverted(message)
  const undone = parseUndoneIds(message)
  // Whoever reverts us may quote us: the lines are those of the commit that is reverted then.
  const lines = reverts.length > 0 ? [] : parseResponseLines(message)
  return {
    sha,
    at,
    undone,
    reverts,
    lines: lines.map((line) => ({ ...line, workloadKey: workloadKeyOf(line.workload) })),
  }
}
