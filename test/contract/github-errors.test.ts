import type { ErrorCode } from '@saker/core'
import { ResponseError } from '@saker/core'
import type { Commit, RepositoryHost } from '@saker/engine'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { BareRepository } from '../support/bare-repository.ts'
import type { FaultKind } from '../support/github-double/faults.ts'
import { startGitHubDouble, type GitHubDouble } from '../support/github-double/github-double.ts'
import type { HostedRepository } from '../support/github-double/hosted-repository.ts'
import { asked, failureOf, forget, hostRepository, openOn } from './github-setup.ts'
import { cached, commit, current, FILES, read, scaleWeb, WEB, webText } from './repository-host-setup.ts'

let double: GitHubDouble
/** For tests in which nothing lands: making a repository costs more than they do. */
let untouched: HostedRepository

beforeAll(async () => {
  double = await startGitHubDouble()
  untouched = double.host('acme/untouched', await BareRepository.create(FILES))
})

beforeEach(() => {
  forget(double)
  double.faults.length = 0
})

afterAll(async () => {
  await untouched.origin.remove()
  await double.close()
})

const AUTHOR = { name: 'A Bot', email: 'bot@example.test' }
const MUTATION = { operation: 'CreateCommit' }
const REF_UPDATE = { method: 'PATCH', path: /\/git\/refs\/heads\/main$/u }
const TREE = { method: 'POST', path: /\/git\/trees$/u }

type Status = Extract<FaultKind, { kind: 'status' }>

