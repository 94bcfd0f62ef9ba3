import { ResponseError } from '@saker/core'
import type { ChangeSet } from '@saker/engine'
import { createBranchThroughGitData } from './commit-git-data.ts'
import {
  canCommitInOneRequest,
  COMMIT_PAYLOAD,
  commitInput,
  commitThroughGraphQL,
  landedCommit,
  type LandedCommit,
} from './commit-graphql.ts'
import type { GitHubClient } from './github-client.ts'
import type { GitHubCall } from './github-exchange.ts'
import type { SeenHead } from './seen-head.ts'

/** Which branch to make, and the tip that it begins at. */
export interface NewBranch {
  readonly branch: string
  readonly head: SeenHead
  readonly signal: AbortSignal
}

/** The first commit of a branch. */
export interface NewBranchCommit extends LandedCommit {
  /** Whether the branch was not there before. */
  readonly isNew: boolean
}

const MUTATION = `mutation CreateBranch($ref: CreateRefInput!, $commit: CreateCommitOnBranchInput!) {
  createRef(input: $ref) { ref { name } }
  createCommitOnBranch(input: $commit) ${COMMIT_PAYLOAD}
}`

/**
 * Makes a branch with a first commit on `baseSha`. One request, or three where a file is executable or an author is named.
 * Ends as a commit does; in `BRANCH_MOVED` when there is a branch of this name that points elsewhere, and in
 * `COMMIT_REJECTED` when GitHub makes no such branch.
 *
 * @see https://docs.github.com/en/graphql/reference/mutations#createref
 */
export async function createBranch(
  client: GitHubClient,
  changeSet: ChangeSet,
  { branch, head, signal }: NewBranch,
): Promise<NewBranchCommit> {
  const { nameWithOwner, repositoryId, treeSha: baseTreeSha } = head
  const target = { nameWithOwner, branch, baseTreeSha, signal }
  if (!canCommitInOneRequest(changeSet)) {
    return { ...(await createBranchThroughGitData(client, changeSet, target)), isNew: true }
  }
  const call: GitHubCall = { operation: 'createBranch', purpose: 'write', signal }
  const ref = { repositoryId, name: `refs/heads/${branch}`, oid: changeSet.baseSha }
  const variables = { ref, commit: commitInput(changeSet, target) }
  // Mutations run one after the other, and the second also when the first has failed: then it lands only if somebody has
  // made the branch at the very same commit.
  const { data, error } = await client.graphqlInParts(call, { query: MUTATION, variables }).catch(notMade)
  const landed = landedCommit(data)
  if (landed !== undefined) return { ...landed, isNew: error === undefined }
  // The branch was made, and the second mutation does not see it yet.
  if (error?.code === 'BRANCH_NOT_FOUND')
    return { ...(await commitThroughGraphQL(client, changeSet, target)), isNew: true }
  throw error ?? client.unreadable(call)
}

/** Where there is no branch after all, the first of the two failures is the reason. */
function notMade(error: unknown): never {
  if (!(error instanceof ResponseError) || error.code !== 'BRANCH_NOT_FOUND') throw error
  throw new ResponseError('COMMIT_REJECTED', `GitHub does not make the branch: ${error.message}`, { cause: error })
}
