import { readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BareRepository } from '../support/bare-repository.ts'
import { DOUBLE_TOKEN, startGitHubDouble } from '../support/github-double/github-double.ts'
import { runSaker } from '../support/run-saker.ts'
import { afterThisTest, temporaryFolder } from '../support/saker.ts'

interface Row {
  readonly subject: string
  readonly what: string
  readonly verdict: string
  readonly message: string
  readonly remedy?: string
}

async function configFile(repositories: object): Promise<string> {
  const path = join(await temporaryFolder(), 'saker.json')
  const responses = [{ name: 'contain', match: {}, actions: [{ contain: {} }] }]
  await writeFile(path, JSON.stringify({ version: 1, repositories, responses }))
  return path
}

/** Stands for a receiver, and counts its calls. */
async function receiver(): Promise<{ readonly url: string; readonly calls: () => number }> {
  let calls = 0
  const server = createServer((_, response) => {
    calls += 1
    response.end()
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  afterThisTest(() => new Promise((closed) => server.close(closed)))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/secret-path`, calls: () => calls }
}

describe('saker check', { timeout: 120_000 }, () => {
  it('finds all right without writing or calling anything', async () => {
    const origin = await BareRepository.create({ 'web.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n' })
    afterThisTest(() => origin.remove())
    const double = await startGitHubDouble()
    afterThisTest(() => double.close())
    double.host('acme/fleet', origin)
    const { url, calls } = await receiver()
    const config = await configFile({
      fleet: {
        github: { owner: 'acme', repository: 'fleet', apiUrl: double.apiUrl },
        auth: { tokenFrom: { env: 'FLEET_TOKEN' } },
        delivery: 'commit',
        notify: [{ urlFrom: { env: 'HOOK' } }],
      },
      tools: { git: { url: `file://${origin.path}` }, delivery: 'commit', clusters: { test: {} } },
    })
    const temporary = await temporaryFolder()
    const before = await origin.git(['for-each-ref'])

    const env = { FLEET_TOKEN: DOUBLE_TOKEN, HOOK: url, TMPDIR: temporary }
    const ended = await runSaker(['check', '--config', config], { env })

    expect(ended.stdout).not.toContain('FAIL')
    expect(ended.exitCode).toBe(0)
    expect(ended.stdout).toMatch(/^ok +repository fleet +branch +main is at [0-9a-f]{12}$/mu)
    expect(ended.stdout).toMatch(/^ok +repository tools +push /mu)
    expect(ended.stdout).toMatch(/^not asked {2}notify HOOK +receiver /mu)
    expect(double.requests.filter(({ operation = '' }) => /mutation|create/iu.test(operation))).toEqual([])
    expect(double.violations).toEqual([])
    expect(await origin.git(['for-each-ref'])).toBe(before)
    expect(calls()).toBe(0)
    expect(await readdir(temporary)).toEqual([])
    for (const secret of [DOUBLE_TOKEN, 'secret-path']) expect(ended.stdout + ended.stderr).not.toContain(secret)
  })

  it('gives what would fail a row each with its remedy, and ends with 1', async () => {
    const config = await configFile({
      fleet: {
        github: { owner: 'acme', repository: 'fleet', apiUrl: 'http://127.0.0.1:1' },
        auth: { tokenFrom: { env: 'FLEET_TOKEN' } },
        delivery: 'commit',
        notify: [{ urlFrom: { env: 'HOOK' } }],
      },
      tools: { git: { url: 'file:///nowhere/at/all' }, delivery: 'commit', clusters: { test: {} } },
    })

    const env = { FLEET_TOKEN: 'token-that-nobody-sees', REDIS_URL: 'redis://:hunter2@127.0.0.1:1' }
    const ended = await runSaker(['check', '--config', config, '--json', '--timeout', '10s'], { env })

    expect(ended.exitCode).toBe(1)
    const failed = (JSON.parse(ended.stdout) as readonly Row[]).filter(({ verdict }) => verdict === 'fail')
    expect([...new Set(failed.map(({ subject }) => subject))]).toEqual([
      'secrets',
      'Redis',
      'repository fleet',
      'manifests of fleet',
      'repository tools',
      'manifests of tools',
      'notify HOOK',
    ])
    expect(failed.filter(({ remedy = '' }) => remedy === '')).toEqual([])
    expect(ended.stdout + ended.stderr).not.toMatch(/hunter2|token-that-nobody-sees/u)
  })
})
