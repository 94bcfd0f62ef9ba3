import type { ProposalBranch, PullRequest } from '@saker/engine'
import { listAt, recordOf, textAt, valueAt } from './github-answer.ts'
import type { GitHubClient } from './github-client.ts'
import { repositoryNotFound } from './github-errors.ts'
import type { GitHubCall } from './github-exchange.ts'
import { PULL_REQUEST, pullRequestOfNode, theOneThatCounts } from './pull-request.ts'
import type { GitHubBranch } from './read-tree-query.ts'

/** Which proposals to list. */
export interface ListOptions {
  /** The base, into which they are to go. */
  readonly base: GitHubBranch
  /** What the names of their branches begin with. */
  readonly prefix: string
  /** Those that were open when they were seen last. */
  readonly open: readonly number[]
  /** What ended pull requests said, by what they are called here; asked for once. */
  readonly bodies: Map<string, string>
  /** Milliseconds since 1970. */
  readonly now: number
  readonly signal: AbortSignal
}

/** A pull request whose branch may be gone, and the name of that. */
interface EndedPullRequest {
  readonly branch: string
  readonly pullRequest: PullRequest
}

/** One that ended longer ago, and whose branch is gone, is of no interest any more. */
const ENDED_WITHIN_MS = 7 * 24 * 3_600_000
const HEADS = 'refs/heads/'

const QUERY = `query ListProposals($owner: String!, $name: String!, $heads: String!, $base: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    refs(refPrefix: "${HEADS}", query: $heads, first: 100, after: $after) {
      nodes {
        prefix
        name
        target { oid }
        associatedPullRequests(baseRefName: $base, first: 5, orderBy: { field: CREATED_AT, direction: DESC }) {
          nodes { ${PULL_REQUEST} body isCrossRepository }
        }
      }
      pageInfo { hasNextPage endCursor }
    }
    pullRequests(
      baseRefName: $base
      states: [CLOSED, MERGED]
      first: 100
      orderBy: { field: UPDATED_AT, direction: DESC }
    ) {
      nodes { ${PULL_REQUEST} updatedAt isCrossRepository headRefName }
    }
  }
}`

/**
 * The branches below a prefix with their pull requests, and the pull requests that ended lately and whose branches are
 * gone. One request for up to a hundred branches, and one more when one of the latter has not been seen yet.
 */
export async function listProposals(client: GitHubClient, options: ListOptions): Promise<readonly ProposalBranch[]> {
  const branches = new Map<string, ProposalBranch>()
  const ended = new Map<string, EndedPullRequest>()
  for (let after: string | undefined | null = null; after !== undefined;) {
    const repository = await readPage(client, options, after)
    for (const node of listAt(repository, 'refs', 'nodes') ?? []) addBranch(node, options.prefix, branches)
    for (const node of listAt(repository, 'pullRequests', 'nodes') ?? []) addEnded(node, options, ended)
    const { hasNextPage, endCursor } = recordOf(valueAt(repository, 'refs', 'pageInfo')) ?? {}
    after = hasNextPage === true && typeof endCursor === 'string' ? endCursor : undefined
  }
  const gone = [...ended].filter(([, { branch }]) => !branches.has(branch))
  const numbers = new Set(Array.from(branches.values(), ({ pullRequest }) => pullRequest?.number))
  const unseen = gone.filter(([key]) => !options.bodies.has(key)).map(([, { pullRequest }]) => pullRequest.number)
  const lost = options.open.filter((number) => !numbers.has(number))
  const asked = await readByNumber(client, options, [...new Set([...unseen, ...lost])])
  const known = gone.flatMap(([key, { branch, pullRequest }]) => {
    const body = options.bodies.get(key)
    return body === undefined ? [] : [{ branch, pullRequest: { ...pullRequest, body } }]
  })
  keepBodies(
    gone.map(([key]) => key),
    asked,
    options,
  )
  for (const [name, all] of Map.groupBy([...known, ...asked], ({ branch }) => branch)) {
    const pullRequest = theOneThatCounts(all.map((one) => one.pullRequest))
    if (!branches.has(name) && pullRequest !== undefined) branches.set(name, { name, pullRequest })
  }
  return [...branches.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1))
}

