import { asResponseError, type Config, type Log } from '@saker/core'
import type { BranchMemory } from '../branch-memory.ts'
import type { Commit, RepositoryHost } from '../repository-host.ts'
import type { WorkloadGuard } from '../workload-guard.ts'
import { readLedger, type Ledger, type LedgerEntry } from './ledger.ts'
import { planUndo, readPastTexts } from './plan-undo.ts'
import { changeSetOf, othersWanting } from './undo.ts'

/** What {@link revertDue} works with. */
export interface RevertDependencies {
  readonly host: RepositoryHost
  readonly guard: WorkloadGuard
  /** Of the lane. */
  readonly memory: BranchMemory
  readonly config: Config
  /** Name of the repository, for the log. */
  readonly repository: string
  readonly log: Log
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** How responses ended whose time is over. */
export interface Reverted {
  /** Taken back by the commit. */
  readonly undone: readonly LedgerEntry[]
  readonly commit?: Commit
  /** Something of them was changed since, so they stay as they are. */
  readonly changed: readonly LedgerEntry[]
  /** Nothing to do any more: taken back before, or wanted by another response for longer. */
  readonly ended: readonly string[]
  /** Not in the branch. */
  readonly unknown: readonly string[]
}

const REASON = 'its time was over'

/**
 * Takes responses back whose time is over, all of them with at most one commit. What a person has changed since is left
 * alone, and so is what another response, whose time is not over, wants as well.
 *
 * Ends in `BRANCH_MOVED` or `COMMIT_UNCONFIRMED` when it has to be tried again, in `LANE_PAUSED`, or as `undo` does; nothing
 * has been decided then.
 */
export async function revertDue(
  ids: readonly string[],
  signal: AbortSignal,
  deps: RevertDependencies,
): Promise<Reverted> {
  const { host, now, config } = deps
  const { tree } = await host.read({ freshness: 'current', signal })
  const ledger = await readLedger(host, {
    from: tree.sha,
    signal,
    isEnough: (read) => ids.every((id) => read.find(id) !== undefined),
  })
  const standing = ids.flatMap((id) => ledger.find(id) ?? []).filter(({ undoneBy }) => undoneBy === undefined)
  const entries = standing
    .filter((entry) => othersWanting(entry, ledger).every((other) => isOver(other, now())))
    .toSorted((a, b) => ledger.commits.indexOf(a.commit) - ledger.commits.indexOf(b.commit))
  const plan = planUndo(entries, tree, await readPastTexts(host, entries, signal))
  const ofKind = (kind: string): readonly LedgerEntry[] =>
    plan.answers.filter((answer) => answer.kind === kind).map(({ entry }) => entry)
  const changed = ofKind('conflict')
  const unknown = ids.filter((id) => ledger.find(id) === undefined)
  const told = new Set([...[...ofKind('undone'), ...changed].map(({ line }) => line.id), ...unknown])
  const ended = ids.filter((id) => !told.has(id))
  if (plan.edits.length === 0) return { undone: [], changed, ended, unknown }
  const changeSet = changeSetOf(plan, tree, { reason: REASON, config })
  const ticket = deps.guard.openWrite()
  try {
    await ticket.admit([], config.guard.maxWorkloads)
    const commit = await host.commit(changeSet, { signal })
    deps.memory.committed(tree.sha, { ...commit, message: changeSet.message, at: now() })
    return { undone: ofKind('undone'), commit, changed, ended, unknown }
  } finally {
    await ticket.close([]).catch((thrown: unknown) => {
      deps.log.warn(
        { repository: deps.repository, code: asResponseError(thrown).code },
        'the end of a write is unknown',
      )
    })
  }
}

function isOver({ line }: LedgerEntry, now: number): boolean {
  return Date.parse(line.until ?? '') <= now
}

/** How far back responses are looked for that are due at some time. */
interface DueReading {
  /** Nothing older than this; milliseconds since 1970. */
  readonly since: number
  /** A commit below which all is known. */
  readonly known?: string
  readonly signal: AbortSignal
}

/** The part of the history in which responses stand that are to be taken back. Ends as `RepositoryHost.readHistory` does. */
export async function readDue(host: RepositoryHost, { since, known, signal }: DueReading): Promise<Ledger> {
  return readLedger(host, {
    signal,
    isEnough: ({ commits }) => {
      const last = commits.at(-1)
      return (last !== undefined && last.at < since) || commits.some(({ sha }) => sha === known)
    },
  })
}
