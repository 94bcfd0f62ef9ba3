import type { TokenGrant } from './double-credentials.ts'
import { graphqlError, notAccessible, repositoryNotFound } from './graphql-error.ts'
import { repositorySource, type GraphQLSource } from './graphql-objects.ts'
import type { CommitIdentity, HostedRepository, TreeChange } from './hosted-repository.ts'

/** The mutation's input, as GitHub's schema has checked it. */
export interface CreateCommitInput {
  readonly clientMutationId?: string
  readonly branch: { readonly id?: string; readonly repositoryNameWithOwner?: string; readonly branchName?: string }
  readonly expectedHeadOid: string
  readonly message: { readonly headline: string; readonly body?: string }
  readonly fileChanges?: {
    readonly additions?: readonly { readonly path: string; readonly contents: string }[]
    readonly deletions?: readonly { readonly path: string }[]
  }
}

/** Commits through the API are made by the token's owner and committed by GitHub. */
export const TOKEN_OWNER: CommitIdentity = { name: 'Token Owner', email: 'owner@users.noreply.github.example' }
const GITHUB: CommitIdentity = { name: 'GitHub', email: 'noreply@github.com' }

/**
 * `createCommitOnBranch`. The forms of its errors are those that users have recorded; that of a missing branch is not on
 * record, only its type.
 */
export async function createCommitOnBranch(
  input: CreateCommitInput,
  repository: HostedRepository | undefined,
  { grant, webUrl }: { readonly grant: TokenGrant; readonly webUrl: string },
): Promise<GraphQLSource> {
  const { repositoryNameWithOwner = '', branchName = '' } = input.branch
  if (repository === undefined) throw repositoryNotFound(repositoryNameWithOwner)
  if (grant.contents !== 'write') throw graphqlError('FORBIDDEN', notAccessible(grant.kind))
  if (repository.traits.archived) throw graphqlError('UNPROCESSABLE', 'Repository was archived so is read-only')
  const head = await repository.head(branchName)
  if (head === undefined) throw graphqlError('NOT_FOUND', `The branch '${branchName}' could not be found.`)
  refuseProtected(repository, branchName)
  const stale = graphqlError(
    'STALE_DATA',
    `Expected branch to point to "${input.expectedHeadOid}" but it did not.  Pull and try again.`,
  )
  if (head !== input.expectedHeadOid) throw stale

  const tree = await repository.writeTree(head, await changesOf(input, repository, head))
  if (tree === undefined) throw graphqlError('UNPROCESSABLE', 'A tree could not be made of the file changes.')
  const { headline, body = '' } = input.message
  const message = body === '' ? headline : `${headline}\n\n${body}`
  const sha = await repository.writeCommit({ tree, parents: [head], message, author: TOKEN_OWNER, committer: GITHUB })
  if (!(await repository.moveBranch(branchName, sha, head))) throw stale
  const source = repositorySource(repository, webUrl) as {
    object(args: { oid: string }): unknown
    ref(args: object): unknown
  }
  return {
    __typename: 'CreateCommitOnBranchPayload',
    clientMutationId: input.clientMutationId ?? null,
    commit: () => source.object({ oid: sha }),
    ref: () => source.ref({ qualifiedName: `refs/heads/${branchName}` }),
  }
}

function refuseProtected(repository: HostedRepository, branch: string): void {
  const { traits } = repository
  if (!repository.isProtected(branch)) return
  if (traits.protection === 'classic') {
    const said = `protected branch '${branch}' check failed:\n  Changes must be made through a pull request.`
    throw graphqlError('BRANCH_PROTECTION_RULE_VIOLATION', said)
  }
  if (traits.protection === 'ruleset') {
    const said = 'Repository rule violations found\n\nChanges must be made through a pull request.\n\n'
    throw graphqlError('UNPROCESSABLE', said)
  }
}

/** Every file that is added becomes a plain one, whatever it was before. */
async function changesOf(
  { fileChanges }: CreateCommitInput,
  repository: HostedRepository,
  head: string,
): Promise<readonly TreeChange[]> {
  const changes: TreeChange[] = []
  for (const { path, contents } of fileChanges?.additions ?? []) {
    const oid = await repository.writeBlob(Buffer.from(contents, 'base64'))
    changes.push({ path, mode: '100644', oid })
  }
  const tree = (await repository.objects.commit(head))?.tree ?? ''
  for (const { path } of fileChanges?.deletions ?? []) {
    if ((await repository.objects.entryAt(tree, path)) === undefined) {
      throw graphqlError('UNPROCESSABLE', `A path was requested for deletion which does not exist: ${path}`)
    }
    changes.push({ path, mode: '100644', oid: null })
  }
  return changes
}
