import { ResponseError } from '@saker/core'
import type { FileAt } from '@saker/engine'
import { recordOf, textAt, valueAt } from './github-answer.ts'
import type { GitHubClient } from './github-client.ts'
import { repositoryNotFound } from './github-errors.ts'
import type { GitHubCall, GraphQLQuery } from './github-exchange.ts'
import { readingOf } from './nested-tree.ts'
import { BlobReader } from './read-blobs.ts'
import type { GitHubBranch } from './read-tree-query.ts'
import { commitMissing } from './tip.ts'

const FILES_PER_REQUEST = 50

/** Reads files at commits, fifty in a request. Ends as `RepositoryHost.readTexts` does. */
export async function readTexts(
  client: GitHubClient,
  branch: GitHubBranch,
  { files, signal }: { readonly files: readonly FileAt[]; readonly signal: AbortSignal },
): Promise<readonly (string | undefined)[]> {
  const texts: (string | undefined)[] = []
  for (let at = 0; at < files.length; at += FILES_PER_REQUEST) {
    const batch = files.slice(at, at + FILES_PER_REQUEST)
    texts.push(...(await readBatch(client, branch, { files: batch, signal })))
  }
  return texts
}

async function readBatch(
  client: GitHubClient,
  branch: GitHubBranch,
  { files, signal }: { readonly files: readonly FileAt[]; readonly signal: AbortSignal },
): Promise<readonly (string | undefined)[]> {
  const call: GitHubCall = { operation: 'readTexts', purpose: 'read', signal }
  const commits = [...new Set(files.map(({ sha }) => sha))]
  const answer = await client.graphql(call, textsQuery(branch, files, commits))
  const repository = valueAt(answer, 'repository')
  if (repository === null) throw repositoryNotFound(client.place)
  if (recordOf(repository) === undefined) throw client.unreadable(call)
  for (const [index, sha] of commits.entries()) {
    if (textAt(repository, `c${index}`, 'oid') === undefined) throw commitMissing(sha, client.place)
  }
  const blobs = new BlobReader(client, textAt(repository, 'nameWithOwner') ?? '', signal)
  const texts: (string | undefined)[] = []
  for (const [index, file] of files.entries()) texts.push(await textOf(valueAt(repository, `f${index}`), file, blobs))
  return texts
}

async function textOf(object: unknown, { sha, path }: FileAt, blobs: BlobReader): Promise<string | undefined> {
  const oid = textAt(object, 'oid')
  // A folder has taken its place, or nothing has.
  if (oid === undefined || recordOf(object)?.['isBinary'] === undefined) return undefined
  const reading = readingOf(object, oid)
  if ('text' in reading && reading.text !== undefined) return reading.text
  const texts = new Map<string, string | undefined>()
  const entry = { path, mode: '100644' as const, oid, bytes: 0, wanted: true }
  if (!('text' in reading)) await blobs.read([entry], texts, new Set([oid]))
  const text = texts.get(oid)
  if (text === undefined) throw new ResponseError('MANIFEST_NOT_TEXT', `${path} is not text in ${sha}`)
  return text
}

function textsQuery({ owner, name }: GitHubBranch, files: readonly FileAt[], commits: readonly string[]): GraphQLQuery {
  const parameters = [
    ...commits.map((_, index) => `$c${index}: GitObjectID!`),
    ...files.map((_, index) => `$f${index}: String!`),
  ]
  const query = `query ReadTexts($owner: String!, $name: String!, ${parameters.join(', ')}) {
  repository(owner: $owner, name: $name) {
    nameWithOwner
    ${commits.map((_, index) => `c${index}: object(oid: $c${index}) { oid }`).join('\n    ')}
    ${files.map((_, index) => `f${index}: object(expression: $f${index}) { oid ... on Blob { byteSize isBinary isTruncated text } }`).join('\n    ')}
  }
}`
  const variables = {
    owner,
    name,
    ...Object.fromEntries(commits.map((sha, index) => [`c${index}`, sha])),
    ...Object.fromEntries(files.map(({ sha, path }, index) => [`f${index}`, `${sha}:${path}`])),
  }
  return { query, variables }
}
