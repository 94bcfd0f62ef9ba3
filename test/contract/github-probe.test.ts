import { generateKeyPairSync } from 'node:crypto'
import type { Delivery, Finding, Repository } from '@saker/core'
import { Secret } from '@saker/core'
import { probeRepository } from '@saker/repository'
import { expect, onTestFinished, test } from 'vitest'
import { aRepository } from '../support/a-repository.ts'
import {
  DOUBLE_TOKEN,
  startGitHubDouble,
  type GitHubDouble,
  type GitHubDoubleOptions,
} from '../support/github-double/github-double.ts'
import type { HostedRepository, RepositoryTraits } from '../support/github-double/hosted-repository.ts'
import { failureOf, hostRepository } from './github-setup.ts'

interface Asked {
  readonly traits?: Partial<RepositoryTraits>
  readonly options?: GitHubDoubleOptions
  readonly deliveries?: readonly Delivery[]
  readonly namesAuthor?: boolean
  readonly overrides?: (double: GitHubDouble, hosted: HostedRepository) => Partial<Repository>
  readonly secret?: string
}

/** What asking a double gives; nothing but reads reaches it, and it finds nothing that GitHub would not know. */
async function probe(asked: Asked = {}): Promise<readonly Finding[]> {
  const { traits = {}, options = {}, deliveries = ['commit'], namesAuthor = false } = asked
  const double = await startGitHubDouble(options)
  onTestFinished(() => double.close())
  const hosted = await hostRepository(double, undefined, traits)
  const { owner, name } = hosted
  const repository = aRepository({
    location: { kind: 'github', owner, repository: name, apiUrl: double.apiUrl },
    auth: { kind: 'token', tokenFrom: { env: 'TOKEN' } },
    ...asked.overrides?.(double, hosted),
  })
  const readSecret = async (): Promise<Secret> => new Secret(asked.secret ?? DOUBLE_TOKEN)
  const signal = new AbortController().signal
  try {
    const opening = { readSecret, dataDir: '/nowhere', observe: () => {} }
    return await probeRepository(repository, opening, { deliveries, namesAuthor, signal })
  } finally {
    expect(double.requests.filter(({ method, path }) => method !== 'GET' && !path.includes('/access_tokens'))).toEqual(
      [],
    )
    expect(double.violations).toEqual([])
  }
}

/** The findings as short lines: `fail rules`. */
function verdicts(findings: readonly Finding[]): readonly string[] {
  return [...new Set(findings.map(({ verdict, what }) => `${verdict} ${what}`))]
}

test('finds nothing wrong where nothing is', async () => {
  const findings = await probe()

  expect(verdicts(findings)).toEqual(['ok reachable', 'ok permission', 'ok branch', 'ok rules', 'ok rate limit'])
})

test.each<readonly [string, Asked, string]>([
  ['an archived repository', { traits: { archived: true } }, 'fail archived'],
  ['an account that may not push', { traits: { push: false } }, 'fail permission'],
  ['a missing branch', { overrides: () => ({ branch: 'trunk' }) }, 'fail branch'],
  ['a classic protection', { traits: { protection: 'classic' } }, 'warn protection'],
  ['a ruleset that demands pull requests', { traits: { protection: 'ruleset' } }, 'fail rules'],
  [
    'a bypass for pull requests only',
    { traits: { protection: 'ruleset', bypass: 'pull_requests_only' } },
    'fail rules',
  ],
  [
    'signatures where an author is named',
    { traits: { rules: ['required_signatures'] }, namesAuthor: true },
    'fail rules',
  ],
])('tells of %s, with the remedy', async (_, asked, expected) => {
  const findings = await probe(asked)

  expect(verdicts(findings)).toContain(expected)
  expect(findings.filter(({ verdict }) => verdict === 'fail' || verdict === 'warn')).toHaveLength(1)
  expect(findings.filter(({ verdict, remedy }) => verdict === 'fail' && remedy === undefined)).toEqual([])
})