function answer(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Status {
  return { kind: 'status', status, headers, body: { message, documentation_url: 'https://docs.github.com' } }
}

function graphql(message: string, type?: string): Status {
  const error = { ...(type === undefined ? {} : { type }), path: ['createCommitOnBranch'], message }
  return { kind: 'status', status: 200, body: { data: { createCommitOnBranch: null }, errors: [error] } }
}

async function warm(
  on?: HostedRepository,
): Promise<{ repository: HostedRepository; host: RepositoryHost; base: string }> {
  const repository = on ?? (await hostRepository(double))
  const host = openOn(double, repository)
  const { tree } = await read(host)
  return { repository, host, base: tree.sha }
}

/** The same change in one request and in steps. */
const WAYS: readonly [string, (host: RepositoryHost, base: string) => Promise<Commit>][] = [
  ['in one request', (host, base) => commit(host, scaleWeb(base))],
  ['in steps', (host, base) => commit(host, { ...scaleWeb(base), author: AUTHOR })],
]

describe('what a refused read means', () => {
  test.each<[ErrorCode, Status]>([
    ['CREDENTIAL_INVALID', answer(401, 'Bad credentials')],
    ['CREDENTIAL_FORBIDDEN', answer(403, 'Resource not accessible by integration')],
    ['CREDENTIAL_FORBIDDEN', answer(403, 'Resource protected by organization SAML enforcement.')],
    ['REPOSITORY_NOT_FOUND', answer(404, 'Not Found')],
    ['REPOSITORY_NOT_FOUND', answer(451, 'Repository access blocked')],
    ['RATE_LIMITED', answer(403, 'You have exceeded a secondary rate limit.')],
    ['RATE_LIMITED', answer(429, 'Too many requests')],
    ['RATE_LIMITED', graphql('API rate limit already exceeded for user ID 1.', 'RATE_LIMITED')],
    ['REPOSITORY_UNAVAILABLE', answer(500, 'Server Error')],
    ['REPOSITORY_UNAVAILABLE', { kind: 'status', status: 503, body: '<html>Unicorn!</html>' }],
    ['REPOSITORY_UNAVAILABLE', { kind: 'status', status: 200, body: '<html>Log in to the hotel</html>' }],
    ['REPOSITORY_UNAVAILABLE', { kind: 'status', status: 403, body: '<html>Blocked by a proxy</html>' }],
    ['REPOSITORY_UNAVAILABLE', { kind: 'status', status: 200, body: { data: null } }],
  ])('%s after %o', async (code, fault) => {
    double.faults.push({ match: { operation: 'ReadHead' }, ...fault })

    const failure = await failureOf(read(openOn(double, untouched)))

    expect(failure.code).toBe(code)
    expect(failure.message).toContain('acme/untouched#main')
    expect(failure.message).not.toMatch(/<html|\n/u)
  })
})

describe.each(WAYS)('what the state of the repository means for a commit %s', (_, change) => {
  test('BRANCH_PROTECTED for a classic protection and for a ruleset', async () => {
    for (const protection of ['classic', 'ruleset'] as const) {
      const { host, base, repository } = await warm(await hostRepository(double, FILES, { protection }))

      const failure = await failureOf(change(host, base))

      expect(failure).toMatchObject({ code: 'BRANCH_PROTECTED', retryable: false })
      expect(failure.message).toContain(`${repository.nameWithOwner}#main is protected`)
    }
  })

  test('REPOSITORY_ARCHIVED for one that was archived before or since the read', async () => {
    const before = await warm(await hostRepository(double, FILES, { archived: true }))
    const since = await warm()
    since.repository.traits.archived = true
    forget(double)

    expect((await failureOf(change(before.host, before.base))).code).toBe('REPOSITORY_ARCHIVED')
    expect(asked(double)).toEqual([])
    expect((await failureOf(change(since.host, since.base))).code).toBe('REPOSITORY_ARCHIVED')
  })

  test('a commit again once an archived repository was opened', async () => {
    const { repository, host, base } = await warm(await hostRepository(double, FILES, { archived: true }))
    await failureOf(change(host, base))
    repository.traits.archived = false

    await read(host, cached)

    expect((await change(host, base)).sha).toBe(await repository.origin.head())
  })
})

describe('what a refused commit in one request means', () => {
  test.each<[ErrorCode, Status]>([
    ['BRANCH_MOVED', graphql('Expected branch to point to "abc" but it did not.  Pull and try again.', 'STALE_DATA')],
    ['BRANCH_PROTECTED', graphql('Repository rule violations found\n\nRequired status check "ci" is expected.')],
    ['COMMIT_REJECTED', graphql('Repository rule violations found\n\nPush cannot contain secrets')],
    ['COMMIT_REJECTED', graphql('A path was requested for deletion that does not exist', 'UNPROCESSABLE')],
    ['BRANCH_NOT_FOUND', graphql("The branch 'main' could not be found.", 'NOT_FOUND')],
    ['REPOSITORY_NOT_FOUND', graphql("Could not resolve to a Repository with the name 'a/branch'.", 'NOT_FOUND')],
    ['CREDENTIAL_FORBIDDEN', graphql('Resource not accessible by integration', 'FORBIDDEN')],
    ['RATE_LIMITED', graphql('was submitted too quickly: secondary rate limit')],
    [
      'COMMIT_UNCONFIRMED',
      graphql('Something went wrong while executing your query. Please include `AB12` when reporting'),
    ],
    ['COMMIT_UNCONFIRMED', answer(502, 'Bad Gateway')],
    ['COMMIT_UNCONFIRMED', { kind: 'status', status: 504, body: '<html>timeout</html>' }],
    ['COMMIT_UNCONFIRMED', { kind: 'status', status: 200, body: { data: { createCommitOnBranch: {} } } }],
  ])('%s after %o', async (code, fault) => {
    const { host, base } = await warm(untouched)
    double.faults.push({ match: MUTATION, ...fault })

    const failure = await failureOf(commit(host, scaleWeb(base)))

    expect(failure.code).toBe(code)
    forget(double)
    await read(host, cached)
    expect(asked(double)).toEqual(['ReadHead'])
  })
})

describe('what a refused step of a commit means', () => {
  test.each<[ErrorCode, typeof TREE, Status]>([
    ['BRANCH_MOVED', REF_UPDATE, answer(422, 'Update is not a fast forward')],
    ['BRANCH_MOVED', REF_UPDATE, answer(409, 'Conflict')],
    ['BRANCH_PROTECTED', REF_UPDATE, answer(422, '2 of 2 required status checks are expected.')],
    ['BRANCH_NOT_FOUND', REF_UPDATE, answer(422, 'Reference does not exist')],
    ['COMMIT_UNCONFIRMED', REF_UPDATE, answer(500, 'Server Error')],
    ['COMMIT_REJECTED', REF_UPDATE, answer(422, 'Object does not exist')],
    ['REPOSITORY_UNAVAILABLE', TREE, answer(500, 'Server Error')],
    ['REPOSITORY_UNAVAILABLE', TREE, answer(422, 'Sorry, your request timed out.')],
    ['REPOSITORY_EMPTY', TREE, answer(409, 'Git Repository is empty.')],
    ['COMMIT_REJECTED', TREE, answer(422, 'tree.path contains a malformed path component')],
    ['CREDENTIAL_FORBIDDEN', TREE, answer(403, 'Resource not accessible by personal access token')],
  ])('%s after %o answers %o', async (code, match, fault) => {
    const { host, base, repository } = await warm(untouched)
    double.faults.push({ match, ...fault })

    const failure = await failureOf(commit(host, { ...scaleWeb(base), author: AUTHOR }))

    expect(failure.code).toBe(code)
    expect(await repository.origin.head()).toBe(base)
  })
})

describe('how long a rate limit lasts', () => {
  const date = new Date('2026-01-01T00:00:00Z')
  const reset = String(date.getTime() / 1000 + 90)

  test.each<[string, Status, number]>([
    ['as long as it says', answer(403, 'secondary rate limit', { 'retry-after': '17' }), 17_000],
    [
      'until a second past the reset, by the clock of GitHub',
      answer(403, 'API rate limit exceeded', {
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': reset,
        date: date.toUTCString(),
      }),
      91_000,
    ],
    ['a minute when it says nothing', answer(429, 'slow down'), 60_000],
  ])('%s', async (_, fault, retryAfterMs) => {
    const { host, base } = await warm(untouched)
    double.faults.push({ match: MUTATION, ...fault })

    const failure = await failureOf(commit(host, scaleWeb(base)))

    expect(failure).toMatchObject({ code: 'RATE_LIMITED', retryable: true, retryAfterMs })
  })
})

describe('when the answer is lost', () => {
  test.each(['effect-then-hang-up', 'effect-then-cut-off', 'effect-then-status'] as const)(
    'leaves a commit in doubt that did land (%s), and the history tells',
    async (kind) => {
      for (const [index, [, change]] of WAYS.entries()) {
        const { host, base, repository } = await warm()
        double.faults.push({ match: index === 0 ? MUTATION : REF_UPDATE, kind, status: 502, body: '<html>' })

        const failure = await failureOf(change(host, base))
        const head = await read(host, { ...current, past: 2 })

        expect(failure).toMatchObject({ code: 'COMMIT_UNCONFIRMED', retryable: true })
        expect(head.past.map(({ message }) => message)).toEqual(['scale web to 0', 'first commit'])
        expect(await repository.origin.read(WEB)).toBe(webText(0))
      }
    },
  )

  test('leaves a commit in doubt that did not land', async () => {
    for (const [index, [, change]] of WAYS.entries()) {
      const { host, base, repository } = await warm()
      double.faults.push({ match: index === 0 ? MUTATION : REF_UPDATE, kind: 'hang-up' })

      const failure = await failureOf(change(host, base))

      expect(failure.code).toBe('COMMIT_UNCONFIRMED')
      expect(await repository.origin.head()).toBe(base)
    }
  })

  test('is sure that nothing landed when a step before the last is lost', async () => {
    const { host, base, repository } = await warm()
    double.faults.push({ match: TREE, kind: 'effect-then-hang-up' })

    const failure = await failureOf(commit(host, { ...scaleWeb(base), author: AUTHOR }))

    expect(failure.code).toBe('REPOSITORY_UNAVAILABLE')
    expect(await repository.origin.head()).toBe(base)
  })

  test('is sure that nothing landed when GitHub cannot be connected to', async () => {
    const gone = await startGitHubDouble()
    const repository = await hostRepository(gone)
    const host = openOn(gone, repository)
    const { tree } = await read(host)
    await gone.close()

    expect((await failureOf(commit(host, scaleWeb(tree.sha)))).code).toBe('REPOSITORY_UNAVAILABLE')
    expect((await failureOf(read(host))).code).toBe('REPOSITORY_UNAVAILABLE')
  })

  test('waits no longer than it was told to', async () => {
    const repository = await hostRepository(double)
    const host = openOn(double, repository, { timeoutMs: 300 })
    const { tree } = await read(host)
    double.faults.push({ match: MUTATION, kind: 'never-answer' }, { match: { any: true }, kind: 'never-answer' })

    const committed = await failureOf(commit(host, scaleWeb(tree.sha)))
    const readAgain = await failureOf(read(host))

    expect(committed.code).toBe('COMMIT_UNCONFIRMED')
    expect(readAgain.code).toBe('REPOSITORY_UNAVAILABLE')
    expect(readAgain.message).toContain('no answer in time')
  })

  test('gives the reason it was called off for, unless a commit is already under way', async () => {
    const { host, base } = await warm(untouched)
    const stop = new ResponseError('SHUTTING_DOWN', 'the worker stops')
    double.faults.push({ match: { any: true }, times: 2, kind: 'never-answer' })
    const reading = new AbortController()
    const writing = new AbortController()

    const read1 = failureOf(host.read({ ...current, signal: reading.signal }))
    await expect.poll(() => double.requests.length).toBe(2)
    reading.abort(stop)
    const commit1 = failureOf(host.commit(scaleWeb(base), { signal: writing.signal }))
    await expect.poll(() => double.requests.length).toBe(3)
    writing.abort(stop)

    expect(await read1).toBe(stop)
    expect((await commit1).code).toBe('COMMIT_UNCONFIRMED')
  })
})

test('notices a foreign commit that lands between its read and its commit', async () => {
  for (const [index, [, change]] of WAYS.entries()) {
    const repository = await hostRepository(double)
    const host = openOn(double, repository)
    const { tree } = await read(host)
    const match = index === 0 ? MUTATION : REF_UPDATE
    double.faults.push({ match, kind: 'foreign-commit', repository, files: { 'x.yaml': 'x: 1\n' } })

    const failure = await failureOf(change(host, tree.sha))

    expect(failure.code).toBe('BRANCH_MOVED')
    expect(await repository.origin.read('x.yaml')).toBe('x: 1\n')
    expect(await repository.origin.read(WEB)).toBe(webText(3))
  }
})
