import { asResponseError, type Tree } from '@saker/core'
import type { RepositoryHost } from '../repository-host.ts'
import { readLedger, type Ledger, type LedgerEntry } from './ledger.ts'
import { placesOf, planUndo, readPastTexts, type PastTexts } from './plan-undo.ts'

/**
 * What has become of a response: `done` stands as it was written, `undone` was taken back by Saker, `reverted` by somebody
 * else, `changedSince` stands no more as it was written, `unknown` cannot be told because a file cannot be read.
 */
export type PastState = 'done' | 'undone' | 'reverted' | 'changedSince' | 'unknown'

/** A response that was carried out, and what has become of it. */
export interface PastResponse {
  readonly entry: LedgerEntry
  readonly state: PastState
}

/** How much of what was done is wanted. */
export interface PastResponsesQuery {
  readonly limit: number
  /** Nothing older than this; milliseconds since 1970. */
  readonly since?: number
  readonly signal: AbortSignal
  /** Told how many commits were looked through, after each page. */
  readonly onProgress: (commits: number) => void
}

/** The responses that were carried out on a branch, newest first, from Git alone. Ends as `RepositoryHost.readHistory` does. */
export async function readPastResponses(
  host: Pick<RepositoryHost, 'readHistory' | 'readTexts'>,
  query: PastResponsesQuery,
): Promise<readonly PastResponse[]> {
  const { limit, since = -Infinity, signal, onProgress } = query
  const ledger = await readLedger(host, {
    signal,
    isEnough: (read) => {
      onProgress(read.commits.length)
      return read.entries().length >= limit || isOlder(read, since)
    },
  })
  const entries = ledger
    .entries()
    .filter(({ commit }) => commit.at >= since)
    .slice(0, limit)
  const tip = ledger.commits[0]?.sha
  if (tip === undefined) return []
  const live = entries.filter(({ undoneBy }) => undoneBy === undefined)
  const texts = await textsOf(host, live, signal)
  const tree = await treeOf(host, { tip, live, signal })
  return entries.map((entry) => ({ entry, state: stateOf(entry, tree, texts) }))
}

/** Dates of commits are what their makers say; a page that begins after the time is read to its end. */
function isOlder({ commits }: Ledger, since: number): boolean {
  const last = commits.at(-1)
  return last !== undefined && last.at < since
}

async function textsOf(
  host: Pick<RepositoryHost, 'readTexts'>,
  live: readonly LedgerEntry[],
  signal: AbortSignal,
): Promise<PastTexts> {
  return readPastTexts(host, live.filter(isReadable), signal)
}

/** As much of the tree at the tip as the responses touched. */
async function treeOf(
  host: Pick<RepositoryHost, 'readTexts'>,
  { tip, live, signal }: { readonly tip: string; readonly live: readonly LedgerEntry[]; readonly signal: AbortSignal },
): Promise<Tree> {
  const paths = [...new Set(live.filter(isReadable).flatMap((entry) => placesOf(entry).map(({ path }) => path)))]
  const files = paths.map((path) => ({ sha: tip, path }))
  const texts = files.length === 0 ? [] : await host.readTexts(files, { signal })
  const entries = paths.flatMap((path, index) => {
    const text = texts[index]
    return text === undefined ? [] : [[path, { path, mode: '100644', oid: '', text }] as const]
  })
  return { sha: tip, files: new Map(entries) }
}

function isReadable(entry: LedgerEntry): boolean {
  try {
    return placesOf(entry).length > 0
  } catch (thrown) {
    asResponseError(thrown)
    return false
  }
}

function stateOf(entry: LedgerEntry, tree: Tree, texts: PastTexts): PastState {
  if (entry.undoneBy !== undefined) return 'undone'
  try {
    const kind = planUndo([entry], tree, texts).answers[0]?.kind
    return kind === 'undone' ? 'done' : kind === 'already' ? 'reverted' : 'changedSince'
  } catch {
    return 'unknown'
  }
}
