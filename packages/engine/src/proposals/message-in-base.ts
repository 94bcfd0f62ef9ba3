import { responseTimeOf } from '@saker/core'
import { readLedger } from '../undo/ledger.ts'
import type { RepositoryHost } from '../repository-host.ts'
import { beginsProposal, type NamedFor } from './proposal-name.ts'

/** Clocks differ by less. */
const SLACK_MS = 24 * 3_600_000
/** A merge is found soon after the proposal was made; a longer history is not searched. */
const MAX_DEPTH = 1000

/**
 * The message in the base of what a proposal began with: how a merge is known where nobody tells of pull requests. A squash
 * merge keeps the lines, too. Undefined when it is not there. Ends as `RepositoryHost.readHistory` does.
 */
export async function messageInBase(
  base: Pick<RepositoryHost, 'readHistory'>,
  first: NamedFor,
  signal: AbortSignal,
): Promise<string | undefined> {
  const since = responseTimeOf(first.id) - SLACK_MS
  const isIn = ({ message }: { readonly message: string }): boolean => beginsProposal(message, first)
  const ledger = await readLedger(base, {
    signal,
    isEnough: ({ commits }) => commits.some(isIn) || commits.length >= MAX_DEPTH || (commits.at(-1)?.at ?? 0) < since,
  })
  return ledger.commits.find(isIn)?.message
}
