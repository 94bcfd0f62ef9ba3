import { nowText, type HostedPullRequest } from './hosted-pull-requests.ts'
import { sampleOf } from './openapi.ts'
import { refusal, type RestAnswer, type RestRequest, type RestRoute } from './rest-answer.ts'

const about = { permission: 'pullRequests' } as const

/** Pull requests, and the labels that they have as issues. */
export const PULL_ROUTES: readonly RestRoute[] = [
  { ...about, method: 'GET', path: '/repos/{owner}/{repo}/pulls', writes: false, answer: listPulls },
  { ...about, method: 'POST', path: '/repos/{owner}/{repo}/pulls', writes: true, answer: openPull },
  { ...about, method: 'GET', path: '/repos/{owner}/{repo}/pulls/{pull_number}', writes: false, answer: getPull },
  { ...about, method: 'PATCH', path: '/repos/{owner}/{repo}/pulls/{pull_number}', writes: true, answer: updatePull },
  {
    ...about,
    method: 'POST',
    path: '/repos/{owner}/{repo}/issues/{issue_number}/labels',
    writes: true,
    answer: addLabels,
  },
]

const REPOSITORY_ID = 77
const FORK_ID = 78
const MAX_BODY = 65_536

/** GitHub's form for what is wrong with a pull request. */
function invalid(problem: { readonly field: string } | { readonly message: string }): RestAnswer {
  const code = 'message' in problem ? 'custom' : 'invalid'
  return refusal(422, 'Validation Failed', [{ resource: 'PullRequest', code, ...problem }])
}

/** A fork is another repository of the same owner, so that `head` alone does not tell. */
async function listPulls(request: RestRequest): Promise<RestAnswer> {
  const { repository, query } = request
  await repository.pullRequests.noteHeads()
  const { state = 'open', head, base } = query
  const [user, ...name] = (head ?? '').split(':')
  const found = repository.pullRequests.all.filter(
    (one) =>
      (state === 'all' || (one.state === 'open') === (state === 'open')) &&
      (base === undefined || one.base === base) &&
      (head === undefined || (one.head === name.join(':') && user === repository.owner)),
  )
  const newest = found.toSorted((one, other) => other.number - one.number).slice(0, Number(query['per_page'] ?? '30'))
  return { status: 200, body: newest.map((one) => pullBody(request, one, 'pull-request-simple')) }
}

async function openPull(request: RestRequest): Promise<RestAnswer> {
  const { repository, body } = request
  const { pullRequests, traits } = repository
  const [title, head, base] = ['title', 'head', 'base'].map((key) => String(body[key]))
  if (traits.pullRequests === 'off') return refusal(403, 'Pull requests are disabled for this repository.')
  if (title === undefined || head === undefined || base === undefined) return invalid({ field: 'title' })
  const [from, to] = [await repository.head(head), await repository.head(base)]
  if (to === undefined) return invalid({ field: 'base' })
  if (from === undefined) return invalid({ field: 'head' })
  if (body['draft'] === true && !traits.drafts) {
    return refusal(422, 'Draft pull requests are not supported in this repository.')
  }
  const text = typeof body['body'] === 'string' ? body['body'] : ''
  if (text.length > MAX_BODY) return invalid({ message: `body is too long (maximum is ${MAX_BODY} characters)` })
  const open = pullRequests.all.some(
    (one) => one.head === head && one.base === base && one.state === 'open' && !one.isFromFork,
  )
  if (open) return invalid({ message: `A pull request already exists for ${repository.owner}:${head}.` })
  if (await repository.isAncestor(from, to)) return invalid({ message: `No commits between ${base} and ${head}` })
  const draft = body['draft'] === true
  const opened = pullRequests.open({ title, body: text, head, base, draft }, from)
  return { status: 201, body: pullBody(request, opened, 'pull-request') }
}

async function getPull(request: RestRequest): Promise<RestAnswer> {
  const found = await findPull(request, 'pull_number')
  return found === undefined
    ? refusal(404, 'Not Found')
    : { status: 200, body: pullBody(request, found, 'pull-request') }
}

async function updatePull(request: RestRequest): Promise<RestAnswer> {
  const found = await findPull(request, 'pull_number')
  if (found === undefined) return refusal(404, 'Not Found')
  const { title, body } = request.body
  if (typeof title === 'string') found.title = title
  if (typeof body === 'string') found.body = body
  found.updatedAt = nowText()
  return { status: 200, body: pullBody(request, found, 'pull-request') }
}

async function addLabels(request: RestRequest): Promise<RestAnswer> {
  const found = await findPull(request, 'issue_number')
  if (found === undefined) return refusal(404, 'Not Found')
  const { labels } = request.body
  const added = Array.isArray(labels) ? labels.map(String) : []
  found.labels = [...new Set([...found.labels, ...added])]
  return { status: 200, body: found.labels.map(labelBody) }
}

async function findPull({ repository, params }: RestRequest, key: string): Promise<HostedPullRequest | undefined> {
  await repository.pullRequests.noteHeads()
  return repository.pullRequests.all.find(({ number }) => String(number) === params[key])
}

function pullBody(request: RestRequest, pull: HostedPullRequest, schema: string): unknown {
  const { url, webUrl, repository } = request
  const { number, title, body, head, base, headSha, state, isFromFork, endedAt, createdAt, updatedAt } = pull
  const side = (ref: string, sha: string, id: number): object => ({
    label: `${repository.owner}:${ref}`,
    ref,
    sha,
    user: sampleOf('simple-user', {}),
    repo: sampleOf('repository', { id, full_name: repository.nameWithOwner, owner: sampleOf('simple-user', {}) }),
  })
  return sampleOf(schema, {
    number,
    node_id: pullRequestId(repository.nameWithOwner, number),
    url: `${url}/pulls/${number}`,
    html_url: `${webUrl}/pull/${number}`,
    title,
    body,
    state: state === 'open' ? 'open' : 'closed',
    merged: state === 'merged',
    merged_at: state === 'merged' ? endedAt : null,
    closed_at: endedAt ?? null,
    created_at: createdAt,
    updated_at: updatedAt,
    draft: pull.draft,
    labels: pull.labels.map(labelBody),
    head: side(head, headSha, isFromFork ? FORK_ID : REPOSITORY_ID),
    base: side(base, headSha, REPOSITORY_ID),
    auto_merge: null,
  })
}

function labelBody(name: string): unknown {
  return sampleOf('label', { name, description: '' })
}

/** GitHub's own id of a pull request. */
export function pullRequestId(nameWithOwner: string, number: number): string {
  return `PR_${Buffer.from(`${nameWithOwner}#${number}`).toString('base64url')}`
}
