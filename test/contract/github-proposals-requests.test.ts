import { generateKeyPairSync } from 'node:crypto'
import { Secret } from '@saker/core'
import { openProposals, openRepository } from '@saker/repository'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { aRepository } from '../support/a-repository.ts'
import { DOUBLE_TOKEN, startGitHubDouble, type GitHubDouble } from '../support/github-double/github-double.ts'
import { proposalsOn, startOnDouble } from './github-proposals-setup.ts'
import { asked, forget, hostRepository } from './github-setup.ts'
import { BRANCH, list, present, propose, TEXT } from './proposal-host-setup.ts'
import { cached, commit, current, edit, FILES, read, scaleWeb, WEB, webText } from './repository-host-setup.ts'

let double: GitHubDouble

beforeAll(async () => {
  double = await startGitHubDouble()
})
beforeEach(() => {
  forget(double)
})
afterAll(() => double.close())

const PLAIN = { ...TEXT, labels: [] }

test('lists, reads, makes the branch with its commit, opens and labels in five requests', async () => {
  const { repository } = await startOnDouble(double)
  const proposals = proposalsOn(double, repository)
  await list(proposals)
  const { tree } = await read(proposals.open('saker/main-unborn'))

  await commit(proposals.open(BRANCH), scaleWeb(tree.sha))
  await present(proposals)

  expect(asked(double)).toEqual(['ListProposals', 'ReadHead', 'CreateBranch', 'POST /pulls', 'POST /issues/1/labels'])
  expect(repository.pullRequests.get(1).labels).toEqual(TEXT.labels)
})

test('adds to an open pull request in two requests: the commit, and the text', async () => {
  const { repository } = await startOnDouble(double)
  const proposals = proposalsOn(double, repository)
  const branch = proposals.open(BRANCH)
  const { tree } = await read(branch)
  await commit(branch, scaleWeb(tree.sha))
  await present(proposals)
  forget(double)

  const { tree: warm } = await read(branch, cached)
  await commit(branch, scaleWeb(warm.sha, 0, 1))
  const { pullRequest } = await present(proposals, { ...TEXT, body: 'Stops two.' })

  expect(asked(double)).toEqual(['CreateCommit', 'PATCH /pulls/1'])
  expect(pullRequest).toMatchObject({ state: 'open', body: 'Stops two.' })
})

test('uses what another host of the base has read', async () => {
  const { repository } = await startOnDouble(double)
  const { owner, name } = repository
  const config = aRepository({
    location: { kind: 'github', owner, repository: name, apiUrl: double.apiUrl },
    auth: { kind: 'token', tokenFrom: { env: 'TOKEN' } },
  })
  const options = { readSecret: async () => new Secret(DOUBLE_TOKEN), dataDir: 'unused', observe: () => {} }
  const base = openRepository(config, options)
  onTestFinished(() => base.close())
  const { tree } = await read(base)
  const proposals = openProposals(config, { ...options, base })
  await list(proposals)
  forget(double)

  await commit(proposals.open(BRANCH), scaleWeb(tree.sha))

  expect(asked(double)).toEqual(['CreateBranch'])
  await proposals.close()
  expect(await read(base, cached)).toMatchObject({ current: false, tree: { sha: tree.sha } })
})

test('does all of it on GitHub Enterprise, with one token of an app', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const app = { appId: '1234', installationId: '5678', publicKey }
  const enterprise = await startGitHubDouble({ enterprise: true, app })
  onTestFinished(() => enterprise.close())
  const { repository } = await startOnDouble(enterprise)
  const key = new Secret(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  const auth = { kind: 'app', appId: '1234', installationId: '5678', privateKey: async () => key } as const
  const proposals = proposalsOn(enterprise, repository, { auth })

  await list(proposals)
  await propose(proposals)
  await present(proposals, { ...PLAIN, autoMerge: 'merge' })

  expect(asked(enterprise)).toEqual([
    expect.stringMatching(/access_tokens$/u),
    'ListProposals',
    'ReadHead',
    'CreateBranch',
    'POST /pulls',
    'EnableAutoMerge',
  ])
  expect(repository.pullRequests.get(1).autoMerge).toBe('MERGE')
})

test('takes up a branch that has no pull request with a list, a read and the opening', async () => {
  const { repository } = await startOnDouble(double)
  await propose(proposalsOn(double, repository))
  forget(double)

  const proposals = proposalsOn(double, repository)
  await list(proposals)
  await propose(proposals, { from: 0, to: 1 })
  await present(proposals, PLAIN)

  expect(asked(double)).toEqual(['ListProposals', 'ReadHead', 'CreateCommit', 'POST /pulls'])
})

test('looks for a pull request first where it cannot know whether there is one', async () => {
  const { repository } = await startOnDouble(double)
  await propose(proposalsOn(double, repository))
  await present(proposalsOn(double, repository), PLAIN)
  forget(double)

  await present(proposalsOn(double, repository), PLAIN)

  expect(asked(double)).toEqual(['GET /pulls?state=all&head=acme%3Asaker%2Fmain-1&base=main&per_page=100'])
})

