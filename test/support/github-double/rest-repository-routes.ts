import { sampleOf } from './openapi.ts'
import { refusal, type RestAnswer, type RestRequest, type RestRoute } from './rest-answer.ts'

/** What the API tells of a repository as a whole, of its branches and of its files by path. */
export const REPOSITORY_ROUTES: readonly RestRoute[] = [
  { method: 'GET', path: '/repos/{owner}/{repo}', writes: false, answer: getRepository },
  { method: 'GET', path: '/repos/{owner}/{repo}/branches/{branch}', writes: false, answer: getBranch },
  { method: 'GET', path: '/repos/{owner}/{repo}/rules/branches/{branch}', writes: false, answer: getRules },
  { method: 'GET', path: '/repos/{owner}/{repo}/rulesets/{ruleset_id}', writes: false, answer: getRuleset },
  { method: 'GET', path: '/repos/{owner}/{repo}/contents/{path}', writes: false, answer: getContents },
  { method: 'GET', path: '/repos/{owner}/{repo}/tarball/{ref}', writes: false, answer: getTarball },
]

async function getRepository({ repository, url, webUrl }: RestRequest): Promise<RestAnswer> {
  const { name, nameWithOwner, traits } = repository
  const body = sampleOf('full-repository', {
    name,
    full_name: nameWithOwner,
    url,
    html_url: webUrl,
    archived: traits.archived,
    private: traits.private,
    default_branch: await repository.defaultBranch(),
    has_pull_requests: traits.pullRequests !== 'off',
    pull_request_creation_policy: traits.pullRequests === 'collaborators_only' ? 'collaborators_only' : 'all',
    allow_auto_merge: traits.autoMerge,
    allow_merge_commit: true,
    allow_squash_merge: true,
    allow_rebase_merge: true,
    permissions: { admin: false, push: traits.push, pull: true },
  })
  return { status: 200, body }
}

async function getBranch({ repository, params, url, webUrl }: RestRequest): Promise<RestAnswer> {
  const name = params['branch'] ?? ''
  const sha = await repository.head(name)
  if (sha === undefined) return refusal(404, 'Branch not found')
  const body = sampleOf('branch-with-protection', {
    name,
    commit: sampleOf('commit', { sha }),
    protected: repository.isProtected(name),
    protection: { enabled: repository.isProtected(name) && repository.traits.protection === 'classic' },
    protection_url: `${url}/branches/${name}/protection`,
    _links: { self: `${url}/branches/${name}`, html: `${webUrl}/tree/${name}` },
  })
  return { status: 200, body }
}

const RULESET = 7

async function getRules({ repository, params }: RestRequest): Promise<RestAnswer> {
  const { protection, protects, rules } = repository.traits
  if (!protects.test(params['branch'] ?? '')) return { status: 200, body: [] }
  const about = { ruleset_id: RULESET, ruleset_source_type: 'Repository', ruleset_source: repository.nameWithOwner }
  const pullRequest = {
    type: 'pull_request',
    parameters: {
      dismiss_stale_reviews_on_push: false,
      require_code_owner_review: false,
      require_last_push_approval: false,
      required_approving_review_count: 1,
      required_review_thread_resolution: false,
    },
  }
  const own = protection === 'ruleset' ? [pullRequest] : []
  return { status: 200, body: [...own, ...rules.map((type) => ({ type }))].map((rule) => ({ ...rule, ...about })) }
}

async function getRuleset({ repository, params }: RestRequest): Promise<RestAnswer> {
  if (params['ruleset_id'] !== String(RULESET)) return refusal(404, 'Not Found')
  const body = sampleOf('repository-ruleset', {
    id: RULESET,
    name: 'trunk',
    source: repository.nameWithOwner,
    enforcement: 'active',
    current_user_can_bypass: repository.traits.bypass,
  })
  return { status: 200, body }
}

/** Leads on to the download server. */
async function getTarball({ repository, params, downloadUrl }: RestRequest): Promise<RestAnswer> {
  const ref = params['ref'] ?? ''
  const commit = await repository.objects.commit((await repository.head(ref)) ?? ref)
  if (commit === undefined) return refusal(404, 'Not Found')
  return { status: 302, body: undefined, headers: { location: downloadUrl(repository, commit.oid) } }
}

async function getContents(request: RestRequest): Promise<RestAnswer> {
  const { repository, params, query } = request
  const ref = query['ref'] ?? (await repository.defaultBranch())
  const commit = await repository.objects.commit((await repository.head(ref)) ?? ref)
  if (commit === undefined) return refusal(404, `No commit found for the ref ${ref}`)
  const path = params['path'] ?? ''
  const entry = await repository.objects.entryAt(commit.tree, path)
  const object = entry === undefined ? undefined : await repository.objects.find(entry.oid)
  if (object === undefined) return refusal(404, 'Not Found')
  if (object.type === 'blob') {
    const content = object.data.toString('base64')
    return {
      status: 200,
      body: {
        ...fileAbout(request, path, object.oid),
        type: 'file',
        size: object.data.length,
        encoding: 'base64',
        content,
      },
    }
  }
  const entries = (await repository.objects.tree(object.oid)) ?? []
  const body = entries.map(({ name, oid, mode }) => ({
    ...fileAbout(request, path === '' ? name : `${path}/${name}`, oid),
    type: mode === '040000' ? 'dir' : 'file',
    size: 0,
  }))
  return { status: 200, body }
}

function fileAbout({ url, webUrl }: RestRequest, path: string, sha: string): object {
  const address = `${url}/contents/${encodeURI(path)}`
  const git = `${url}/git/blobs/${sha}`
  const html = `${webUrl}/blob/main/${encodeURI(path)}`
  const about = { name: path.split('/').at(-1) ?? '', path, sha, url: address, git_url: git, html_url: html }
  return { ...about, download_url: html, _links: { self: address, git, html } }
}
