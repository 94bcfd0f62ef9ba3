import { parseConfig, parseResponseLines, silentLog, type Config, type ResponseJob } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { MemoryGuard } from '../../../test/support/memory-guard.ts'
import { MemoryHost } from '../../../test/support/memory-host.ts'
import { BranchMemory } from './branch-memory.ts'
import type { Commit } from './repository-host.ts'
import { Layouts } from './layouts.ts'
import { respond } from './respond.ts'
import type { RespondDependencies } from './respond-batch.ts'

const DEPLOYMENT = (name: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: default }
spec:
  replicas: 3 # three zones
`

function config(delivery = 'commit', guard: object = {}, actions: readonly object[] = [{ contain: {} }]): Config {
  const parsed = parseConfig({
    version: 1,
    repositories: { fleet: { git: { url: 'file:///fleet' }, delivery } },
    responses: [{ name: 'contain', match: {}, actions }],
    guard,
  })
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults))
  return parsed.config
}

function job(id: string, podName: string, namespace = 'default'): ResponseJob {
  const alert = JSON.stringify({
    rule: 'Terminal shell in container',
    priority: 'Notice',
    time: '2021-06-13T19:35:58Z',
    output_fields: {},
  })
  return {
    version: 1,
    id,
    response: 'contain',
    cluster: 'default',
    sighting: { namespace, podName },
    alert,
    receivedAt: 0,
    fingerprint: id,
  }
}

function bundle(files: Record<string, string>, settings: Config = config()) {
  const host = new MemoryHost(files)
  const conflicts = { count: 0 }
  const clock = { now: 1000 }
  const commits: Commit[] = []
  const deps: RespondDependencies = {
    host,
    guard: new MemoryGuard(),
    memory: new BranchMemory(),
    config: settings,
    repository: 'fleet',
    delivery: settings.repositories[0]?.delivery ?? 'commit',
    readNeighbour: async ({ name }) => Promise.reject(new Error(`nobody reads ${name}`)),
    layouts: new Layouts(),
    log: silentLog,
    observe: { conflict: () => (conflicts.count += 1), committed: (commit) => commits.push(commit) },
    wait: async () => {},
    now: () => clock.now,
    random: () => 0.5,
  }
  const run = (jobs: ResponseJob[], recovering = false) =>
    respond({ jobs, recovering, signal: new AbortController().signal }, deps)
  return { host, run, clock, deps, conflicts, commits }
}

const WEB_POD = 'web-77789455d6-m7flp'
const API_POD = 'api-77789455d6-m7flp'

describe('respond', () => {
  it('answers a burst over several workloads with one commit that names every response', async () => {
    const { host, run, commits } = bundle({ 'web.yaml': DEPLOYMENT('web'), 'api.yaml': DEPLOYMENT('api') })

    const outcomes = await run([job('r1', WEB_POD), job('r2', API_POD), job('r3', 'web-77789455d6-x2k4z')])

    expect(host.history).toHaveLength(2)
    expect(host.tip.files).toEqual({
      'web.yaml': DEPLOYMENT('web').replace('3', '0'),
      'api.yaml': DEPLOYMENT('api').replace('3', '0'),
    })
    expect(parseResponseLines(host.tip.message).map(({ id }) => id)).toEqual(['r1', 'r2', 'r3'])
    expect(host.tip.message.split('\n')[0]).toBe('respond to 2 workloads (contain)')
    expect([...outcomes.values()].map(({ outcome }) => outcome)).toEqual(['committed', 'committed', 'committed'])
    expect(commits).toEqual([{ sha: 'sha-1' }])
  })

  it('says in the commit how many alerts a workload was answered for, merged ones included', async () => {
    const { host, deps } = bundle({ 'web.yaml': DEPLOYMENT('web'), 'api.yaml': DEPLOYMENT('api') })
    const jobs = [job('r1', WEB_POD), job('r2', 'web-77789455d6-x2k4z'), job('r3', API_POD)]
    const counts = new Map([
      ['r1', 41],
      ['r3', 7],
    ])

    await respond({ jobs, counts, recovering: false, signal: new AbortController().signal }, deps)

    expect(host.tip.message.match(/count: +[0-9]+/gu)).toEqual(['count:      42', 'count:      42', 'count:      7'])
  })

  it('fails an alert that cannot be resolved alone, and answers its mates', async () => {
    const { host, run } = bundle({ 'web.yaml': DEPLOYMENT('web') })

    const outcomes = await run([job('r1', 'nobody-0'), job('r2', WEB_POD)])

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'failed', code: 'WORKLOAD_NOT_FOUND' })
    expect(outcomes.get('r2')).toMatchObject({ outcome: 'committed', sha: 'sha-1', path: 'web.yaml' })
    expect(host.history).toHaveLength(2)
  })

  it('carries out no part of a response of which one part cannot be done', async () => {
    const actions = [{ contain: {} }, { isolate: {} }]
    const { host, run } = bundle({ 'web.yaml': DEPLOYMENT('web') }, config('commit', {}, actions))

    const outcomes = await run([job('r1', WEB_POD)])

    // it has no selector that a policy could repeat
    expect(outcomes.get('r1')).toMatchObject({ outcome: 'failed', workload: { name: 'web' } })
    expect(host.history).toHaveLength(1)
  })

  it('carries out all parts of a response in one commit, with a place for each', async () => {
    const actions = [{ contain: {} }, { isolate: {} }, { annotate: { 'acme.example/incident': 'yes' } }]
    const selector = '  selector: { matchLabels: { app: web } }\n  template: { metadata: { labels: { app: web } } }\n'
    const { host, run } = bundle({ 'web.yaml': DEPLOYMENT('web') + selector }, config('commit', {}, actions))

    const outcomes = await run([job('r1', WEB_POD)])

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'committed', path: 'web.yaml' })
    expect(host.tip.files['web.yaml']).toContain('replicas: 0 # three zones')
    expect(host.tip.files['web.yaml']).toContain('acme.example/incident')
    const policy = Object.keys(host.tip.files).find((path) => path !== 'web.yaml')
    expect(host.tip.files[policy ?? '']).toContain('kind: NetworkPolicy')
    const [line] = parseResponseLines(host.tip.message)
    expect(line?.places.map((place) => place.split('#')[0])).toEqual(['web.yaml', 'web.yaml', policy])
  })

  it('refuses an edit that is not safe alone, and answers its mates in other files', async () => {
    const big = DEPLOYMENT('big').replace('  replicas: 3 # three zones\n', '  paused: true\n')
    const files = { 'web.yaml': DEPLOYMENT('web'), 'big.yaml': `${big}# `.padEnd(1024 * 1024, 'x') }
    const { host, run } = bundle(files)

    const outcomes = await run([job('r1', WEB_POD), job('r2', 'big-77789455d6-m7flp')])

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'committed' })
    expect(outcomes.get('r2')).toMatchObject({ outcome: 'failed', code: 'MANIFEST_EDIT_UNSAFE' })
    expect(host.tip.files['big.yaml']).toBe(files['big.yaml'])
  })

  it('makes no commit when the workload already is in the desired state', async () => {
    const { host, run } = bundle({ 'web.yaml': DEPLOYMENT('web').replace('3', '0') })

    const outcomes = await run([job('r1', WEB_POD)])

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'unchanged', sha: 'sha-0' })
    expect(host.history).toHaveLength(1)
  })

  it('writes on the tree it saw last without reading again, but decides not to write only on the tip', async () => {
    const files = { 'web.yaml': DEPLOYMENT('web'), 'api.yaml': DEPLOYMENT('api') }
    const { host, run } = bundle(files, config('commit', { muteFor: '0s' }))
    await run([job('r1', WEB_POD)])
    host.add('somebody starts web again', { 'web.yaml': DEPLOYMENT('web') })

    const outcomes = await run([job('r2', WEB_POD)])

    expect(host.reads.map(({ freshness }) => freshness)).toEqual(['cached', 'cached', 'current'])
    expect(outcomes.get('r2')).toMatchObject({ outcome: 'committed', sha: 'sha-3' })
  })

  it('leaves protected namespaces alone without asking the repository', async () => {
    const { host, run } = bundle(
      { 'web.yaml': DEPLOYMENT('web') },
      config('commit', { protectedNamespaces: ['default'] }),
    )

    const outcomes = await run([job('r1', WEB_POD), job('r2', 'coredns-77789455d6-m7flp', 'kube-system')])

    expect([...outcomes.values()]).toEqual([
      { outcome: 'skipped', reason: 'ProtectedNamespace' },
      { outcome: 'skipped', reason: 'ProtectedNamespace' },
    ])
    expect(host.reads).toHaveLength(0)
  })

  it('leaves a response that its config does not know yet for later, and answers its mates', async () => {
    const { run } = bundle({ 'web.yaml': DEPLOYMENT('web') })
    const ahead = { ...job('r2', WEB_POD), response: 'brand-new' }

    const outcomes = await run([job('r1', WEB_POD), ahead])

    expect([...outcomes.keys()]).toEqual(['r1'])
    await expect(run([ahead])).rejects.toMatchObject({ code: 'CONFIG_BEHIND', retryable: true })
  })

  it('fails a response that its config still does not know after two minutes', async () => {
    const { run, clock } = bundle({ 'web.yaml': DEPLOYMENT('web') })
    clock.now = 120_000

    const outcomes = await run([{ ...job('r1', WEB_POD), response: 'gone' }])

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'failed', code: 'RESPONSE_REMOVED' })
  })

  it('shows the diff and writes nothing when it observes', async () => {
    const { host, run } = bundle({ 'web.yaml': DEPLOYMENT('web') }, config('observe'))

    const outcomes = await run([job('r1', WEB_POD)])

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'observed', path: 'web.yaml' })
    expect(outcomes.get('r1')).toHaveProperty(
      'diff',
      expect.stringContaining('-  replicas: 3 # three zones\n+  replicas: 0 # three zones'),
    )
    expect(host.history).toHaveLength(1)
  })
})

