import type { ChangeSet } from '@saker/engine'
import { textAt, valueAt } from './github-answer.ts'
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

/** What has to be known of a commit that was made. */
export const COMMIT_PAYLOAD = '{ commit { oid url tree { oid } } }'

const MUTATION = `mutation CreateCommit($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) ${COMMIT_PAYLOAD}
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
  changeSet: ChangeSet,
  target: CommitTarget,
): Promise<LandedCommit> {
  const call: GitHubCall = { operation: 'createCommitOnBranch', purpose: 'write', signal: target.signal }
  const input = commitInput(changeSet, target)
  const landed = landedCommit(await client.graphql(call, { query: MUTATION, variables: { input } }))
  if (landed === undefined) throw client.unreadable(call)
  return landed
}

/** The input of `createCommitOnBranch`. */
export function commitInput(
  { baseSha, edits, message }: ChangeSet,
  { nameWithOwner, branch }: Pick<CommitTarget, 'nameWithOwner' | 'branch'>,
): Readonly<Record<string, unknown>> {
  const [headline = '', ...rest] = message.split('\n')
  const body = rest.join('\n').replace(/^\n+/u, '').trimEnd()
  const additions = edits.flatMap(({ path, after }) =>
    after === null ? [] : [{ path, contents: Buffer.from(after, 'utf8').toString('base64') }],
  )
  const deletions = edits.flatMap(({ path, after }) => (after === null ? [{ path }] : []))
  return {
    branch: { repositoryNameWithOwner: nameWithOwner, branchName: branch },
    expectedHeadOid: baseSha,
    message: { headline, ...(body === '' ? {} : { body }) },
    // GitHub fails on a list that is null or has nothing in it.
    fileChanges: {
      ...(additions.length === 0 ? {} : { additions }),
      ...(deletions.length === 0 ? {} : { deletions }),
    },
  }
}

/** The commit in an answer that selects {@link COMMIT_PAYLOAD}; undefined where there is none. */
export function landedCommit(answer: unknown): LandedCommit | undefined {
  const commit = valueAt(answer, 'createCommitOnBranch', 'commit')
  const sha = textAt(commit, 'oid')
  return sha === undefined ? undefined : { sha, treeSha: textAt(commit, 'tree', 'oid'), url: textAt(commit, 'url') }
}
