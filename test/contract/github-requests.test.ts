import type { RequestObserver } from '@saker/engine'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { startGitHubDouble, type GitHubDouble } from '../support/github-double/github-double.ts'
import { asked, failureOf, forget, hostRepository, openOn } from './github-setup.ts'
import { cached, commit, edit, FILES, read, scaleWeb, WEB, webText } from './repository-host-setup.ts'

let double: GitHubDouble

beforeAll(async () => {
  double = await startGitHubDouble()
})

beforeEach(() => forget(double))

afterAll(() => double.close())

const LISTING: unknown = expect.stringMatching(/^GET \/git\/trees\/[0-9a-f]{40}\?recursive=1$/u)
const TARBALL: unknown = expect.stringMatching(/^GET \/tarball\/[0-9a-f]{40}$/u)
const AUTHOR = { name: 'A Bot', email: 'bot@example.test' }

test('needs two requests for a cold read and a commit, and one for a commit after that', async () => {
  const host = openOn(double, await hostRepository(double))

  const { tree } = await read(host, cached)
  const first = await commit(host, scaleWeb(tree.sha))
  await read(host, cached)
  await commit(host, scaleWeb(first.sha, 0, 1))

  expect(asked(double)).toEqual(['ReadHead', 'CreateCommit', 'CreateCommit'])
})

test('brings past commits along in the same request', async () => {
  const host = openOn(double, await hostRepository(double))

  const { past } = await read(host, { ...cached, past: 5 })

  expect(past).toHaveLength(1)
  expect(asked(double)).toEqual(['ReadHead'])
})

test('needs three requests to commit after a foreign commit: refused, read, committed', async () => {
  const repository = await hostRepository(double)
  const host = openOn(double, repository)
  const { tree } = await read(host)
  await repository.origin.commit({ 'other.yaml': 'o: 1\n' })
  forget(double)

  const refused = await failureOf(commit(host, scaleWeb(tree.sha)))
  const again = await read(host, cached)
  await commit(host, scaleWeb(again.tree.sha))

  expect(refused.code).toBe('BRANCH_MOVED')
  expect(asked(double)).toEqual(['CreateCommit', 'ReadHead', 'CreateCommit'])
})

test('refuses without a request what was planned on a commit it has moved on from', async () => {
  const host = openOn(double, await hostRepository(double))
  const { tree } = await read(host)
  await commit(host, scaleWeb(tree.sha))
  forget(double)

  const refused = await failureOf(commit(host, scaleWeb(tree.sha)))

  expect(refused.code).toBe('BRANCH_MOVED')
  expect(asked(double)).toEqual([])
})

test('commits through the Git Data API when an author is named, and never by force', async () => {
  const host = openOn(double, await hostRepository(double))
  const { tree } = await read(host)
  forget(double)

  const first = await commit(host, { ...scaleWeb(tree.sha), author: AUTHOR })
  await commit(host, scaleWeb(first.sha, 0, 1))

  expect(asked(double).toSorted()).toEqual([
    'CreateCommit',
    'GET /git/ref/heads/main',
    'PATCH /git/refs/heads/main',
    'POST /git/commits',
    'POST /git/trees',
  ])
})

test('gives the page of the commit either way', async () => {
  const repository = await hostRepository(double)
  const host = openOn(double, repository)
  const { tree } = await read(host)

  const first = await commit(host, scaleWeb(tree.sha))
  const second = await commit(host, { ...scaleWeb(first.sha, 0, 1), author: AUTHOR })

  for (const { sha, url } of [first, second])
    expect(url).toBe(`${double.apiUrl}/${repository.nameWithOwner}/commit/${sha}`)
})

test('works on a branch whose name has slashes and signs', async () => {
  const repository = await hostRepository(double)
  await repository.origin.git(['branch', 'env/größe#1', 'main'])
  const host = openOn(double, repository, { branch: 'env/größe#1' })
  const { tree } = await read(host)

  const first = await commit(host, scaleWeb(tree.sha))
  const second = await commit(host, { ...scaleWeb(first.sha, 0, 1), author: AUTHOR })

  expect(await repository.origin.head('env/größe#1')).toBe(second.sha)
})

test('follows folders that lie deeper than one query reaches, asking for no text twice', async () => {
  const deep = '1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/deep.yaml'
  const host = openOn(double, await hostRepository(double, { ...FILES, [deep]: 'd: 1\n' }))

  const { tree } = await read(host)

  expect(tree.files.get(deep)?.text).toBe('d: 1\n')
  expect(tree.files.get(WEB)?.text).toBe(webText(3))
  expect(asked(double)).toEqual(['ReadHead', LISTING, 'ReadBlobs'])
})

