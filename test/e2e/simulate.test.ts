import { readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { TUTORIAL_ALERT } from '@saker/demo'
import { describe, expect, it } from 'vitest'
import { BareRepository } from '../support/bare-repository.ts'
import { DOUBLE_TOKEN, startGitHubDouble } from '../support/github-double/github-double.ts'
import { runSaker } from '../support/run-saker.ts'
import { afterThisTest, temporaryFolder } from '../support/saker.ts'

const ALPINE = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: alpine-deployment
  namespace: default
spec:
  replicas: 2 # enough
`

const EVENT = `{"specversion":"1.0","id":"1","source":"falco.org","type":"falco.rule.output.v1","data":${TUTORIAL_ALERT}}`

/** A config of one repository in a file of its own. */
async function configFile(repository: object, clusters: object = {}): Promise<string> {
  const path = join(await temporaryFolder(), 'saker.json')
  const config = {
    version: 1,
    repositories: { fleet: { ...repository, delivery: 'commit', ...clusters } },
    responses: [{ name: 'contain', match: { alertRules: ['Terminal shell*'] }, actions: [{ contain: {} }] }],
    ingest: { tokens: [{ name: 'sidekick', tokenFrom: { env: 'NOT_SET_HERE' } }] },
  }
  await writeFile(path, JSON.stringify(config))
  return path
}

async function originWith(files: Readonly<Record<string, string>>): Promise<BareRepository> {
  const origin = await BareRepository.create(files)
  afterThisTest(() => origin.remove())
  return origin
}

/** Stands where Redis would, and counts who comes. */
async function nobodysRedis(): Promise<{ readonly url: string; readonly calls: () => number }> {
  let calls = 0
  const server = createServer((socket) => {
    calls += 1
    socket.destroy()
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  afterThisTest(() => new Promise((closed) => server.close(closed)))
  return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, calls: () => calls }
}

describe('saker simulate', { timeout: 120_000 }, () => {
  it('asks GitHub once, and writes nothing anywhere', async () => {
    const origin = await originWith({ 'alpine.yaml': ALPINE })
    const double = await startGitHubDouble()
    afterThisTest(() => double.close())
    double.host('acme/fleet', origin)
    const github = { owner: 'acme', repository: 'fleet', apiUrl: double.apiUrl }
    const config = await configFile({ github, auth: { tokenFrom: { env: 'FLEET_TOKEN' } } })
    const redis = await nobodysRedis()
    const [cwd, temporary] = [await temporaryFolder(), await temporaryFolder()]
    const before = await origin.log()

    const { exitCode, stdout } = await runSaker(['simulate', '--config', config, '--json', '-'], {
      env: { FLEET_TOKEN: DOUBLE_TOKEN, REDIS_URL: redis.url, TMPDIR: temporary },
      input: `${TUTORIAL_ALERT}\n${EVENT}\n`,
      cwd,
    })

    expect(exitCode).toBe(0)
    const records: unknown = JSON.parse(stdout)
    const observed = {
      cluster: 'default',
      response: 'contain',
      repository: 'fleet',
      delivery: 'commit',
      outcome: 'observed',
      workload: { cluster: 'default', namespace: 'default', kind: 'Deployment', name: 'alpine-deployment' },
      path: 'alpine.yaml',
      layer: 'in-place',
      consumers: 1,
      diff: expect.stringContaining('-  replicas: 2 # enough\n+  replicas: 0 # enough\n'),
    }
    expect(records).toMatchObject([
      { alert: 0, file: '-', line: 1, ...observed },
      { alert: 1, file: '-', line: 2, ...observed },
    ])
    expect(double.requests.map(({ operation, method, path }) => operation ?? `${method} ${path}`)).toHaveLength(1)
    expect(double.requests.filter(({ operation = '' }) => /mutation|create/iu.test(operation))).toEqual([])
    expect(await origin.log()).toEqual(before)
    expect(redis.calls()).toBe(0)
    expect([await readdir(cwd), await readdir(temporary)]).toEqual([[], []])
  })

  it('leaves nothing behind of a repository that the git program reads', async () => {
    const origin = await originWith({ 'alpine.yaml': ALPINE })
    const config = await configFile({ git: { url: `file://${origin.path}` } })
    const [cwd, temporary] = [await temporaryFolder(), await temporaryFolder()]
    const before = await origin.git(['for-each-ref'])

    const ended = await runSaker(['simulate', '--config', config], {
      env: { TMPDIR: temporary },
      input: TUTORIAL_ALERT,
      cwd,
    })

    expect(ended).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('saker: 1 alert: 1 observed\n') })
    expect(ended.stdout).toContain('  contain: would be committed to fleet\n')
    expect(ended.stdout).not.toContain('\u001B')
    expect(await origin.git(['for-each-ref'])).toBe(before)
    expect([await readdir(cwd), await readdir(temporary)]).toEqual([[], []])
  })

  it('names what it cannot read, shows the rest, and says so by its exit code', async () => {
    const origin = await originWith({ 'alpine.yaml': ALPINE })
    const config = await configFile({ git: { url: `file://${origin.path}` } })
    const file = join(await temporaryFolder(), 'alerts.jsonl')
    await writeFile(file, `${TUTORIAL_ALERT}\n{"rule":\u001B[2J\n`)

    const ended = await runSaker(['simulate', '--config', config, '--json', '/nowhere', file])

    expect(ended.exitCode).toBe(1)
    expect(JSON.parse(ended.stdout)).toMatchObject([{ alert: 0, file, line: 1, outcome: 'observed' }])
    expect(ended.stderr).toContain('/nowhere:1: cannot be read (ENOENT) (INPUT_UNREADABLE)')
    expect(ended.stderr).toContain(`${file}:2: the body is not valid JSON (ALERT_MALFORMED)`)
    expect(ended.stderr).toContain('1 alert: 1 observed; 2 could not be read')
    expect(ended.stderr).not.toContain('\u001B')
  })

  it('fails the responses of a repository that cannot be read, and ends with 1', async () => {
    const config = await configFile({ git: { url: 'file:///nowhere/at/all' } })

    const ended = await runSaker(['simulate', '--config', config, '--json'], { input: TUTORIAL_ALERT })

    expect(ended.exitCode).toBe(1)
    expect(JSON.parse(ended.stdout)).toMatchObject([{ outcome: 'failed', code: 'REPOSITORY_NOT_FOUND' }])
    expect(ended.stderr).toMatch(/repository fleet cannot be read: .* \(REPOSITORY_NOT_FOUND\)/u)
  })

  it('asks which cluster is meant where there are several', async () => {
    const clusters = { clusters: { prod: {}, test: {} } }
    const config = await configFile({ git: { url: 'file:///nowhere' } }, clusters)

    const [unsaid, unknown, known] = [
      await runSaker(['simulate', '--config', config]),
      await runSaker(['simulate', '--config', config, '--cluster', 'dev']),
      await runSaker(['simulate', '--config', config, '--cluster', 'test', '--json']),
    ]

    expect(unsaid.stderr).toBe('saker: --cluster must be one of prod, test (CLUSTER_UNSPECIFIED)\n')
    expect(unknown.stderr).toBe('saker: --cluster must be one of prod, test (CLUSTER_UNKNOWN)\n')
    expect([unsaid.exitCode, unknown.exitCode, known.exitCode]).toEqual([1, 1, 0])
    expect(JSON.parse(known.stdout)).toEqual([])
  })
})
