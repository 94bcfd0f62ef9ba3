import {
  asResponseError,
  composeUndoMessage,
  DEFAULT_AUTHOR,
  ResponseError,
  workloadTitle,
  type Config,
  type Tree,
} from '@saker/core'
import type { ChangeSet, Commit, Edit, RepositoryHost } from '../repository-host.ts'
import { retryPauseMs } from '../retry-pause.ts'
import { readLedger, type Ledger, type LedgerEntry } from './ledger.ts'
import { planUndo, readPastTexts, type PastTexts, type UndoAnswer, type UndoPlan } from './plan-undo.ts'
import { whoChanged } from './who-changed.ts'

/** What is to be taken back, and on whose word. */
export interface UndoRequest {
  /** Id of the response. */
  readonly id: string
  /** Takes back, together with it, whatever other response wants the same state. */
  readonly all: boolean
  readonly as?: string
  readonly reason?: string
  /** Plans, and writes nothing. */
  readonly dryRun: boolean
  readonly signal: AbortSignal
}

/** What {@link undo} works with. */
export interface UndoDependencies {
  readonly host: RepositoryHost
  readonly config: Pick<Config, 'commit'>
  /** Waits; ends early, by rejecting, when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
  /** A number from 0 to 1, for jitter. */
  readonly random: () => number
  /** Told how many commits were looked through, after each page. */
  readonly onProgress: (commits: number) => void
}

/** How an undo ended. */
export type UndoOutcome =
  /** The branch does not know the response. */
  | { readonly kind: 'unknown' }
  /** Nothing of it stands any more. */
  | { readonly kind: 'already'; readonly entry: LedgerEntry }
  | {
      readonly kind: 'planned' | 'undone'
      readonly entries: readonly LedgerEntry[]
      readonly edits: readonly Edit[]
      readonly commit?: Commit
    }

/** Lost races, or lost answers, after which it gives up. */
const MAX_TRIES = 20
/** How much further back to look when only a merge has the line: it may quote the commit that made it. */
const BEHIND_MERGE = 1000

/**
 * Takes back exactly what a response changed, computed from Git alone, in one commit that lands only on the tip it was
 * planned on; when somebody was faster, everything is read and planned anew. Nothing is written when it is `already` gone.
 *
 * Ends in `UNDO_CONFLICT` when something was changed since, naming who did it; in `UNDO_SHARED` when other responses want the
 * same state, naming them; or as `RepositoryHost.read` and `commit` and the manifest's edits do.
 */
export async function undo(request: UndoRequest, deps: UndoDependencies): Promise<UndoOutcome> {
  for (let tries = 1; ; tries += 1) {
    const ending = await undoOnce(request, deps).catch((thrown: unknown) => {
      const error = asResponseError(thrown)
      const again = error.code === 'BRANCH_MOVED' || error.code === 'COMMIT_UNCONFIRMED'
      if (!again || tries >= MAX_TRIES) throw error
      return undefined
    })
    if (ending !== undefined) return ending
    await deps.wait(retryPauseMs(tries, deps.random()), request.signal)
  }
}

async function undoOnce(request: UndoRequest, deps: UndoDependencies): Promise<UndoOutcome> {
  const { id, signal } = request
  const { host, onProgress } = deps
  const { tree } = await host.read({ freshness: 'current', signal })
  const isEnough = (read: Ledger): boolean => {
    onProgress(read.commits.length)
    return isFound(read, id)
  }
  const ledger = await readLedger(host, { from: tree.sha, signal, isEnough })
  const entry = ledger.find(id)
  if (entry === undefined) return { kind: 'unknown' }
  if (entry.undoneBy !== undefined) return { kind: 'already', entry }
  const others = othersWanting(entry, ledger)
  const entries = newestFirst([entry, ...others], ledger)
  const pastTexts = await readPastTexts(host, entries, signal)
  const alone = planUndo([entry], tree, pastTexts)
  if (alone.answers[0]?.kind === 'already') return { kind: 'already', entry }
  if (others.length > 0 && !request.all) throw shared(entry, others)
  const plan = others.length === 0 ? alone : planUndo(entries, tree, pastTexts)
  await refuseConflicts(plan, { ledger, pastTexts, host, signal })
  const undone = plan.answers.map((answer) => answer.entry)
  if (request.dryRun) return { kind: 'planned', entries: undone, edits: plan.edits }
  const commit = await host.commit(changeSetOf(plan, tree, { ...request, config: deps.config }), { signal })
  return { kind: 'undone', entries: undone, edits: plan.edits, commit }
}