test('fetches a manifest by itself when its text comes truncated, and edits it', async () => {
  const long = `a: 1\n# ${'long '.repeat(100)}ü\n`
  const repository = await hostRepository(double, { 'long.yaml': long, 'long.md': long }, { truncateTextAt: 100 })
  const host = openOn(double, repository)

  const { tree } = await read(host)
  await commit(host, { baseSha: tree.sha, message: 'edit\n', edits: [edit('long.yaml', long, `${long}# more\n`)] })

  expect(tree.files.get('long.yaml')?.text).toBe(long)
  expect(asked(double)).toEqual(['ReadHead', expect.stringMatching(/^GET \/git\/blobs\//u), 'CreateCommit'])
  expect(await repository.origin.read('long.yaml')).toBe(`${long}# more\n`)
})

test('gives no text where GitHub shows converted text, so that no edit can lose bytes', async () => {
  const latin = new Uint8Array([0x6b, 0x3a, 0x20, 0xfc, 0x0a])
  const host = openOn(double, await hostRepository(double, { 'latin.yaml': latin }))
  const { tree } = await read(host)

  const edited = commit(host, { baseSha: tree.sha, message: 'edit\n', edits: [edit('latin.yaml', 'k: ü\n', 'k: u\n')] })

  expect(tree.files.get('latin.yaml')).not.toHaveProperty('text')
  expect((await failureOf(edited)).code).toBe('MANIFEST_NOT_TEXT')
})

test.each([
  ['a gateway error', { status: 502, body: '<html>Bad Gateway</html>' }],
  [
    'a timeout of its own',
    { status: 200, body: { errors: [{ message: 'Something went wrong while executing your query.' }] } },
  ],
  [
    'its limits',
    {
      status: 200,
      body: {
        data: {},
        errors: [{ type: 'RESOURCE_LIMITS_EXCEEDED', message: 'Resource limits for this query exceeded.' }],
      },
    },
  ],
])('reads an archive when GitHub answers a query for a whole tree with %s', async (_, answer) => {
  const host = openOn(double, await hostRepository(double))
  double.faults.push({ match: { operation: 'ReadHead' }, kind: 'status', ...answer })

  const { tree } = await read(host)

  expect(tree.files.get(WEB)?.text).toBe(webText(3))
  expect(asked(double)).toEqual(['ReadHead', 'ReadTip', TARBALL])
})

test('reads and commits under the new name of a repository that was renamed', async () => {
  const repository = await hostRepository(double, FILES, { formerNames: ['acme/old-name'] })
  const host = openOn(double, { owner: 'acme', name: 'old-name' })

  const { tree } = await read(host)
  const first = await commit(host, scaleWeb(tree.sha))
  const second = await commit(host, { ...scaleWeb(first.sha, 0, 1), author: AUTHOR })

  expect(await repository.origin.head()).toBe(second.sha)
})

test('refuses to change a file that is not there', async () => {
  const host = openOn(double, await hostRepository(double))
  const { tree } = await read(host)

  const edited = commit(host, { baseSha: tree.sha, message: 'edit\n', edits: [edit('gone.yaml', 'a: 1\n', 'a: 0\n')] })

  expect((await failureOf(edited)).code).toBe('MANIFEST_MISSING')
})

test('creates a file that is not there', async () => {
  const repository = await hostRepository(double)
  const host = openOn(double, repository)
  const { tree } = await read(host)

  await commit(host, { baseSha: tree.sha, message: 'new\n', edits: [edit('apps/new.yaml', '', 'a: 0\n')] })

  expect(await repository.origin.read('apps/new.yaml')).toBe('a: 0\n')
})

test('reports every request with its operation and status, and names itself', async () => {
  const seen: string[] = []
  const host = openOn(double, await hostRepository(double), {
    observe: ({ operation, status }) => seen.push(`${operation} ${status}`),
    userAgent: 'saker/9',
  })
  double.faults.push({ match: { any: true }, kind: 'status', status: 500 }, { match: { any: true }, kind: 'hang-up' })

  await failureOf(read(host))
  await failureOf(read(host))
  await read(host)

  expect(seen).toEqual(['readHead 500', 'readHead error', 'readHead 200'])
  expect(double.requests[0]?.userAgent).toMatch(/^saker\/9 /u)
})

test('tells with every request what is left of the budget that it was paid from', async () => {
  const own = await startGitHubDouble()
  onTestFinished(() => own.close())
  const told: Parameters<RequestObserver>[0][] = []
  const host = openOn(own, await hostRepository(own), { observe: (request) => told.push(request) })
  own.faults.push({ kind: 'status', status: 502, body: 'bad gateway', match: { operation: 'CreateCommit' } })

  const { tree } = await read(host, cached)
  await failureOf(commit(host, scaleWeb(tree.sha)))
  await commit(host, { ...scaleWeb(tree.sha), author: AUTHOR })

  expect(told.map(({ status, budget }) => `${status} ${budget?.resource} ${budget?.remaining}`)).toEqual([
    '200 graphql 4999',
    '502 graphql 4998',
    '200 core 4999',
    '201 core 4998',
    '201 core 4997',
    '200 core 4996',
  ])
  expect(told.every(({ budget }) => (budget?.resetsAt ?? 0) > Date.now())).toBe(true)
})

test('tells of no budget where GitHub Enterprise has none', async () => {
  const own = await startGitHubDouble({ enterprise: true })
  onTestFinished(() => own.close())
  const told: Parameters<RequestObserver>[0][] = []
  const host = openOn(own, await hostRepository(own), { observe: (request) => told.push(request) })

  await read(host, cached)

  expect(told).toEqual([{ operation: 'readHead', status: '200' }])
})
