import { generateKeyPairSync } from 'node:crypto'
import { ResponseError, Secret } from '@saker/core'
import type { GitHubAuth } from '@saker/repository'
import { expect, onTestFinished, test } from 'vitest'
import type { TokenGrant } from '../support/github-double/double-credentials.ts'
import {
  DOUBLE_TOKEN,
  startGitHubDouble,
  type GitHubDouble,
  type GitHubDoubleOptions,
} from '../support/github-double/github-double.ts'
import { asked, failureOf, hostRepository, openOn } from './github-setup.ts'
import { commit, read, scaleWeb } from './repository-host-setup.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const PKCS8 = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const PKCS1 = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
const APP = { appId: '1234', installationId: '5678', publicKey }
const PERSONAL = { kind: 'personal' } as const

async function startDouble(options: GitHubDoubleOptions = {}): Promise<GitHubDouble> {
  const double = await startGitHubDouble(options)
  onTestFinished(() => double.close())
  return double
}

function appAuth(pem: string, ids: { readonly appId?: string; readonly installationId?: string } = {}): GitHubAuth {
  return { kind: 'app', appId: '1234', installationId: '5678', privateKey: async () => new Secret(pem), ...ids }
}

function tokenAuth(token: string): GitHubAuth {
  return { kind: 'token', token: async () => new Secret(token) }
}

test('reaches GitHub Enterprise Server under its own addresses', async () => {
  const double = await startDouble({ enterprise: true })
  const repository = await hostRepository(double)
  const location = { kind: 'github', owner: 'acme', repository: repository.name, apiUrl: `${double.apiUrl}/` } as const
  const host = openOn(double, repository, { location })

  const { tree } = await read(host)
  await commit(host, { ...scaleWeb(tree.sha), author: { name: 'A', email: 'a@example.test' } })

  expect(double.apiUrl).toMatch(/\/api\/v3$/u)
  expect(double.requests[0]?.path).toBe('/api/graphql')
  expect(double.requests.at(-1)?.path).toBe(`/api/v3/repos/${repository.nameWithOwner}/git/refs/heads/main`)
})

test.each([
  ['PKCS#1', PKCS1],
  ['PKCS#8', PKCS8],
  ['PKCS#1 with escaped line ends', PKCS1.replaceAll('\n', '\\n')],
])('acts as an App with a key in %s', async (_, pem) => {
  const double = await startDouble({ app: APP })
  const host = openOn(double, await hostRepository(double), { auth: appAuth(pem) })

  const { tree } = await read(host)
  await commit(host, scaleWeb(tree.sha))

  expect(asked(double)).toEqual(['POST /app/installations/5678/access_tokens', 'ReadHead', 'CreateCommit'])
})

test('renews the token of an App five minutes before it ends', async () => {
  const double = await startDouble({ app: APP })
  let now = Date.now()
  const host = openOn(double, await hostRepository(double), { auth: appAuth(PKCS8), now: () => now })

  await read(host)
  now += 54 * 60_000
  await read(host)
  now += 2 * 60_000
  await read(host)

  const tokens = 'POST /app/installations/5678/access_tokens'
  expect(asked(double)).toEqual([tokens, 'ReadHead', 'ReadHead', tokens, 'ReadHead'])
})

test('gets a new token once when GitHub rejects the one it has', async () => {
  const double = await startDouble({ app: APP })
  const host = openOn(double, await hostRepository(double), { auth: appAuth(PKCS8) })
  const { tree } = await read(host)
  double.credentials.revokeInstallationTokens()

  await commit(host, scaleWeb(tree.sha))

  const tokens = 'POST /app/installations/5678/access_tokens'
  expect(asked(double)).toEqual([tokens, 'ReadHead', 'CreateCommit', tokens, 'CreateCommit'])
})

test('gives up when GitHub rejects the new token too', async () => {
  const double = await startDouble({ app: APP })
  const host = openOn(double, await hostRepository(double), { auth: appAuth(PKCS8) })
  const bad = { kind: 'status', status: 401, body: { message: 'Bad credentials' } } as const
  double.faults.push({ match: { operation: 'ReadHead' }, times: 2, ...bad })

  const failure = await failureOf(read(host), [PKCS8])

  expect(failure.code).toBe('CREDENTIAL_INVALID')
  expect(double.requests).toHaveLength(4)
})

