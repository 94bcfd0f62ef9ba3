import { parseResponseLines, parseUndoneIds } from '@saker/core'
import type { PastCommit, RepositoryHost } from '../repository-host.ts'
import { beginsProposal, type NamedFor } from './proposal-name.ts'

/** How far back to look for the first commit of a proposal. */
const MAX_DEPTH = 1000
const PAGE = 100

/**
 * The commits of Saker in a proposal's branch, the oldest first: those down to the one that the branch is named for. Undefined
 * when that is not there: the branch holds nothing of ours, or somebody has rewritten it. More requests than none only when
 * the branch is longer than what is known of it. Ends as `RepositoryHost.readHistory` does.
 */
export async function ownCommitsOf(
  host: Pick<RepositoryHost, 'readHistory'>,
  first: NamedFor,
  { past, signal }: { readonly past: readonly PastCommit[]; readonly signal: AbortSignal },
): Promise<readonly PastCommit[] | undefined> {
  const known = past.findIndex(({ message }) => beginsProposal(message, first))
  if (known !== -1)
    return past
      .slice(0, known + 1)
      .filter(isOurs)
      .toReversed()
  if (past.length < PAGE) return undefined
  const commits: PastCommit[] = []
  let after: string | undefined
  do {
    const from = past[0]?.sha
    const page = await host.readHistory({
      limit: PAGE,
      signal,
      ...(from === undefined ? {} : { from }),
      ...(after === undefined ? {} : { after }),
    })
    commits.push(...page.commits)
    const begin = commits.findIndex(({ message }) => beginsProposal(message, first))
    if (begin !== -1)
      return commits
        .slice(0, begin + 1)
        .filter(isOurs)
        .toReversed()
    after = page.next
  } while (after !== undefined && commits.length < MAX_DEPTH)
  return undefined
}

function isOurs({ message }: PastCommit): boolean {
  return parseResponseLines(message).length > 0 || parseUndoneIds(message).length > 0
}
