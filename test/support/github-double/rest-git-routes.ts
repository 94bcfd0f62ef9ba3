import type { GitCommit, GitTreeEntry } from './git-objects.ts'
import { TOKEN_OWNER } from './graphql-commit.ts'
import type { CommitIdentity, HostedRepository, TreeChange } from './hosted-repository.ts'
import { refusal, type RestAnswer, type RestRequest, type RestRoute } from './rest-answer.ts'

/** The Git Data API: refs, commits, trees and blobs. */
export const GIT_ROUTES: readonly RestRoute[] = [
  { method: 'GET', path: '/repos/{owner}/{repo}/git/ref/{ref}', writes: false, answer: getRef },
  { method: 'POST', path: '/repos/{owner}/{repo}/git/refs', writes: true, answer: createRef },
  { method: 'PATCH', path: '/repos/{owner}/{repo}/git/refs/{ref}', writes: true, answer: updateRef },
  { method: 'GET', path: '/repos/{owner}/{repo}/git/commits/{commit_sha}', writes: false, answer: getCommit },
  { method: 'POST', path: '/repos/{owner}/{repo}/git/commits', writes: true, answer: createCommit },
  { method: 'GET', path: '/repos/{owner}/{repo}/git/trees/{tree_sha}', writes: false, answer: getTree },
  { method: 'POST', path: '/repos/{owner}/{repo}/git/trees', writes: true, answer: createTree },
  { method: 'GET', path: '/repos/{owner}/{repo}/git/blobs/{file_sha}', writes: false, answer: getBlob },
  { method: 'POST', path: '/repos/{owner}/{repo}/git/blobs', writes: true, answer: createBlob },
]

function refBody({ url }: RestRequest, ref: string, sha: string): object {
  const object = { type: 'commit', sha, url: `${url}/git/commits/${sha}` }
  return { ref, node_id: `REF_${sha}`, url: `${url}/git/${encodeURI(ref).replaceAll('#', '%23')}`, object }
}

async function getRef(request: RestRequest): Promise<RestAnswer> {
  const ref = `refs/${request.params['ref'] ?? ''}`
  const sha = (await request.repository.refs()).get(ref)
  return sha === undefined ? refusal(404, 'Not Found') : { status: 200, body: refBody(request, ref, sha) }
}