test.each([
  [
    'another key',
    generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    {},
  ],
  ['no key at all', 'not a key but a secret', {}],
  ['an empty key', '', {}],
  ['another app', PKCS8, { appId: '99' }],
  ['another installation', PKCS8, { installationId: '99' }],
])('says CREDENTIAL_INVALID for an App with %s', async (_, pem, ids) => {
  const double = await startDouble({ app: APP })
  const host = openOn(double, await hostRepository(double), { auth: appAuth(pem, ids) })

  const failure = await failureOf(read(host), pem === '' ? [] : [pem])

  expect(failure).toMatchObject({ code: 'CREDENTIAL_INVALID', retryable: false })
})

test.each([
  [403, 'This installation has been suspended', 'CREDENTIAL_FORBIDDEN'],
  [503, 'Unavailable', 'REPOSITORY_UNAVAILABLE'],
])('says what a %s to an App means before anything was sent to the repository', async (status, message, code) => {
  const double = await startDouble({ app: APP })
  const host = openOn(double, await hostRepository(double), { auth: appAuth(PKCS8) })
  double.faults.push({ match: { method: 'POST', path: /access_tokens$/u }, kind: 'status', status, body: { message } })

  expect((await failureOf(read(host))).code).toBe(code)
})

test('asks for the token anew each time, so that a rotated one is used at once', async () => {
  const write: TokenGrant = { contents: 'write', ...PERSONAL }
  const double = await startDouble({ tokens: { first: write, second: write } })
  let token = 'first\n'
  const auth: GitHubAuth = { kind: 'token', token: async () => new Secret(token) }
  const host = openOn(double, await hostRepository(double), { auth })
  await read(host)
  double.credentials.tokens.delete('first')
  token = 'second'

  await read(host)

  expect(double.requests.map(({ authorization }) => authorization)).toEqual(['token first', 'token second'])
})

test.each([
  ['unknown', 'ghp_unknown', 1],
  ['empty', ' \n', 0],
  ['broken into lines', 'ghp_a\nx: ghp_b', 0],
])('says CREDENTIAL_INVALID for a token that is %s', async (_, token, requests) => {
  const double = await startDouble()
  const host = openOn(double, await hostRepository(double), { auth: tokenAuth(token) })

  const failure = await failureOf(read(host), token.trim() === '' ? [] : [token, 'ghp_b', 'ghp_unknown'])

  expect(failure).toMatchObject({ code: 'CREDENTIAL_INVALID', retryable: false })
  expect(double.requests).toHaveLength(requests)
})

test('passes on why a secret cannot be read', async () => {
  const double = await startDouble()
  const reason = new ResponseError('CONFIG_INVALID', 'GITHUB_TOKEN is not set')
  const auth: GitHubAuth = { kind: 'token', token: () => Promise.reject(reason) }
  const host = openOn(double, await hostRepository(double), { auth })

  await expect(read(host)).rejects.toBe(reason)
})

test('says that a repository is not there, or hidden, to a token that may not see it', async () => {
  const double = await startDouble({ tokens: { [DOUBLE_TOKEN]: { contents: 'none', ...PERSONAL } } })
  const repository = await hostRepository(double)

  const failure = await failureOf(read(openOn(double, repository)))

  expect(failure).toMatchObject({ code: 'REPOSITORY_NOT_FOUND', retryable: false })
  expect(failure.message).toContain(`${repository.nameWithOwner}#main`)
  expect(failure.message).toContain('private')
})

test.each([
  ['personal', 'personal access token'],
  ['installation', 'integration'],
] as const)('says CREDENTIAL_FORBIDDEN to a %s token that may only read, either way', async (kind, words) => {
  const double = await startDouble({ tokens: { [DOUBLE_TOKEN]: { contents: 'read', kind } } })
  const host = openOn(double, await hostRepository(double))
  const { tree } = await read(host)

  const inOne = await failureOf(commit(host, scaleWeb(tree.sha)))
  const inSteps = await failureOf(commit(host, { ...scaleWeb(tree.sha), author: { name: 'A', email: 'a@b.test' } }))

  for (const failure of [inOne, inSteps]) {
    expect(failure).toMatchObject({ code: 'CREDENTIAL_FORBIDDEN', retryable: false })
    expect(failure.message).toContain(words)
  }
})
