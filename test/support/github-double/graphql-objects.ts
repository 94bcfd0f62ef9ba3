import type { GitCommit, GitTreeEntry } from './git-objects.ts'
import { graphqlError } from './graphql-error.ts'
import { pullRequestConnection, pullRequestSource, type PullRequestArguments } from './graphql-pull-requests.ts'
import type { HostedRepository } from './hosted-repository.ts'

/** What the executor resolves fields on: values, or functions that take a field's arguments. */
export type GraphQLSource = Readonly<Record<string, unknown>>

/** A repository as GitHub's schema shows it, as far as a client of Git data needs it. */
export function repositorySource(repository: HostedRepository, webUrl: string): GraphQLSource {
  const { owner, name, nameWithOwner, traits } = repository
  left.set(repository, MAX_ENTRIES)
  const url = `${webUrl}/${nameWithOwner}`
  let refs: Promise<ReadonlyMap<string, string>> | undefined
  const allRefs = (): Promise<ReadonlyMap<string, string>> => (refs ??= repository.refs())
  const refSource = async (fullName: string, prefix?: string): Promise<GraphQLSource | null> => {
    const oid = (await allRefs()).get(fullName)
    if (oid === undefined) return null
    const [, kind = 'heads', ...rest] = fullName.split('/')
    const target = (): Promise<GraphQLSource | null> => objectSource(repository, url, oid)
    return {
      __typename: 'Ref',
      id: nodeId('REF', `${nameWithOwner}:${fullName}`),
      name: prefix === undefined ? rest.join('/') : fullName.slice(prefix.length),
      prefix: prefix ?? `refs/${kind}/`,
      target,
      associatedPullRequests: (args: PullRequestArguments) =>
        pullRequestConnection(repository, webUrl, { ...args, headRefName: rest.join('/') }),
    }
  }
  return {
    __typename: 'Repository',
    id: nodeId('R', nameWithOwner),
    name,
    nameWithOwner,
    owner: { __typename: 'Organization', id: nodeId('O', owner), login: owner },
    url,
    isArchived: traits.archived,
    isPrivate: traits.private,
    isEmpty: async () => (await allRefs()).size === 0,
    viewerPermission: 'WRITE',
    defaultBranchRef: async () => refSource(`refs/heads/${await repository.defaultBranch()}`),
    ref: async ({ qualifiedName }: { readonly qualifiedName: string }) =>
      qualifiedName.startsWith('refs/') ? refSource(qualifiedName) : refSource(`refs/heads/${qualifiedName}`),
    refs: async (args: RefsArguments) => refsSource(await allRefs(), args, refSource),
    pullRequests: (args: PullRequestArguments) => pullRequestConnection(repository, webUrl, args),
    pullRequest: ({ number }: { readonly number: number }) => {
      const found = repository.pullRequests.all.find((one) => one.number === number)
      if (found !== undefined) return pullRequestSource(repository, webUrl, found)
      throw graphqlError('NOT_FOUND', `Could not resolve to a PullRequest with the number of ${number}.`)
    },
    object: async ({ expression, oid }: { readonly expression?: string; readonly oid?: string }) => {
      const found = oid ?? (await oidOf(repository, expression ?? 'HEAD'))
      return found === undefined ? null : objectSource(repository, url, found)
    },
  }
}

/** Which refs a connection holds. */
interface RefsArguments {
  readonly refPrefix: string
  readonly query?: string | null
  readonly first?: number
  readonly after?: string | null
}

/** Refs in the order of their names, those whose names hold the query; cursors count them. */
async function refsSource(
  refs: ReadonlyMap<string, string>,
  { refPrefix, query, first, after }: RefsArguments,
  sourceOf: (fullName: string, prefix: string) => Promise<GraphQLSource | null>,
): Promise<GraphQLSource> {
  if (first === undefined || first > 100) {
    throw graphqlError('EXCESSIVE_PAGINATION', 'Requesting more records than the `first` limit of 100 records.')
  }
  const all = [...refs.keys()].filter(
    (name) => name.startsWith(refPrefix) && name.slice(refPrefix.length).includes(query ?? ''),
  )
  const skip = Number(after ?? '0')
  const shown = all.toSorted().slice(skip, skip + first)
  return {
    __typename: 'RefConnection',
    totalCount: all.length,
    nodes: await Promise.all(shown.map((name) => sourceOf(name, refPrefix))),
    pageInfo: {
      __typename: 'PageInfo',
      hasNextPage: all.length > skip + first,
      hasPreviousPage: skip > 0,
      endCursor: String(skip + shown.length),
    },
  }
}

/** Resolves `<revision>` and `<revision>:<path>`. */
async function oidOf(repository: HostedRepository, expression: string): Promise<string | undefined> {
  const [, revision = '', path] = /^([^:]*)(?::(.*))?$/su.exec(expression) ?? []
  const refs = await repository.refs()
  const name = revision === 'HEAD' ? await repository.defaultBranch() : revision
  const oid = refs.get(name) ?? refs.get(`refs/heads/${name}`) ?? refs.get(`refs/tags/${name}`) ?? name
  if (path === undefined) return oid
  const tree = (await repository.objects.commit(oid))?.tree
  return tree === undefined ? undefined : (await repository.objects.entryAt(tree, path))?.oid
}