test.each<readonly [string, Asked]>([
  ['a ruleset that may be bypassed', { traits: { protection: 'ruleset', bypass: 'always' } }],
  ['signatures, which GitHub makes itself', { traits: { rules: ['required_signatures', 'non_fast_forward'] } }],
  ['rules where nothing is committed', { traits: { protection: 'ruleset' }, deliveries: ['observe'] }],
  ['no push where nothing is written', { traits: { push: false }, deliveries: ['observe'] }],
])('lets pass %s', async (_, asked) => {
  expect((await probe(asked)).filter(({ verdict }) => verdict === 'fail')).toEqual([])
})

const PROPOSED = { labels: ['saker'], autoMerge: false, branchPrefix: 'saker/', draft: false } as const

test('finds nothing wrong with pull requests where nothing is', async () => {
  const findings = await probe({
    traits: { protection: 'ruleset' },
    deliveries: ['pull-request'],
    overrides: () => ({ pullRequest: { ...PROPOSED, autoMerge: 'squash' } }),
  })

  expect(verdicts(findings)).toEqual([
    'ok reachable',
    'ok permission',
    'unasked permission',
    'ok pull requests',
    'ok branch',
    'ok rules',
    'ok rate limit',
  ])
})

test.each<readonly [string, Asked, string]>([
  ['pull requests that are switched off', { traits: { pullRequests: 'off' } }, 'fail pull requests'],
  ['merging by itself that is not allowed', { traits: { autoMerge: false } }, 'warn pull requests'],
  ['a ruleset for the branches it makes', { traits: { protection: 'ruleset', protects: /^saker\// } }, 'fail rules'],
  ['a ruleset against making branches', { traits: { rules: ['creation'], protects: /^saker\// } }, 'fail rules'],
])('tells of %s, with the remedy, where it proposes', async (_, asked, expected) => {
  const findings = await probe({
    ...asked,
    deliveries: ['pull-request'],
    overrides: () => ({ pullRequest: { ...PROPOSED, autoMerge: 'squash' } }),
  })

  expect(verdicts(findings)).toContain(expected)
  const told = findings.filter(({ verdict }) => verdict === 'fail' || verdict === 'warn')
  expect(told).toMatchObject([{ remedy: expect.any(String) as string }])
})

test('does not mind what only proposals need where it only commits', async () => {
  const traits = { pullRequests: 'off', autoMerge: false, rules: ['creation'], protects: /^saker\// } as const

  expect((await probe({ traits })).filter(({ verdict }) => verdict !== 'ok')).toEqual([])
})

test('warns an app of a repository whose pull requests are for collaborators', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const permissions = { contents: 'write', pull_requests: 'write' } as const

  const findings = await probe({
    traits: { pullRequests: 'collaborators_only' },
    options: { app: { appId: '1234', installationId: '5678', publicKey, permissions } },
    overrides: () => ({
      auth: { kind: 'app', appId: '1234', installationId: '5678', privateKeyFrom: { env: 'KEY' } },
    }),
    secret: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    deliveries: ['pull-request'],
  })

  expect(verdicts(findings)).toContain('warn pull requests')
  expect(findings.filter(({ verdict }) => verdict === 'fail')).toEqual([])
})

test('tells which permission an app lacks', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const auth = { kind: 'app', appId: '1234', installationId: '5678', privateKeyFrom: { env: 'KEY' } } as const

  const findings = await probe({
    options: { app: { appId: '1234', installationId: '5678', publicKey } },
    overrides: () => ({ auth }),
    secret: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    deliveries: ['commit', 'pull-request'],
  })

  expect(findings.filter(({ what }) => what === 'permission')).toMatchObject([
    { verdict: 'ok', message: 'the app may write: Contents' },
    { verdict: 'fail', message: 'the app may not write: Pull requests' },
  ])
})

test('ends in what is wrong with the credential', async () => {
  expect(await failureOf(probe({ secret: 'revoked-token' }), ['revoked-token'])).toMatchObject({
    code: 'CREDENTIAL_INVALID',
  })
})