describe('a list', () => {
  test('asks once more for what an ended pull request said whose branch is gone, and only once', async () => {
    const { repository, deleteBranch } = await startOnDouble(double)
    const proposals = proposalsOn(double, repository)
    await propose(proposals)
    await present(proposals, PLAIN)
    await deleteBranch(BRANCH)
    forget(double)

    const fresh = proposalsOn(double, repository)
    const [first, second] = [await list(fresh), await list(fresh)]

    expect(asked(double)).toEqual(['ListProposals', 'ReadPullRequests', 'ListProposals'])
    expect(second).toEqual(first)
    expect(first[0]?.pullRequest?.body).toBe(TEXT.body)
  })

  test('takes a page for each hundred branches', async () => {
    const { repository, makeBranch } = await startOnDouble(double)
    await makeBranch('saker/main-000')
    const sha = (await repository.head('main')) ?? ''
    const names = Array.from({ length: 120 }, (_, index) => `saker/main-${String(index + 1).padStart(3, '0')}`)
    await repository.origin.git(
      ['update-ref', '--stdin'],
      names.map((name) => `create refs/heads/${name} ${sha}\n`).join(''),
    )
    forget(double)

    const listed = await list(proposalsOn(double, repository))

    expect(asked(double)).toEqual(['ListProposals', 'ListProposals'])
    expect(listed.map(({ name }) => name)).toEqual(['saker/main-000', ...names])
  })

  test('leaves out what ended long ago and whose branch is gone', async () => {
    const { repository, deleteBranch } = await startOnDouble(double)
    const proposals = proposalsOn(double, repository)
    await propose(proposals)
    await present(proposals, PLAIN)
    await deleteBranch(BRANCH)

    const eightDaysLater = proposalsOn(double, repository, { now: () => Date.now() + 8 * 24 * 3_600_000 })

    expect(await list(proposalsOn(double, repository))).toHaveLength(1)
    expect(await list(eightDaysLater)).toEqual([])
  })

  test('does not take a pull request from a fork for one of ours', async () => {
    const { repository } = await startOnDouble(double)
    const proposals = proposalsOn(double, repository)
    const { commit: own } = await propose(proposals)
    const theirs = { title: 'stop everything', body: '', head: BRANCH, base: 'main', draft: false, isFromFork: true }
    repository.pullRequests.open(theirs, own.sha)

    const before = await list(proposals)
    const { pullRequest } = await present(proposalsOn(double, repository))

    expect(before).toEqual([{ name: BRANCH, sha: own.sha }])
    expect(pullRequest?.number).toBe(2)
    expect(repository.pullRequests.get(1).title).toBe('stop everything')
  })

  test('does not take a pull request into another branch for one of ours', async () => {
    const { repository, makeBranch } = await startOnDouble(double)
    const proposals = proposalsOn(double, repository)
    const { commit: own } = await propose(proposals)
    await makeBranch('release')
    repository.pullRequests.open(
      { title: 'for release', body: '', head: BRANCH, base: 'release', draft: false },
      own.sha,
    )

    expect(await list(proposals)).toEqual([{ name: BRANCH, sha: own.sha }])
  })
})

test('does not read a large tree anew for a branch that begins where the base is', async () => {
  const errors = [{ type: 'RESOURCE_LIMITS_EXCEEDED', message: 'Resource limits for this query exceeded.' }]
  const overloaded = await startGitHubDouble()
  onTestFinished(() => overloaded.close())
  const repository = await hostRepository(overloaded, { ...FILES, 'apps/other.yaml': 'kind: ConfigMap\n' })
  const proposals = proposalsOn(overloaded, repository)
  overloaded.faults.push({
    match: { operation: 'ReadHead' },
    kind: 'status',
    status: 200,
    body: { data: {}, errors },
    times: Infinity,
  })
  await list(proposals)
  const { tree } = await read(proposals.open('saker/main-unborn'))
  const cold = asked(overloaded).slice(1)
  await repository.origin.git(['update-ref', `refs/heads/${BRANCH}`, tree.sha])
  await list(proposals)
  forget(overloaded)

  const branch = proposals.open(BRANCH)
  const same = await read(branch, current)
  const atBase = asked(overloaded)
  forget(overloaded)
  await commit(branch, { ...scaleWeb(same.tree.sha), edits: [edit(WEB, webText(3), webText(0))] })
  await read(branch, cached)

  expect(cold).toEqual(['ReadHead', 'ReadTip', expect.stringMatching(/^GET \/tarball/u)])
  expect(same.tree.files.get('apps/other.yaml')?.text).toBe('kind: ConfigMap\n')
  expect(atBase).toEqual(['ReadTip'])
  expect(asked(overloaded)).toEqual(['CreateCommit'])
})
