import type { HistoryCommit, HistoryOptions, HistoryPage } from '@saker/engine'
import { listAt, recordOf, textAt, valueAt } from './github-answer.ts'
import type { GitHubClient } from './github-client.ts'
import { repositoryNotFound } from './github-errors.ts'
import type { GitHubCall, GraphQLQuery } from './github-exchange.ts'
import type { GitHubBranch } from './read-tree-query.ts'
import { branchMissing, commitMissing, pastCommit } from './tip.ts'

/**
 * Reads one page of a branch's history in one request. Ends as `RepositoryHost.readHistory` does.
 *
 * @see https://docs.github.com/en/graphql/reference/objects#commit
 */
export async function readHistory(
  client: GitHubClient,
  branch: GitHubBranch,
  options: HistoryOptions,
): Promise<HistoryPage> {
  const call: GitHubCall = { operation: 'readHistory', purpose: 'read', signal: options.signal }
  const answer = await client.graphql(call, historyQuery(branch, options))
  const repository = valueAt(answer, 'repository')
  if (repository === null) throw repositoryNotFound(client.place)
  if (recordOf(repository) === undefined) throw client.unreadable(call)
  const commit = options.from === undefined ? valueAt(repository, 'ref', 'target') : valueAt(repository, 'object')
  if (recordOf(commit) === undefined) {
    throw options.from === undefined
      ? branchMissing(repository, client.place)
      : commitMissing(options.from, client.place)
  }
  const nodes = listAt(commit, 'history', 'nodes')
  if (nodes === undefined) throw client.unreadable(call)
  const hasMore = valueAt(commit, 'history', 'pageInfo', 'hasNextPage') === true
  const next = hasMore ? textAt(commit, 'history', 'pageInfo', 'endCursor') : undefined
  return { commits: nodes.flatMap(historyCommit), ...(next === undefined ? {} : { next }) }
}

function historyQuery({ owner, name, branch }: GitHubBranch, { from, after, limit }: HistoryOptions): GraphQLQuery {
  const isTip = from === undefined
  const start = isTip ? 'ref(qualifiedName: $start) { target {' : 'object(oid: $start) {'
  const type = isTip ? 'String!' : 'GitObjectID!'
  const query = `query ReadHistory($owner: String!, $name: String!, $start: ${type}, $first: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    isEmpty
    ${start}
      ... on Commit {
        history(first: $first, after: $after) {
          nodes { oid url message committedDate author { name } parents(first: 10) { nodes { oid } } }
          pageInfo { hasNextPage endCursor }
        }
      }
    }${isTip ? ' }' : ''}
  }
}`
  const variables = { owner, name, start: from ?? `refs/heads/${branch}`, first: limit, after: after ?? null }
  return { query, variables }
}

function historyCommit(node: unknown): HistoryCommit[] {
  const parents = (listAt(node, 'parents', 'nodes') ?? []).flatMap((parent) => textAt(parent, 'oid') ?? [])
  return pastCommit(node).map((commit) => ({ ...commit, parents, author: textAt(node, 'author', 'name') ?? '' }))
}
