import { parseResponseLines, parseUndoneIds, type ResponseLine } from '@saker/core'
import { MEMORY_DEPTH } from '../branch-memory.ts'
import type { ProposalHost } from '../proposal-host.ts'
import type { CommitProposal, PastCommit, RepositoryHost } from '../repository-host.ts'
import { chooseProposal, type EndedBranch, type LiveBranch } from './choose-proposal.ts'
import { linesLeftIn } from './lines-left.ts'
import { messageInBase } from './message-in-base.ts'
import { ownCommitsOf } from './own-commits.ts'
import type { ProposalNaming } from './proposal-name.ts'

/** A response that waits in a proposal, or was in one that was closed; those of merged ones stand in the base. */
export interface ProposedEntry {
  readonly line: ResponseLine
  readonly state: 'proposed' | 'closed'
  readonly proposal: Pick<CommitProposal, 'branch' | 'number' | 'url'>
  /** When it was proposed, or for one that was closed, when that happened; milliseconds since 1970. */
  readonly at: number
  /** The commit in the branch, where that is still there. */
  readonly sha?: string
}

/** Where proposals are read. */
export interface ProposalsReading {
  readonly host: ProposalHost
  readonly base: RepositoryHost
  readonly naming: ProposalNaming
  readonly signal: AbortSignal
}

/** The responses of the open proposal, and of those that were closed lately. Writes nothing. Ends as `ProposalHost.list` does. */
export async function readProposals(reading: ProposalsReading): Promise<readonly ProposedEntry[]> {
  const { living, ended } = chooseProposal(await reading.host.list({ signal: reading.signal }), reading.naming)
  let open: readonly ProposedEntry[] | undefined
  for (const branch of living) open ??= await readLive(branch, reading)
  return [...(open ?? []), ...ended.flatMap(readClosed)]
}

/** Undefined for a branch that is none of ours. */
async function readLive(
  { name, first, pullRequest }: LiveBranch,
  { host, base, signal }: ProposalsReading,
): Promise<readonly ProposedEntry[] | undefined> {
  if (pullRequest === undefined && (await messageInBase(base, first, signal)) !== undefined) return []
  const branch = host.open(name)
  try {
    const { commits } = await branch.readHistory({ limit: MEMORY_DEPTH, signal })
    const own = await ownCommitsOf(branch, first, { past: commits, signal })
    if (own === undefined) return undefined
    const undone = new Set(own.flatMap(({ message }) => parseUndoneIds(message)))
    const entriesOf = ({ sha, at, message }: PastCommit): readonly ProposedEntry[] =>
      parseResponseLines(message).map((line) => ({
        line,
        state: 'proposed',
        at,
        sha,
        proposal: placeOf(name, pullRequest),
      }))
    return own
      .toReversed()
      .flatMap(entriesOf)
      .filter(({ line }) => !undone.has(line.id))
  } finally {
    await branch.close()
  }
}

function readClosed({ name, pullRequest }: EndedBranch): readonly ProposedEntry[] {
  const { state, body, endedAt = 0 } = pullRequest
  if (state !== 'closed') return []
  return linesLeftIn([body]).map((line) => ({ line, state, at: endedAt, proposal: placeOf(name, pullRequest) }))
}

function placeOf(branch: string, pullRequest: LiveBranch['pullRequest']): ProposedEntry['proposal'] {
  return pullRequest === undefined ? { branch } : { branch, number: pullRequest.number, url: pullRequest.url }
}