async function readPage(
  client: GitHubClient,
  { base, prefix, signal }: ListOptions,
  after: string | null,
): Promise<unknown> {
  const call: GitHubCall = { operation: 'listProposals', purpose: 'read', signal }
  const { owner, name, branch } = base
  const variables = { owner, name, heads: prefix, base: branch, after }
  const repository = valueAt(await client.graphql(call, { query: QUERY, variables }), 'repository')
  if (repository === null) throw repositoryNotFound(client.place)
  if (listAt(repository, 'refs', 'nodes') === undefined) throw client.unreadable(call)
  return repository
}

/** GitHub filters names by what they hold; whether it counts folders to the name or to the prefix is all one here. */
function addBranch(node: unknown, prefix: string, branches: Map<string, ProposalBranch>): void {
  const name = `${textAt(node, 'prefix') ?? ''}${textAt(node, 'name') ?? ''}`.slice(HEADS.length)
  const sha = textAt(node, 'target', 'oid')
  if (!name.startsWith(prefix) || sha === undefined) return
  const all = (listAt(node, 'associatedPullRequests', 'nodes') ?? [])
    .filter((one) => valueAt(one, 'isCrossRepository') === false)
    .flatMap((one) => pullRequestOfNode(one) ?? [])
  const pullRequest = theOneThatCounts(all)
  branches.set(name, { name, sha, ...(pullRequest === undefined ? {} : { pullRequest }) })
}

function addEnded(node: unknown, { prefix, now }: ListOptions, ended: Map<string, EndedPullRequest>): void {
  const pullRequest = pullRequestOfNode(node)
  const branch = textAt(node, 'headRefName') ?? ''
  if (pullRequest === undefined || !branch.startsWith(prefix) || valueAt(node, 'isCrossRepository') !== false) return
  if ((pullRequest.endedAt ?? now) < now - ENDED_WITHIN_MS) return
  ended.set(`${pullRequest.number} ${textAt(node, 'updatedAt') ?? ''}`, { branch, pullRequest })
}

/** Pull requests with their bodies. */
async function readByNumber(
  client: GitHubClient,
  { base: { owner, name, branch: base }, prefix, signal }: ListOptions,
  numbers: readonly number[],
): Promise<readonly EndedPullRequest[]> {
  if (numbers.length === 0) return []
  const call: GitHubCall = { operation: 'readPullRequests', purpose: 'read', signal }
  const fields = `${PULL_REQUEST} body baseRefName headRefName isCrossRepository`
  const query = `query ReadPullRequests($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) {
    ${numbers.map((number) => `p${number}: pullRequest(number: ${number}) { ${fields} }`).join('\n    ')}
  }
}`
  const answer = await client.graphql(call, { query, variables: { owner, name } })
  return numbers.flatMap((number) => {
    const node = valueAt(answer, 'repository', `p${number}`)
    const pullRequest = pullRequestOfNode(node)
    const branch = textAt(node, 'headRefName') ?? ''
    const isOurs = branch.startsWith(prefix) && textAt(node, 'baseRefName') === base
    return pullRequest === undefined || !isOurs || valueAt(node, 'isCrossRepository') !== false
      ? []
      : [{ branch, pullRequest }]
  })
}

/** Remembers what was asked for, and forgets what is not listed any more. */
function keepBodies(
  keys: readonly string[],
  asked: readonly EndedPullRequest[],
  { bodies }: Pick<ListOptions, 'bodies'>,
): void {
  const wanted = new Set(keys)
  for (const key of bodies.keys()) if (!wanted.has(key)) bodies.delete(key)
  for (const key of keys) {
    const found = asked.find(({ pullRequest }) => key.startsWith(`${pullRequest.number} `))
    if (found !== undefined) bodies.set(key, found.pullRequest.body)
  }
}