async function createRef(request: RestRequest): Promise<RestAnswer> {
  const { repository, body } = request
  const ref = String(body['ref'])
  const sha = String(body['sha'])
  if ((await repository.refs()).has(ref)) return refusal(422, 'Reference already exists')
  if ((await repository.objects.commit(sha)) === undefined) return refusal(422, 'Object does not exist')
  if (repository.isProtected(ref.replace(/^refs\/heads\//u, '')) && repository.traits.protection === 'ruleset') {
    return refusal(422, 'Repository rule violations found\n\nCannot create ref due to creations being restricted.\n\n')
  }
  if (!(await repository.createRef(ref, sha))) return refusal(422, 'Reference update failed')
  return { status: 201, body: refBody(request, ref, sha) }
}

async function updateRef(request: RestRequest): Promise<RestAnswer> {
  const { repository, params, body } = request
  const name = params['ref'] ?? ''
  const branch = name.replace(/^heads\//u, '')
  const sha = String(body['sha'])
  const from = await repository.head(branch)
  if (from === undefined) return refusal(422, 'Reference does not exist')
  if ((await repository.objects.commit(sha)) === undefined) return refusal(422, 'Object does not exist')
  if (repository.isProtected(branch) && repository.traits.protection === 'ruleset') {
    return refusal(422, 'Repository rule violations found\n\nChanges must be made through a pull request.\n\n')
  }
  if (repository.isProtected(branch) && repository.traits.protection === 'classic') {
    return refusal(422, 'At least 1 approving review is required by reviewers with write access.')
  }
  if (body['force'] !== true && !(await repository.isAncestor(from, sha))) {
    return refusal(422, 'Update is not a fast forward')
  }
  if (!(await repository.moveBranch(branch, sha, from))) return refusal(422, 'Update is not a fast forward')
  return { status: 200, body: refBody(request, `refs/${name}`, sha) }
}

function commitBody({ url, webUrl }: RestRequest, commit: GitCommit): object {
  const { oid } = commit
  const verification = { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null }
  return {
    sha: oid,
    node_id: `C_${oid}`,
    url: `${url}/git/commits/${oid}`,
    html_url: `${webUrl}/commit/${oid}`,
    author: commit.author,
    committer: commit.committer,
    message: commit.message,
    tree: { sha: commit.tree, url: `${url}/git/trees/${commit.tree}` },
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${url}/git/commits/${sha}`,
      html_url: `${webUrl}/commit/${sha}`,
    })),
    verification,
  }
}

async function getCommit(request: RestRequest): Promise<RestAnswer> {
  const commit = await request.repository.objects.commit(request.params['commit_sha'] ?? '')
  return commit === undefined ? refusal(404, 'Not Found') : { status: 200, body: commitBody(request, commit) }
}

async function createCommit(request: RestRequest): Promise<RestAnswer> {
  const { repository, body } = request
  const tree = String(body['tree'])
  const parents = (body['parents'] ?? []) as readonly string[]
  if ((await repository.objects.tree(tree)) === undefined) return refusal(422, 'Tree SHA does not exist')
  for (const parent of parents) {
    if ((await repository.objects.commit(parent)) === undefined)
      return refusal(422, 'Parent SHA does not exist or is not a commit object')
  }
  const author = (body['author'] ?? TOKEN_OWNER) as CommitIdentity
  const committer = (body['committer'] ?? body['author'] ?? TOKEN_OWNER) as CommitIdentity
  const message = String(body['message'])
  const sha = await repository.writeCommit({ tree, parents, message, author, committer })
  const commit = await repository.objects.commit(sha)
  if (commit === undefined) throw new Error(`commit ${sha} was written and is not there`)
  return { status: 201, body: commitBody(request, commit) }
}

async function treeEntry({ url, repository }: RestRequest, { name, mode, oid }: GitTreeEntry): Promise<object> {
  const type = mode === '040000' ? 'tree' : mode === '160000' ? 'commit' : 'blob'
  const size = type === 'blob' ? (await repository.objects.find(oid))?.data.length : undefined
  return {
    path: name,
    mode,
    type,
    sha: oid,
    ...(size === undefined ? {} : { size }),
    ...(type === 'commit' ? {} : { url: `${url}/git/${type}s/${oid}` }),
  }
}

async function treeAnswer(request: RestRequest, status: number, sha: string): Promise<RestAnswer> {
  const entries = await request.repository.objects.tree(sha)
  if (entries === undefined) return refusal(404, 'Not Found')
  const limit = request.repository.traits.listingLimit
  const tree =
    request.query['recursive'] === undefined ? entries : await allBelow(request.repository, { entries, limit })
  const listed = tree.slice(0, limit)
  const body = {
    sha,
    url: `${request.url}/git/trees/${sha}`,
    tree: await Promise.all(listed.map((entry) => treeEntry(request, entry))),
    truncated: listed.length < tree.length,
  }
  return { status, body }
}

/** All entries of a tree at any depth, in order; one more than `limit` where there are more. */
async function allBelow(
  repository: HostedRepository,
  { entries, limit }: { readonly entries: readonly GitTreeEntry[]; readonly limit: number },
): Promise<GitTreeEntry[]> {
  const all: GitTreeEntry[] = []
  const ahead = entries.toReversed()
  for (let entry = ahead.pop(); entry !== undefined && all.length <= limit; entry = ahead.pop()) {
    all.push(entry)
    const folder = entry.mode === '040000' ? ((await repository.objects.tree(entry.oid)) ?? []) : []
    for (const inside of folder.toReversed()) ahead.push({ ...inside, name: `${entry.name}/${inside.name}` })
  }
  return all
}

async function getTree(request: RestRequest): Promise<RestAnswer> {
  const named = request.params['tree_sha'] ?? ''
  const commit = await request.repository.objects.commit((await request.repository.head(named)) ?? named)
  return treeAnswer(request, 200, commit?.tree ?? named)
}

async function createTree(request: RestRequest): Promise<RestAnswer> {
  const { repository, body } = request
  const base = body['base_tree'] as string | undefined
  const baseTree = base === undefined ? undefined : ((await repository.objects.commit(base))?.tree ?? base)
  if (baseTree !== undefined && (await repository.objects.tree(baseTree)) === undefined) {
    return refusal(422, 'base_tree is not a valid tree oid')
  }
  const changes: TreeChange[] = []
  for (const { path, mode = '100644', sha, content } of body['tree'] as readonly Partial<
    Record<string, string | null>
  >[]) {
    const oid = content === undefined || content === null ? sha : await repository.writeBlob(content)
    changes.push({ path: path ?? '', mode: mode ?? '100644', oid: oid ?? null })
  }
  const written = await repository.writeTree(baseTree, changes)
  return written === undefined ? refusal(422, 'GitRPC::BadObjectState') : treeAnswer(request, 201, written)
}

async function getBlob({ repository, params, url }: RestRequest): Promise<RestAnswer> {
  const sha = params['file_sha'] ?? ''
  const blob = await repository.objects.find(sha)
  if (blob?.type !== 'blob') return refusal(404, 'Not Found')
  const content = blob.data.toString('base64').replaceAll(/.{60}/gu, '$&\n')
  const about = { sha, node_id: `B_${sha}`, size: blob.data.length, url: `${url}/git/blobs/${sha}` }
  return { status: 200, body: { ...about, content, encoding: 'base64' } }
}

async function createBlob({ repository, body, url }: RestRequest): Promise<RestAnswer> {
  const encoding = body['encoding'] === 'base64' ? 'base64' : 'utf8'
  const sha = await repository.writeBlob(Buffer.from(String(body['content']), encoding))
  return { status: 201, body: { sha, url: `${url}/git/blobs/${sha}` } }
}
