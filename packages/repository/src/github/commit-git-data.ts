import { ResponseError } from '@saker/core'
import type { ChangeSet } from '@saker/engine'
import { textAt } from './github-answer.ts'
import type { CommitTarget, LandedCommit } from './commit-graphql.ts'
import type { GitHubClient } from './github-client.ts'
import type { GitHubCall } from './github-exchange.ts'
import { repositoryPath } from './repository-path.ts'

/**
 * Commits with the Git Data API: a tree, a commit on `baseSha`, then the branch moved to it without force, which GitHub
 * refuses when somebody committed meanwhile. It does not refuse when the branch was set back to an ancestor of the base,
 * so where the branch points is asked first. Four requests; what the first three make nobody can see.
 *
 * @see https://docs.github.com/en/rest/guides/using-the-rest-api-to-interact-with-your-git-database
 */
export async function commitThroughGitData(
  client: GitHubClient,
  changeSet: ChangeSet,
  target: CommitTarget,
): Promise<LandedCommit> {
  const { signal } = target
  const path = repositoryPath(target.nameWithOwner)
  const { baseSha } = changeSet
  const ref = headRef(target.branch)
  // Both are awaited whatever becomes of the other: no request outlives its commit.
  const [tree, tip] = await Promise.allSettled([
    createTree(client, changeSet, { path, baseTreeSha: target.baseTreeSha, signal }),
    readTip(client, `${path}/git/ref/${ref}`, signal),
  ])
  if (tip.status === 'rejected') throw tip.reason
  if (tip.value !== baseSha) throw new ResponseError('BRANCH_MOVED', `${client.place} has moved since it was read`)
  if (tree.status === 'rejected') throw tree.reason
  const landed = await createCommit(client, changeSet, { path, treeSha: tree.value, signal })
  const { sha } = landed

  const updateRef: GitHubCall = { operation: 'updateRef', purpose: 'write', signal }
  const moved = await client.rest(updateRef, { route: `PATCH ${path}/git/refs/${ref}`, body: { sha, force: false } })
  if (textAt(moved, 'object', 'sha') !== sha) throw client.unreadable(updateRef)
  return landed
}

/**
 * Makes a branch that points to a new commit on `baseSha`: a tree, a commit, a ref. Three requests, of which the last is
 * refused when there is such a branch.
 */
export async function createBranchThroughGitData(
  client: GitHubClient,
  changeSet: ChangeSet,
  target: CommitTarget,
): Promise<LandedCommit> {
  const { baseTreeSha, branch, nameWithOwner, signal } = target
  const path = repositoryPath(nameWithOwner)
  const treeSha = await createTree(client, changeSet, { path, baseTreeSha, signal })
  const landed = await createCommit(client, changeSet, { path, treeSha, signal })
  const createRef: GitHubCall = { operation: 'createRef', purpose: 'write', signal }
  const body = { ref: `refs/heads/${branch}`, sha: landed.sha }
  const made = await client.rest(createRef, { route: `POST ${path}/git/refs`, body }).catch(async (error: unknown) => {
    // GitHub has one word for a race that was lost and for names that cannot be.
    if (!(error instanceof ResponseError) || error.code !== 'COMMIT_REJECTED') throw error
    const tip = await readTip(client, `${path}/git/ref/${headRef(branch)}`, signal).catch(() => undefined)
    throw tip === undefined
      ? error
      : new ResponseError('BRANCH_MOVED', `${branch} was made meanwhile`, { cause: error })
  })
  if (textAt(made, 'object', 'sha') !== landed.sha) throw client.unreadable(createRef)
  return landed
}

/** Makes a commit that no branch leads to. */
async function createCommit(
  client: GitHubClient,
  { author, baseSha, message }: ChangeSet,
  { path, treeSha, signal }: { readonly path: string; readonly treeSha: string; readonly signal: AbortSignal },
): Promise<LandedCommit> {
  const call: GitHubCall = { operation: 'createCommit', purpose: 'prepare', signal }
  const commit = await client.rest(call, {
    route: `POST ${path}/git/commits`,
    body: {
      message,
      tree: treeSha,
      parents: [baseSha],
      ...(author === undefined ? {} : { author: { name: author.name, email: author.email } }),
    },
  })
  const sha = textAt(commit, 'sha')
  if (sha === undefined) throw client.unreadable(call)
  return { sha, treeSha, url: textAt(commit, 'html_url') }
}

/** A branch in the address of a ref. */
function headRef(branch: string): string {
  return `heads/${branch.split('/').map(encodeURIComponent).join('/')}`
}

async function readTip(client: GitHubClient, path: string, signal: AbortSignal): Promise<string | undefined> {
  const call: GitHubCall = { operation: 'getRef', purpose: 'prepare', signal }
  try {
    return textAt(await client.rest(call, { route: `GET ${path}` }), 'object', 'sha')
  } catch (error) {
    if (!(error instanceof ResponseError) || error.code !== 'REPOSITORY_NOT_FOUND') throw error
    throw new ResponseError('BRANCH_NOT_FOUND', `${client.place} does not exist any more`, { cause: error })
  }
}

async function createTree(
  client: GitHubClient,
  { edits }: ChangeSet,
  { path, baseTreeSha, signal }: { readonly path: string; readonly baseTreeSha: string; readonly signal: AbortSignal },
): Promise<string> {
  const call: GitHubCall = { operation: 'createTree', purpose: 'prepare', signal }
  const tree = edits.map((edit) => {
    if (edit.mode === '160000') throw new ResponseError('COMMIT_REJECTED', `${edit.path} is a submodule`)
    const entry = { path: edit.path, mode: edit.mode, type: 'blob' }
    return edit.after === null ? { ...entry, sha: null } : { ...entry, content: edit.after }
  })
  const created = await client.rest(call, { route: `POST ${path}/git/trees`, body: { base_tree: baseTreeSha, tree } })
  const sha = textAt(created, 'sha')
  if (sha === undefined) throw client.unreadable(call)
  return sha
}
