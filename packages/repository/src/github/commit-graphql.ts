import type { ChangeSet } from '@saker/engine'
import { textAt } from './github-answer.ts'
import type { GitHubClient } from './github-client.ts'
import type { GitHubCall } from './github-exchange.ts'

/** Where a commit goes, and how it is called off. */
export interface CommitTarget {
  readonly nameWithOwner: string
  readonly branch: string
  /** Id of the folder that is the base commit's root. */
  readonly baseTreeSha: string
  readonly signal: AbortSignal
}

/** A commit that landed, with its root folder for the next one. */
export interface LandedCommit {
  readonly sha: string
  readonly treeSha: string | undefined
  readonly url: string | undefined
}

const MUTATION = `mutation CreateCommit($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) {
    commit { oid url tree { oid } }
  }
}`

/**
 * Whether one mutation can make a commit exactly as given: it always commits as the credential's owner, and every file
 * it writes becomes a plain one.
 */
export function canCommitInOneRequest({ author, edits }: ChangeSet): boolean {
  return author === undefined && edits.every(({ mode }) => mode === '100644')
}

/**
 * Commits with `createCommitOnBranch`: one request, signed by GitHub, refused unless the branch points to `baseSha`.
 *
 * @see https://docs.github.com/en/graphql/reference/mutations#createcommitonbranch
 */
export async function commitThroughGraphQL(
  client: GitHubClient,
  { baseSha, edits, message }: ChangeSet,
  { nameWithOwner, branch, signal }: CommitTarget,
): Promise<LandedCommit> {
  const [headline = '', ...rest] = message.split('\n')
  const body = rest.join('\n').replace(/^\n+/u, '').trimEnd()
  const additions = edits.flatMap(({ path, after }) =>
    after === null ? [] : [{ path, contents: Buffer.from(after, 'utf8').toString('base64') }],
  )
  const deletions = edits.flatMap(({ path, after }) => (after === null ? [{ path }] : []))
  const input = {
    branch: { repositoryNameWithOwner: nameWithOwner, branchName: branch },
    expectedHeadOid: baseSha,
    message: { headline, ...(body === '' ? {} : { body }) },
    // GitHub fails on a list that is null or has nothing in it.
    fileChanges: {
      ...(additions.length === 0 ? {} : { additions }),
      ...(deletions.length === 0 ? {} : { deletions }),
    },
  }
  const call: GitHubCall = { operation: 'createCommitOnBranch', purpose: 'write', signal }
  const answer = await client.graphql(call, { query: MUTATION, variables: { input } })
  const sha = textAt(answer, 'createCommitOnBranch', 'commit', 'oid')
  if (sha === undefined) throw client.unreadable(call)
  return {
    sha,
    treeSha: textAt(answer, 'createCommitOnBranch', 'commit', 'tree', 'oid'),
    url: textAt(answer, 'createCommitOnBranch', 'commit', 'url'),
  }
}
