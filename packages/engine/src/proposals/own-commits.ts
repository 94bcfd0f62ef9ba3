import { parseResponseLines, parseUndoneIds } from '@saker/core'
import type { HistoryCommit, PastCommit, RepositoryHost } from '../repository-host.ts'
import { beginsProposal, type NamedFor } from './proposal-name.ts'

/** How far back to look for the first commit of a proposal. */
const MAX_DEPTH = 1000
const PAGE = 100

/**
 * The commits of Saker in a proposal's branch, the oldest first: those down to the one that the branch is named for. Undefined
 * when that is not there: the branch holds nothing of ours, or somebody has rewritten it.
 *
 * Asks only when the branch is longer than what is known of it, or others have pushed to it: they may have merged its base into
 * it, whose commits are not the proposal's. Ends as `RepositoryHost.readHistory` does.
 */
export async function ownCommitsOf(
  host: Pick<RepositoryHost, 'readHistory'>,
  first: NamedFor,
  { past, signal }: { readonly past: readonly PastCommit[]; readonly signal: AbortSignal },
): Promise<readonly PastCommit[] | undefined> {
  const begin = past.findIndex(({ message }) => beginsProposal(message, first))
  if (begin === -1 && past.length < PAGE) return undefined
  const known = past.slice(0, begin + 1)
  if (begin !== -1 && known.every(isOurs)) return known.toReversed()
  const chain = await branchDownTo(host, first, { from: past[0]?.sha, signal })
  return chain?.filter(isOurs).toReversed()
}

/** The commits of the branch itself, newest first, down to the one that it is named for. */
async function branchDownTo(
  host: Pick<RepositoryHost, 'readHistory'>,
  first: NamedFor,
  { from, signal }: { readonly from: string | undefined; readonly signal: AbortSignal },
): Promise<readonly PastCommit[] | undefined> {
  const commits = new Map<string, HistoryCommit>()
  const chain: HistoryCommit[] = []
  let next = from
  let after: string | undefined
  do {
    const start = from === undefined ? {} : { from }
    const page = await host.readHistory({ limit: PAGE, signal, ...start, ...(after === undefined ? {} : { after }) })
    for (const commit of page.commits) commits.set(commit.sha, commit)
    for (let commit = commits.get(next ?? ''); commit !== undefined; commit = commits.get(next ?? '')) {
      chain.push(commit)
      if (beginsProposal(commit.message, first)) return chain
      next = commit.parents[0]
    }
    after = page.next
  } while (after !== undefined && commits.size < MAX_DEPTH)
  return undefined
}

function isOurs({ message }: PastCommit): boolean {
  return parseResponseLines(message).length > 0 || parseUndoneIds(message).length > 0
}