function isFound(ledger: Ledger, id: string): boolean {
  const entry = ledger.find(id)
  if (entry === undefined) return false
  if (entry.commit.parents.length < 2) return true
  return ledger.commits.length - ledger.commits.indexOf(entry.commit) > BEHIND_MERGE
}

/**
 * The other responses that want what this one wrote, and were not taken back: made with it or since, at one of its places;
 * and whoever shares a place with those in turn.
 */
export function othersWanting(entry: LedgerEntry, ledger: Ledger): readonly LedgerEntry[] {
  const made = ledger.commits.indexOf(entry.commit)
  const live = ledger
    .entries()
    .filter(
      ({ line, commit, undoneBy }) =>
        undoneBy === undefined && line.id !== entry.line.id && ledger.commits.indexOf(commit) <= made,
    )
  const places = new Set(entry.line.places)
  const others = new Set<LedgerEntry>()
  for (let before = -1; before < others.size;) {
    before = others.size
    for (const one of live) {
      if (others.has(one) || !one.line.places.some((place) => places.has(place))) continue
      others.add(one)
      for (const place of one.line.places) places.add(place)
    }
  }
  return [...others]
}

function newestFirst(entries: readonly LedgerEntry[], ledger: Ledger): readonly LedgerEntry[] {
  return entries.toSorted((a, b) => ledger.commits.indexOf(a.commit) - ledger.commits.indexOf(b.commit))
}

function shared(entry: LedgerEntry, others: readonly LedgerEntry[]): ResponseError {
  const named = others.map(({ line }) => `${line.id} (${line.response} of ${workloadTitle(line.workload)})`).join(', ')
  const message = `what response ${entry.line.id} wrote is wanted by ${named} as well; --all takes all of them back`
  return new ResponseError('UNDO_SHARED', message, { details: { others: others.map(({ line }) => line.id) } })
}

async function refuseConflicts(
  plan: UndoPlan,
  about: {
    readonly ledger: Ledger
    readonly pastTexts: PastTexts
    readonly host: RepositoryHost
    readonly signal: AbortSignal
  },
): Promise<void> {
  const told: string[] = []
  for (const answer of plan.answers) {
    for (const conflict of answer.conflicts) {
      const by = await whoChanged(answer.entry, conflict, about)
      const { path, document, pointer } = conflict.place
      const is = conflict.is === undefined ? 'is not there any more' : `is ${JSON.stringify(conflict.is)} now`
      const what = pointer === '' ? 'it' : pointer
      const who =
        by === undefined
          ? ''
          : `, changed by ${by.author} on ${new Date(by.at).toISOString()} in ${by.sha.slice(0, 12)} ("${subjectOf(by.message)}")`
      const of = document.name === '' ? document.kind : `${document.kind} ${document.name}`
      told.push(`${path}: ${what} of ${of} ${is}${who}`)
    }
  }
  if (told.length > 0) throw new ResponseError('UNDO_CONFLICT', `something was changed since: ${told.join('; ')}`)
}

function subjectOf(message: string): string {
  return message.split('\n')[0]?.slice(0, 100) ?? ''
}

/** The commit that carries a plan out. */
export function changeSetOf(
  { answers, edits }: UndoPlan,
  tree: Tree,
  words: { readonly as?: string; readonly reason?: string; readonly config: Pick<Config, 'commit'> },
): ChangeSet {
  const { as, reason, config } = words
  const { author, signOff } = config.commit
  const undone = answers.filter(isTakenBack).map(({ entry }) => ({ line: entry.line, sha: entry.commit.sha }))
  const message = composeUndoMessage(undone, {
    ...(as === undefined ? {} : { as }),
    ...(reason === undefined ? {} : { reason }),
    ...(signOff ? { signOff: author ?? DEFAULT_AUTHOR } : {}),
  })
  return { baseSha: tree.sha, message, edits, ...(author === undefined ? {} : { author }) }
}

/** One that another has taken along is taken back as well. */
function isTakenBack({ kind }: UndoAnswer): boolean {
  return kind !== 'conflict'
}
