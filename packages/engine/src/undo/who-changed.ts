import { restoreChange } from '@saker/manifest'
import type { RepositoryHost } from '../repository-host.ts'
import type { Ledger, LedgerCommit, LedgerEntry } from './ledger.ts'
import type { PastTexts, UndoConflict } from './plan-undo.ts'

/** What looking for a commit needs. */
export interface ChangeSearch {
  readonly host: Pick<RepositoryHost, 'readTexts'>
  /** Read from the tip down to the commit of the response. */
  readonly ledger: Ledger
  readonly pastTexts: PastTexts
  readonly signal: AbortSignal
}

/**
 * The commit after which what a response had written did not stand at a place any more: one request per halving of the
 * commits since. Undefined when the history does not tell.
 */
export async function whoChanged(
  entry: LedgerEntry,
  { place }: UndoConflict,
  { host, ledger, pastTexts, signal }: ChangeSearch,
): Promise<LedgerCommit | undefined> {
  const { path } = place
  const made = ledger.commits.findIndex(({ sha }) => sha === entry.commit.sha)
  const since = ledger.commits.slice(0, made).toReversed()
  const [parent] = entry.commit.parents
  const before = parent === undefined ? undefined : pastTexts({ sha: parent, path })
  const after = pastTexts({ sha: entry.commit.sha, path })
  const standsAt = async ({ sha }: LedgerCommit): Promise<boolean> => {
    const [now] = await host.readTexts([{ sha, path }], { signal })
    try {
      const { kind } = restoreChange({ path, before, after, now }, place)
      return kind !== 'conflict' && kind !== 'already'
    } catch {
      // Whoever made the file unreadable has changed the place as well.
      return false
    }
  }
  let [stands, gone] = [-1, since.length - 1]
  while (gone - stands > 1) {
    const middle = Math.floor((stands + gone) / 2)
    const commit = since[middle]
    if (commit === undefined) return undefined
    if (await standsAt(commit)) stands = middle
    else gone = middle
  }
  return since[gone]
}
