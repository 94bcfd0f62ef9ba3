import type { TokenGrant } from './double-credentials.ts'
import { graphqlError, notAccessible } from './graphql-error.ts'
import type { GraphQLSource } from './graphql-objects.ts'
import type { HostedPullRequest } from './hosted-pull-requests.ts'
import type { HostedRepository } from './hosted-repository.ts'
import { pullRequestId } from './rest-pull-routes.ts'

/** Which pull requests a connection holds. */
export interface PullRequestArguments {
  readonly first?: number
  readonly baseRefName?: string
  readonly headRefName?: string
  readonly states?: readonly string[]
  readonly orderBy?: { readonly field: string; readonly direction: string }
}

/** A connection of a repository's pull requests. */
export async function pullRequestConnection(
  repository: HostedRepository,
  webUrl: string,
  { first, baseRefName, headRefName, states, orderBy }: PullRequestArguments,
): Promise<GraphQLSource> {
  if (first === undefined || first > 100) {
    throw graphqlError('EXCESSIVE_PAGINATION', 'Requesting more records than the `first` limit of 100 records.')
  }
  await repository.pullRequests.noteHeads()
  const found = repository.pullRequests.all.filter(
    ({ base, head, state }) =>
      (baseRefName === undefined || base === baseRefName) &&
      (headRefName === undefined || head === headRefName) &&
      (states === undefined || states.includes(state.toUpperCase())),
  )
  const key = orderBy?.field === 'UPDATED_AT' ? 'updatedAt' : 'createdAt'
  const ordered = found.toSorted((one, other) => one[key].localeCompare(other[key]) || one.number - other.number)
  const shown = orderBy?.direction === 'DESC' ? ordered.toReversed() : ordered
  return {
    __typename: 'PullRequestConnection',
    totalCount: found.length,
    nodes: shown.slice(0, first).map((one) => pullRequestSource(repository, webUrl, one)),
  }
}

/** A pull request as GitHub's schema shows it. */
export function pullRequestSource(
  { nameWithOwner }: HostedRepository,
  webUrl: string,
  pull: HostedPullRequest,
): GraphQLSource {
  const { number, title, body, state, endedAt, draft, head, headSha, base, isFromFork, createdAt, updatedAt } = pull
  return {
    __typename: 'PullRequest',
    id: pullRequestId(nameWithOwner, number),
    number,
    title,
    body,
    url: `${webUrl}/${nameWithOwner}/pull/${number}`,
    state: state.toUpperCase(),
    isDraft: draft,
    closedAt: endedAt ?? null,
    mergedAt: state === 'merged' ? endedAt : null,
    merged: state === 'merged',
    createdAt,
    updatedAt,
    headRefName: head,
    headRefOid: headSha,
    baseRefName: base,
    isCrossRepository: isFromFork,
  }
}

/** The input of `createRef`, as GitHub's schema has checked it. */
export interface CreateRefInput {
  readonly repositoryId: string
  readonly name: string
  readonly oid: string
}

/** What mutations are made with. */
interface MutationContext {
  readonly grant: TokenGrant
  readonly webUrl: string
  readonly find: (nameWithOwner: string) => HostedRepository | undefined
}

/** `createRef`. Its refusals are in the words that users have recorded. */
export async function createRef(
  { repositoryId, name, oid }: CreateRefInput,
  context: MutationContext,
): Promise<GraphQLSource> {
  const repository = context.find(decoded(repositoryId))
  if (repository === undefined) throw unresolved(repositoryId)
  if (context.grant.contents !== 'write') throw graphqlError('FORBIDDEN', notAccessible(context.grant.kind))
  if (repository.traits.archived) throw graphqlError('UNPROCESSABLE', 'Repository was archived so is read-only')
  const refs = await repository.refs()
  if (refs.has(name)) throw graphqlError('UNPROCESSABLE', `A ref named "${name}" already exists in the repository.`)
  if (repository.isProtected(name.replace(/^refs\/heads\//u, '')) && repository.traits.protection === 'ruleset') {
    const said = 'Repository rule violations found\n\nCannot create ref due to creations being restricted.\n\n'
    throw graphqlError('UNPROCESSABLE', said)
  }
  const isCommit = (await repository.objects.commit(oid)) !== undefined
  if (!isCommit || !(await repository.createRef(name, oid)))
    throw graphqlError('UNPROCESSABLE', 'Ref cannot be created.')
  const ref = { __typename: 'Ref', name: name.replace(/^refs\/heads\//u, ''), prefix: 'refs/heads/' }
  return { __typename: 'CreateRefPayload', clientMutationId: null, ref }
}

/** `enablePullRequestAutoMerge`. Its refusals are in the words that users have recorded. */
export async function enableAutoMerge(
  { pullRequestId: id, mergeMethod = 'MERGE' }: { readonly pullRequestId: string; readonly mergeMethod?: string },
  { grant, find, webUrl }: MutationContext,
): Promise<GraphQLSource> {
  const [name = '', number = ''] = decoded(id).split('#')
  const repository = find(name)
  const pull = repository?.pullRequests.all.find((one) => String(one.number) === number)
  if (repository === undefined || pull === undefined) throw unresolved(id)
  const { contents, pullRequests = contents, kind } = grant
  if (pullRequests !== 'write' || contents !== 'write') throw graphqlError('FORBIDDEN', notAccessible(kind))
  const { autoMerge, mergeable } = repository.traits
  const refuse = (said: string): Error => graphqlError('UNPROCESSABLE', said)
  if (!autoMerge) throw refuse('Pull request Auto merge is not allowed for this repository')
  if (pull.draft) throw refuse('Pull request Pull request is in draft status')
  if (mergeable === 'clean') throw refuse('Pull request Pull request is in clean status')
  pull.autoMerge = mergeMethod as HostedPullRequest['autoMerge']
  const pullRequest = pullRequestSource(repository, webUrl, pull)
  return { __typename: 'EnablePullRequestAutoMergePayload', actor: null, clientMutationId: null, pullRequest }
}

function decoded(id: string): string {
  return Buffer.from(id.replace(/^[A-Z]+_/u, ''), 'base64url').toString('utf8')
}

function unresolved(id: string): Error {
  return graphqlError('NOT_FOUND', `Could not resolve to a node with the global id of '${id}'.`)
}
