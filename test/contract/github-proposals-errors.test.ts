import { Secret } from '@saker/core'
import type { ProposalHost, ProposalText } from '@saker/engine'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGitHubDouble, type GitHubDouble } from '../support/github-double/github-double.ts'
import { proposalsOn, startOnDouble } from './github-proposals-setup.ts'
import { failureOf, hostRepository } from './github-setup.ts'
import { BRANCH, list, present, propose, TEXT } from './proposal-host-setup.ts'
import { commit, read, scaleWeb } from './repository-host-setup.ts'

let double: GitHubDouble
const PAUSE = { 'retry-after': '37' }
const OPENING = { method: 'POST', path: /\/pulls$/u } as const
const REVISING = { method: 'PATCH', path: /\/pulls\/\d+$/u } as const
const LABELLING = { method: 'POST', path: /\/labels$/u } as const
const CREATING = { operation: 'CreateBranch' } as const

beforeAll(async () => {
  double = await startGitHubDouble({
    tokens: {
      github_pat_double0123456789: { contents: 'write', kind: 'personal' },
      github_pat_commits_only0123: { contents: 'write', pullRequests: 'read', kind: 'personal' },
    },
  })
})
afterAll(() => double.close())

/** A branch with a commit, and no pull request yet. */
async function proposed(): Promise<Awaited<ReturnType<typeof startOnDouble>> & { readonly proposals: ProposalHost }> {
  const world = await startOnDouble(double)
  const proposals = proposalsOn(double, world.repository)
  await list(proposals)
  await propose(proposals)
  return { ...world, proposals }
}