async function objectSource(repository: HostedRepository, url: string, oid: string): Promise<GraphQLSource | null> {
  const object = await repository.objects.find(oid)
  if (object === undefined) return null
  const about = {
    id: nodeId(object.type, oid),
    oid,
    abbreviatedOid: oid.slice(0, 7),
    commitUrl: `${url}/commit/${oid}`,
    commitResourcePath: `/${repository.nameWithOwner}/commit/${oid}`,
  }
  if (object.type === 'blob') {
    return { __typename: 'Blob', ...about, ...blobFields(object.data, repository.traits.truncateTextAt) }
  }
  if (object.type === 'tree') {
    return { __typename: 'Tree', ...about, entries: () => entriesOf(repository, url, oid, '') }
  }
  const commit = await repository.objects.commit(oid)
  return commit === undefined ? null : commitSource(repository, url, commit, about)
}

/** GitHub shows text that is not UTF-8 converted, and none at all for binary content. */
function blobFields(data: Buffer, truncateAt: number): GraphQLSource {
  const isBinary = data.includes(0)
  const isTruncated = !isBinary && data.length > truncateAt
  const shown = isTruncated ? data.subarray(0, truncateAt) : data
  return { byteSize: data.length, isBinary, isTruncated, text: isBinary ? null : decode(shown) }
}

function decode(data: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data)
  } catch {
    return data.toString('latin1')
  }
}

function commitSource(
  repository: HostedRepository,
  url: string,
  commit: GitCommit,
  about: GraphQLSource,
): GraphQLSource {
  const [headline = '', ...rest] = commit.message.split('\n')
  return {
    __typename: 'Commit',
    ...about,
    url: `${url}/commit/${commit.oid}`,
    resourcePath: `/${repository.nameWithOwner}/commit/${commit.oid}`,
    message: commit.message.trimEnd(),
    messageHeadline: headline,
    messageBody: rest.join('\n').trim(),
    author: { __typename: 'GitActor', ...commit.author },
    committer: { __typename: 'GitActor', ...commit.committer },
    authoredDate: commit.author.date,
    committedDate: commit.committer.date,
    tree: () => objectSource(repository, url, commit.tree),
    file: async ({ path }: { readonly path: string }) => {
      const entry = await repository.objects.entryAt(commit.tree, path)
      if (entry === undefined || path === '') return null
      return entrySource(repository, url, entry, path)
    },
    parents: async ({ first = 10 }: { readonly first?: number }) => ({
      __typename: 'CommitConnection',
      totalCount: commit.parents.length,
      nodes: commit.parents.slice(0, first).map((oid) => ({ __typename: 'Commit', oid })),
    }),
    history: async ({ first, after }: { readonly first?: number; readonly after?: string | null }) => {
      if (first === undefined) {
        const said = 'You must provide a `first` or `last` value to properly paginate the `history` connection.'
        throw graphqlError('MISSING_PAGINATION_BOUNDARIES', said)
      }
      if (first > 100) {
        const said = `Requesting ${first} records on the \`history\` connection exceeds the \`first\` limit of 100 records.`
        throw graphqlError('EXCESSIVE_PAGINATION', said)
      }
      return historySource(repository, url, { from: commit.oid, first, after: after ?? undefined })
    },
  }
}

async function historySource(
  repository: HostedRepository,
  url: string,
  page: { readonly from: string; readonly first: number; readonly after: string | undefined },
): Promise<GraphQLSource> {
  const { from, first, after } = page
  const all = await repository.ancestry(from)
  // GitHub's cursor names the commit that the first page began with, and counts from there.
  const skip = after === undefined ? 0 : Number(after.split(' ')[1]) + 1
  const nodes = await Promise.all(all.slice(skip, skip + first).map((oid) => objectSource(repository, url, oid)))
  return {
    __typename: 'CommitHistoryConnection',
    totalCount: all.length,
    nodes,
    edges: nodes.map((node, index) => ({ __typename: 'CommitEdge', cursor: `${from} ${skip + index}`, node })),
    pageInfo: {
      __typename: 'PageInfo',
      hasNextPage: all.length > skip + first,
      hasPreviousPage: skip > 0,
      startCursor: `${from} ${skip}`,
      endCursor: `${from} ${skip + nodes.length - 1}`,
    },
  }
}

/** Entries that each answer may still hold. GitHub gives up on a query by time, and so at no such number. */
const left = new WeakMap<HostedRepository, number>()
const MAX_ENTRIES = 25_000

async function entriesOf(
  repository: HostedRepository,
  url: string,
  tree: string,
  folder: string,
): Promise<readonly GraphQLSource[]> {
  const entries = (await repository.objects.tree(tree)) ?? []
  const before = left.get(repository) ?? 0
  left.set(repository, before - entries.length)
  // Said once: the other folders that are under way end without a word.
  if (before < 0) return []
  if (before < entries.length)
    throw graphqlError('RESOURCE_LIMITS_EXCEEDED', 'Resource limits for this query exceeded.')
  return Promise.all(
    entries.map((entry) => entrySource(repository, url, entry, folder === '' ? entry.name : `${folder}/${entry.name}`)),
  )
}

async function entrySource(
  repository: HostedRepository,
  url: string,
  { name, mode, oid }: GitTreeEntry,
  path: string,
): Promise<GraphQLSource> {
  const isSubmodule = mode === '160000'
  const object = isSubmodule ? undefined : await repository.objects.find(oid)
  return {
    __typename: 'TreeEntry',
    name,
    nameRaw: Buffer.from(name).toString('base64'),
    path,
    pathRaw: Buffer.from(path).toString('base64'),
    extension: /\.[^.]*$/u.exec(name)?.[0] ?? '',
    mode: Number.parseInt(mode, 8),
    type: isSubmodule ? 'commit' : (object?.type ?? 'blob'),
    oid,
    size: object?.type === 'blob' ? object.data.length : 0,
    object: () => (isSubmodule ? null : objectSource(repository, url, oid)),
  }
}

function nodeId(kind: string, of: string): string {
  return `${kind}_${Buffer.from(of).toString('base64url')}`
}
