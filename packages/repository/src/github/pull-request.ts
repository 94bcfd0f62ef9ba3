import type { PullRequest } from '@saker/engine'
import { textAt, valueAt } from './github-answer.ts'

/** What a query has to select of a pull request beside its body. */
export const PULL_REQUEST = 'number url state closedAt mergedAt title'

const STATES: Readonly<Record<string, PullRequest['state']>> = { OPEN: 'open', CLOSED: 'closed', MERGED: 'merged' }

/** A pull request of a GraphQL answer that selects {@link PULL_REQUEST} and the body; undefined when it is none. */
export function pullRequestOfNode(node: unknown): PullRequest | undefined {
  const state = STATES[textAt(node, 'state') ?? '']
  const ended = textAt(node, 'mergedAt') ?? textAt(node, 'closedAt')
  return state === undefined ? undefined : pullRequestOf(node, { state, url: textAt(node, 'url'), ended })
}

/** A pull request as the REST API tells of it; undefined when it is none. */
export function pullRequestOfBody(body: unknown): PullRequest | undefined {
  const merged = textAt(body, 'merged_at')
  const state = merged !== undefined ? 'merged' : textAt(body, 'state') === 'open' ? 'open' : 'closed'
  return pullRequestOf(body, { state, url: textAt(body, 'html_url'), ended: merged ?? textAt(body, 'closed_at') })
}

function pullRequestOf(
  answer: unknown,
  {
    state,
    url,
    ended,
  }: { readonly state: PullRequest['state']; readonly url: string | undefined; readonly ended: string | undefined },
): PullRequest | undefined {
  const number = valueAt(answer, 'number')
  const title = textAt(answer, 'title')
  if (typeof number !== 'number' || url === undefined || title === undefined) return undefined
  const endedAt = state === 'open' ? Number.NaN : Date.parse(ended ?? '')
  const body = textAt(answer, 'body') ?? ''
  return { number, url, state, title, body, ...(Number.isNaN(endedAt) ? {} : { endedAt }) }
}

/** Of several pull requests from one branch the one that counts: the open one, else the newest. */
export function theOneThatCounts<T extends PullRequest>(all: readonly T[]): T | undefined {
  return all.find(({ state }) => state === 'open') ?? all.toSorted((one, other) => other.number - one.number)[0]
}