describe('respond against a moving branch', () => {
  it('plans again on every foreign commit, ten in a row, and loses none of them', async () => {
    const { host, run, conflicts } = bundle({ 'web.yaml': DEPLOYMENT('web') })
    for (let n = 0; n < 10; n += 1)
      host.faults.push({ code: 'BRANCH_MOVED', foreign: { 'web.yaml': `# note ${n}\n${DEPLOYMENT('web')}` } })

    const outcomes = await run([job('r1', WEB_POD)])

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'committed', sha: 'sha-11' })
    expect(host.tip.files['web.yaml']).toBe(`# note 9\n${DEPLOYMENT('web').replace('3', '0')}`)
    expect(conflicts.count).toBe(10)
  })

  it('finds its own commit in the history when the answer to it was lost, and tells of it', async () => {
    const { host, run, commits } = bundle({ 'web.yaml': DEPLOYMENT('web') })
    host.faults.push({ code: 'COMMIT_UNCONFIRMED', landed: true })

    const outcomes = await run([job('r1', WEB_POD)])

    expect(outcomes.get('r1')).toEqual({
      outcome: 'committed',
      sha: 'sha-1',
      workload: { cluster: 'default', namespace: 'default', kind: 'Deployment', name: 'web' },
      path: 'web.yaml',
    })
    expect(host.history).toHaveLength(2)
    expect(commits).toEqual([{ sha: 'sha-1' }])
  })

  it('finds what another worker committed for the same jobs when that was faster', async () => {
    const files = { 'web.yaml': DEPLOYMENT('web'), 'api.yaml': DEPLOYMENT('api') }
    const { host, run } = bundle(files, config('commit', { muteFor: '0s' }))
    await run([job('r0', API_POD)])
    const { message } = host.tip
    host.add('somebody starts api again', { 'api.yaml': DEPLOYMENT('api') })
    await host.read({ freshness: 'current', signal: new AbortController().signal })
    host.add(message.replaceAll('r0', 'r1'), { 'api.yaml': DEPLOYMENT('api').replace('3', '0') })
    host.add('somebody starts api once more', { 'api.yaml': DEPLOYMENT('api') })

    const outcomes = await run([job('r1', API_POD), job('r2', WEB_POD)])

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'committed', sha: 'sha-3' })
    expect(outcomes.get('r2')).toMatchObject({ outcome: 'committed', sha: 'sha-5' })
    expect(host.tip.files['api.yaml']).toBe(DEPLOYMENT('api'))
  })

  it('commits again when the lost answer hid a commit that never landed', async () => {
    const { host, run } = bundle({ 'web.yaml': DEPLOYMENT('web') })
    host.faults.push({ code: 'COMMIT_UNCONFIRMED' })

    const outcomes = await run([job('r1', WEB_POD)])

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'committed', sha: 'sha-1' })
  })

  it('finds a commit that lands only after the history was searched', async () => {
    const { host, run } = bundle({ 'web.yaml': DEPLOYMENT('web') })
    host.faults.push({ code: 'COMMIT_UNCONFIRMED', late: true })

    const outcomes = await run([job('r1', WEB_POD)])

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'committed', sha: 'sha-1' })
    expect(host.history).toHaveLength(2)
  })

  it('recovers what an earlier run committed before it was cut off, and answers only the rest', async () => {
    const { host, run } = bundle({ 'web.yaml': DEPLOYMENT('web'), 'api.yaml': DEPLOYMENT('api') })
    await run([job('r1', WEB_POD)])

    const outcomes = await run([job('r1', WEB_POD), job('r2', API_POD)], true)

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'committed', sha: 'sha-1' })
    expect(outcomes.get('r2')).toMatchObject({ outcome: 'committed', sha: 'sha-2' })
    expect(host.history).toHaveLength(3)
  })

  it('hands back what may pass by itself, with nothing decided', async () => {
    const { host, run } = bundle({ 'web.yaml': DEPLOYMENT('web') })
    host.faults.push({ code: 'RATE_LIMITED' })

    await expect(run([job('r1', WEB_POD)])).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  })

  it('fails the responses of a refused commit with its code, and keeps what needed no commit', async () => {
    const { host, run } = bundle({ 'web.yaml': DEPLOYMENT('web'), 'api.yaml': DEPLOYMENT('api').replace('3', '0') })
    host.faults.push({ code: 'BRANCH_PROTECTED' })

    const outcomes = await run([job('r1', WEB_POD), job('r2', API_POD)])

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'failed', code: 'BRANCH_PROTECTED' })
    expect(outcomes.get('r2')).toMatchObject({ outcome: 'unchanged' })
  })
})
