import { parseResponseLines, parseReverted, parseUndoneIds, type ResponseLine } from '@saker/core'
import type { HistoryCommit, RepositoryHost } from '../repository-host.ts'

/** One commit of the history with what it says that concerns us. */
export interface LedgerCommit extends HistoryCommit {
  /** Responses that it carried out. */
  readonly lines: readonly ResponseLine[]
  /** Ids of responses that it took back. */
  readonly undone: readonly string[]
}

/** A response as the history tells it. */
export interface LedgerEntry {
  readonly line: ResponseLine
  /** The commit that carried it out. */
  readonly commit: LedgerCommit
  /** The commit that took it back, unless that was reverted itself. */
  readonly undoneBy?: LedgerCommit
}

const PAGE = 100

/** What was done on a branch, as far back as it was read: commits, newest first. */
export class Ledger {
  readonly commits: LedgerCommit[] = []
  readonly #undone = new Map<string, LedgerCommit>()
  readonly #reverted = new Set<string>()
  /** Per response, the oldest commit that has its line: newer ones quote it. */
  readonly #made = new Map<string, LedgerEntry>()

  /** Takes over what comes before all that was added so far. */
  add(commits: readonly HistoryCommit[]): void {
    for (const commit of commits) this.#addOne(commit)
  }

  #addOne(commit: HistoryCommit): void {
    const { message, sha } = commit
    const reverts = parseReverted(message)
    for (const id of reverts) this.#reverted.add(id)
    // Whoever reverts us may quote us.
    const isQuote = reverts.length > 0
    const isReverted = [...this.#reverted].some((id) => sha.startsWith(id))
    const lines = isQuote ? [] : parseResponseLines(message)
    const undone = isQuote ? [] : parseUndoneIds(message)
    const parsed = { ...commit, lines, undone }
    this.commits.push(parsed)
    if (!isReverted) for (const id of undone) this.#undone.set(id, this.#undone.get(id) ?? parsed)
    for (const line of lines) {
      const known = this.#made.get(line.id)
      // A merge whose message quotes the commits that it brings along stands behind them.
      if (known !== undefined && isMerge(commit) && !isMerge(known.commit)) continue
      this.#made.set(line.id, { line, commit: parsed })
    }
  }

  /** All responses that were found, newest first. */
  entries(): readonly LedgerEntry[] {
    return this.commits.flatMap(({ sha, lines }) => {
      const ids = [...new Set(lines.map(({ id }) => id))]
      return ids.flatMap((id) => this.find(id) ?? []).filter(({ commit }) => commit.sha === sha)
    })
  }

  /** A response by its id. */
  find(id: string): LedgerEntry | undefined {
    const entry = this.#made.get(id)
    const undoneBy = this.#undone.get(id)
    return entry === undefined || undoneBy === undefined ? entry : { ...entry, undoneBy }
  }
}

function isMerge({ parents }: HistoryCommit): boolean {
  return parents.length > 1
}

/** How far to read. */
export interface LedgerReading {
  /** Newest commit to begin with; absent: the tip as it is now. */
  readonly from?: string
  readonly signal: AbortSignal
  /** Asked after each page, with all that was read so far. */
  readonly isEnough: (ledger: Ledger) => boolean
}

/** Reads the history page by page until it is enough, or at its end. Ends as `RepositoryHost.readHistory` does. */
export async function readLedger(
  host: Pick<RepositoryHost, 'readHistory'>,
  { from, signal, isEnough }: LedgerReading,
): Promise<Ledger> {
  const ledger = new Ledger()
  let start = from
  let after: string | undefined
  do {
    const page = await host.readHistory({
      limit: PAGE,
      signal,
      ...(start === undefined ? {} : { from: start }),
      ...(after === undefined ? {} : { after }),
    })
    ledger.add(page.commits)
    // The pages that follow belong to the same tip.
    start ??= page.commits[0]?.sha
    after = page.next
  } while (!isEnough(ledger) && after !== undefined)
  return ledger
}