describe('making a branch', () => {
  test.each(['effect-then-hang-up', 'effect-then-cut-off'] as const)(
    'is in doubt after %s, and found by looking',
    async (kind) => {
      const { repository } = await startOnDouble(double)
      const proposals = proposalsOn(double, repository)
      await list(proposals)
      const branch = proposals.open(BRANCH)
      const { tree } = await read(branch)
      double.faults.push({ match: CREATING, kind })

      const failure = await failureOf(commit(branch, scaleWeb(tree.sha)))
      const seen = await read(branch, { freshness: 'current', past: 3 })
      await present(proposals)

      expect(failure.code).toBe('COMMIT_UNCONFIRMED')
      expect(seen.past.map(({ message }) => message)).toEqual(['scale web to 0', 'first commit'])
      expect(repository.pullRequests.all).toHaveLength(1)
    },
  )

  test('is in doubt after a gateway error before any effect, and then made', async () => {
    const { repository, head } = await startOnDouble(double)
    const proposals = proposalsOn(double, repository)
    const branch = proposals.open(BRANCH)
    const { tree } = await read(branch)
    double.faults.push({ match: CREATING, kind: 'status', status: 502, body: 'Bad Gateway' })

    const failure = await failureOf(commit(branch, scaleWeb(tree.sha)))
    const { sha } = await commit(branch, scaleWeb((await read(branch)).tree.sha))

    expect(failure.code).toBe('COMMIT_UNCONFIRMED')
    expect(await head(BRANCH)).toBe(sha)
  })

  test('goes on with one that was left without a commit, and looks for its pull request', async () => {
    const { repository, makeBranch, head } = await startOnDouble(double)
    const proposals = proposalsOn(double, repository)
    await list(proposals)
    const branch = proposals.open(BRANCH)
    const { tree } = await read(branch)
    await makeBranch(BRANCH)

    const { sha } = await commit(branch, scaleWeb(tree.sha))
    const { pullRequest } = await present(proposals)

    expect(await head(BRANCH)).toBe(sha)
    expect(pullRequest?.number).toBe(1)
    const operations = double.requests.slice(-4).map(({ method, operation }) => operation ?? method)
    expect(operations).toEqual(['CreateBranch', 'GET', 'POST', 'POST'])
  })

  test('commits once more when GitHub does not see at once that it has made the branch', async () => {
    const { repository, makeBranch, head } = await startOnDouble(double)
    const branch = proposalsOn(double, repository).open(BRANCH)
    const { tree } = await read(branch)
    const errors = [
      { type: 'NOT_FOUND', path: ['createCommitOnBranch'], message: "The branch 'x' could not be found." },
    ]
    const body = { data: { createRef: { ref: { name: BRANCH } }, createCommitOnBranch: null }, errors }
    double.faults.push({ match: CREATING, kind: 'status', status: 200, body })
    await makeBranch(BRANCH)

    const { sha } = await commit(branch, scaleWeb(tree.sha))

    expect(await head(BRANCH)).toBe(sha)
  })

  test.each([
    ['BRANCH_PROTECTED', 'creations being restricted', { protection: 'ruleset', protects: /^saker\//u }],
    ['BRANCH_PROTECTED', 'through a pull request', { protection: 'classic', protects: /^saker\//u }],
    ['REPOSITORY_ARCHIVED', 'archived', { archived: true }],
  ] as const)('ends in %s where that is what is said: %s', async (code, said, traits) => {
    const { repository } = await startOnDouble(double, { traits })
    const branch = proposalsOn(double, repository).open(BRANCH)
    const { tree } = await read(branch)

    const failure = await failureOf(commit(branch, scaleWeb(tree.sha)))

    expect(failure.code).toBe(code)
    expect(failure.message).toContain(said)
  })

  test('is free of a protection of the base alone', async () => {
    const { repository, head } = await startOnDouble(double, { traits: { protection: 'classic' } })
    const proposals = proposalsOn(double, repository)

    const { commit: made } = await propose(proposals)

    expect(await head(BRANCH)).toBe(made.sha)
  })

  test('ends in COMMIT_REJECTED where another branch is in the way of the name', async () => {
    const { repository, makeBranch } = await startOnDouble(double)
    await makeBranch('saker')
    const branch = proposalsOn(double, repository).open(BRANCH)
    const { tree } = await read(branch)

    const failure = await failureOf(commit(branch, scaleWeb(tree.sha)))

    expect(failure.code).toBe('COMMIT_REJECTED')
    expect(failure.message).toContain('does not make the branch')
  })
})

describe('opening a pull request', () => {
  test.each([
    [{ kind: 'effect-then-hang-up' }, 'REPOSITORY_UNAVAILABLE'],
    [{ kind: 'effect-then-cut-off' }, 'REPOSITORY_UNAVAILABLE'],
    [{ kind: 'effect-then-status', status: 502 }, 'REPOSITORY_UNAVAILABLE'],
    [{ kind: 'hang-up' }, 'REPOSITORY_UNAVAILABLE'],
    [{ kind: 'status', status: 500, body: { message: 'Server Error' } }, 'REPOSITORY_UNAVAILABLE'],
    [{ kind: 'status', status: 429, headers: PAUSE, body: { message: 'slow down' } }, 'RATE_LIMITED'],
    [
      { kind: 'status', status: 403, headers: PAUSE, body: { message: 'You have exceeded a secondary rate limit.' } },
      'RATE_LIMITED',
    ],
  ] as const)('ends after %j in %s, and then there is one, with its labels', async (fault, code) => {
    const { repository, proposals } = await proposed()
    double.faults.push({ match: OPENING, ...fault })

    const failure = await failureOf(present(proposals))
    const { pullRequest, notes } = await present(proposals)

    expect(failure.code).toBe(code)
    expect(failure.retryAfterMs).toBe(code === 'RATE_LIMITED' ? 37_000 : undefined)
    expect(pullRequest).toMatchObject({ number: 1, state: 'open', title: TEXT.title, body: TEXT.body })
    expect(notes).toEqual([])
    expect(repository.pullRequests.all).toHaveLength(1)
    expect(repository.pullRequests.get(1).labels).toEqual(TEXT.labels)
  })

  test('opens no second one when the first was turned down before its answer was seen', async () => {
    const { repository, proposals } = await proposed()
    double.faults.push({ match: OPENING, kind: 'effect-then-hang-up' })
    await failureOf(present(proposals))
    repository.pullRequests.close(1)

    const { pullRequest } = await present(proposals)

    expect(pullRequest).toMatchObject({ number: 1, state: 'closed' })
    expect(repository.pullRequests.all).toHaveLength(1)
  })

  test('ends in CREDENTIAL_FORBIDDEN without the permission, which is named', async () => {
    const { repository } = await proposed()
    const secret = 'github_pat_commits_only0123'
    const auth = { kind: 'token', token: async () => new Secret(secret) } as const
    const proposals = proposalsOn(double, repository, { auth })

    const failure = await failureOf(present(proposals), [secret])

    expect(failure.code).toBe('CREDENTIAL_FORBIDDEN')
    expect(failure.message).toContain('"Pull requests: write"')
  })

  test('ends in PULL_REQUEST_REJECTED where pull requests are switched off', async () => {
    const { repository, proposals } = await proposed()
    repository.traits.pullRequests = 'off'

    const failure = await failureOf(present(proposals))

    expect(failure.code).toBe('PULL_REQUEST_REJECTED')
    expect(failure.message).toContain('switched off')
  })

  test('ends in PULL_REQUEST_REJECTED for what GitHub cannot store, in its words', async () => {
    const { proposals } = await proposed()

    const failure = await failureOf(present(proposals, { ...TEXT, body: 'x'.repeat(65_537) }))

    expect(failure.code).toBe('PULL_REQUEST_REJECTED')
    expect(failure.message).toContain('body is too long (maximum is 65536 characters)')
  })

  test('ends in BRANCH_MOVED when the branch was deleted meanwhile', async () => {
    const { proposals, deleteBranch } = await proposed()
    await deleteBranch(BRANCH)

    expect((await failureOf(present(proposals))).code).toBe('BRANCH_MOVED')
  })
})

describe('what goes with a pull request', () => {
  const automatic: ProposalText = { ...TEXT, autoMerge: 'squash' }

  test('has GitHub merge it by the method that is asked for', async () => {
    const { repository, proposals } = await proposed()

    const { notes } = await present(proposals, automatic)

    expect(notes).toEqual([])
    expect(repository.pullRequests.get(1).autoMerge).toBe('SQUASH')
  })

  test.each([
    ['Auto merge is not allowed for this repository', { autoMerge: false }],
    ['Pull request is in clean status', { mergeable: 'clean' }],
  ] as const)('says why it does not merge by itself, and opens it: %s', async (said, traits) => {
    const { repository, proposals } = await proposed()
    Object.assign(repository.traits, traits)

    const { pullRequest, notes } = await present(proposals, automatic)

    expect(pullRequest?.state).toBe('open')
    expect(notes).toHaveLength(1)
    expect(notes[0]).toContain('it is not merged by itself: ')
    expect(notes[0]).toContain(said)
  })

  test('says that it has no labels where they are refused, and opens it', async () => {
    const { proposals } = await proposed()
    double.faults.push({ match: LABELLING, kind: 'status', status: 403, body: { message: 'Resource not accessible' } })

    const { pullRequest, notes } = await present(proposals)

    expect(pullRequest?.state).toBe('open')
    expect(notes).toHaveLength(1)
    expect(notes[0]).toContain('it has no labels: ')
  })

  test('is a draft where that is asked for', async () => {
    const { repository, proposals } = await proposed()

    await present(proposals, { ...TEXT, draft: true })

    expect(repository.pullRequests.get(1).draft).toBe(true)
  })

  test('is no draft where there are none, which is said', async () => {
    const { repository, proposals } = await proposed()
    repository.traits.drafts = false

    const { pullRequest, notes } = await present(proposals, { ...TEXT, draft: true })

    expect(pullRequest?.state).toBe('open')
    expect(notes).toEqual(['it is no draft: the repository has no draft pull requests'])
    expect(repository.pullRequests.get(1)).toMatchObject({ draft: false, labels: TEXT.labels })
  })
})

describe('revising a pull request', () => {
  test('puts back what it said when it was merged right before', async () => {
    const { repository, proposals } = await proposed()
    await present(proposals)
    const meanwhile = async (): Promise<void> => repository.pullRequests.merge(1, 'squash')
    double.faults.push({ match: REVISING, kind: 'meanwhile', act: meanwhile })

    const { pullRequest } = await present(proposals, { ...TEXT, title: 'too late', body: 'Too late.' })

    expect(pullRequest).toMatchObject({ state: 'merged', title: TEXT.title, body: TEXT.body })
    expect(repository.pullRequests.get(1)).toMatchObject({ title: TEXT.title, body: TEXT.body })
  })

  test('is done again after a lost answer', async () => {
    const { repository, proposals } = await proposed()
    await present(proposals)
    double.faults.push({ match: REVISING, kind: 'effect-then-hang-up' })

    const failure = await failureOf(present(proposals, { ...TEXT, body: 'Once more.' }))
    const { pullRequest } = await present(proposals, { ...TEXT, body: 'Once more.' })

    expect(failure.code).toBe('REPOSITORY_UNAVAILABLE')
    expect(pullRequest).toMatchObject({ number: 1, state: 'open', body: 'Once more.' })
    expect(repository.pullRequests.all).toHaveLength(1)
  })
})

describe('listing', () => {
  test.each([
    [{ kind: 'hang-up' }, 'REPOSITORY_UNAVAILABLE'],
    [{ kind: 'status', status: 502, body: 'Bad Gateway' }, 'REPOSITORY_UNAVAILABLE'],
    [{ kind: 'status', status: 429, headers: PAUSE, body: { message: 'slow down' } }, 'RATE_LIMITED'],
    [{ kind: 'status', status: 401, body: { message: 'Bad credentials' } }, 'CREDENTIAL_INVALID'],
  ] as const)('ends after %j in %s', async (fault, code) => {
    const { repository } = await startOnDouble(double)
    double.faults.push({ match: { operation: 'ListProposals' }, ...fault })

    expect((await failureOf(list(proposalsOn(double, repository)))).code).toBe(code)
  })

  test('ends in REPOSITORY_NOT_FOUND for a repository that is not there', async () => {
    const proposals = proposalsOn(double, { owner: 'acme', name: 'nowhere' })

    expect((await failureOf(list(proposals))).code).toBe('REPOSITORY_NOT_FOUND')
  })

  test('is empty for an empty repository', async () => {
    const repository = await hostRepository(double, {})

    expect(await list(proposalsOn(double, repository))).toEqual([])
  })
})
