import { parseConfig, silentLog, type Config, type ResponseJob, type Waiver } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { MemoryGuard } from '../../../test/support/memory-guard.ts'
import { MemoryHost } from '../../../test/support/memory-host.ts'
import { BranchMemory } from './branch-memory.ts'
import { Layouts } from './layouts.ts'
import { respond } from './respond.ts'
import type { RespondDependencies } from './respond-batch.ts'

const HOUR = 3_600_000

function deployment(name: string, replicas = 3): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: default }
spec: { replicas: ${replicas} }
`
}

function configOf(guard: object, delivery = 'commit'): Config {
  const parsed = parseConfig({
    version: 1,
    repositories: { fleet: { git: { url: 'file:///fleet' }, delivery } },
    responses: [
      { name: 'contain', match: {}, actions: [{ contain: {} }] },
      { name: 'stop', match: {}, actions: [{ contain: {} }] },
    ],
    guard,
  })
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults))
  return parsed.config
}

/** The pod of a workload, as a Deployment's are named. */
function job(id: string, name: string, overrides: Partial<ResponseJob> = {}): ResponseJob {
  return {
    version: 1,
    id,
    response: 'contain',
    cluster: 'default',
    sighting: { namespace: 'default', podName: `${name}-77789455d6-m7flp` },
    alert: JSON.stringify({ rule: 'Terminal shell', priority: 'Notice', time: '2021-06-13T19:35:58Z' }),
    receivedAt: 1000,
    fingerprint: id,
    ...overrides,
  }
}

function bundle(names: readonly string[], config: Config) {
  const host = new MemoryHost(Object.fromEntries(names.map((name) => [`${name}.yaml`, deployment(name)])))
  const guard = new MemoryGuard()
  const clock = { now: 1000 }
  const at = (now: number): void => {
    clock.now = now
    host.now = now
  }
  at(1000)
  const deps: RespondDependencies = {
    host,
    guard,
    memory: new BranchMemory(),
    config,
    repository: 'fleet',
    delivery: config.repositories[0]?.delivery ?? 'commit',
    readNeighbour: async ({ name }) => Promise.reject(new Error(`nobody reads ${name}`)),
    layouts: new Layouts(),
    log: silentLog,
    observe: { conflict: () => undefined, committed: () => undefined },
    wait: async () => {},
    now: () => clock.now,
    random: () => 0.5,
  }
  const run = (jobs: ResponseJob[], about: { waivers?: ReadonlyMap<string, Waiver>; recovering?: boolean } = {}) =>
    respond({ jobs, recovering: false, signal: new AbortController().signal, ...about }, deps)
  return { host, guard, deps, run, at }
}

const RELEASED: Waiver = { kind: 'released' }
const RETRIED: Waiver = { kind: 'retried' }

describe('the guard over namespaces', () => {
  it.each([
    ['payments', 'ProtectedNamespace'],
    ['falco', 'ProtectedNamespace'],
    ['elsewhere', 'NamespaceNotAllowed'],
  ])('skips what is in %s, released or not, without asking the repository', async (namespace, reason) => {
    const config = configOf({ onlyNamespaces: ['default', 'falco', 'payments'], protectedNamespaces: ['payments'] })
    const { host, run } = bundle(['web'], config)
    const theirs = job('r1', 'web', { sighting: { namespace, podName: 'web-0' } })

    const outcomes = await run([theirs], { waivers: new Map([['r1', RELEASED]]) })

    expect(outcomes.get('r1')).toEqual({ outcome: 'skipped', reason })
    expect(host.reads).toEqual([])
  })

  it('lets pass what is allowed, and what is unprotected', async () => {
    const { run } = bundle(['web'], configOf({ onlyNamespaces: ['default'], unprotectNamespaces: ['falco'] }))

    expect((await run([job('r1', 'web')])).get('r1')).toMatchObject({ outcome: 'committed' })
  })
})

describe('the guard over age', () => {
  const OLD = { now: 1000 + 15 * 60_000 + 1 }

  it('holds what has waited too long, without asking the repository', async () => {
    const { host, run, at } = bundle(['web'], configOf({}))
    at(OLD.now)

    const outcomes = await run([job('r1', 'web')])

    expect(outcomes.get('r1')).toEqual({ outcome: 'held', reason: 'TooOld' })
    expect(host.reads).toEqual([])
  })

  it.each([RELEASED, RETRIED])('does what a person wants done: %j', async (waiver) => {
    const { run, at } = bundle(['web'], configOf({}))
    at(OLD.now)

    const outcomes = await run([job('r1', 'web')], { waivers: new Map([['r1', waiver]]) })

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'committed' })
  })

  it('leaves out the time that the lane has slept for limits of the host', async () => {
    const { deps, at } = bundle(['web'], configOf({}))
    at(OLD.now)
    const batch = { jobs: [job('r1', 'web')], recovering: false, signal: new AbortController().signal }

    const outcomes = await respond({ ...batch, asleepMs: new Map([['r1', 1]]) }, deps)

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'committed' })
  })

  it('looks first whether it was done already, when an earlier try may have done it', async () => {
    const { run, at, host } = bundle(['web', 'api'], configOf({}))
    await run([job('r1', 'web')])
    at(OLD.now)

    const outcomes = await run([job('r1', 'web'), job('r2', 'api')], { recovering: true })

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'committed', sha: 'sha-1' })
    expect(outcomes.get('r2')).toEqual({ outcome: 'held', reason: 'TooOld' })
    expect(host.history).toHaveLength(2)
  })
})

describe('the guard over how much is stopped', () => {
  const names = ['a', 'b', 'c', 'd']

  it('commits up to the cap and holds the rest, with what they were about', async () => {
    const { host, run } = bundle(names, configOf({ maxWorkloads: { count: 2 } }))

    const outcomes = await run(names.map((name) => job(name, name)))

    expect(names.map((id) => outcomes.get(id)?.outcome)).toEqual(['committed', 'committed', 'held', 'held'])
    expect(outcomes.get('c')).toEqual({
      outcome: 'held',
      reason: 'WorkloadCap',
      workload: { cluster: 'default', namespace: 'default', kind: 'Deployment', name: 'c' },
      path: 'c.yaml',
    })
    expect(host.history).toHaveLength(2)
    expect(Object.values(host.tip.files).filter((text) => text.includes('replicas: 0'))).toHaveLength(2)
    expect(host.reads.map(({ freshness }) => freshness)).toEqual(['cached', 'cached'])
  })

  it('counts only what a commit really stops', async () => {
    const { host, guard, run } = bundle(names, configOf({ maxWorkloads: { count: 2 } }))
    host.add('somebody stops a', { 'a.yaml': deployment('a', 0) })
    host.faults.push({ code: 'BRANCH_PROTECTED' })

    const refused = await run([job('r1', 'a'), job('r2', 'b')])
    const outcomes = await run([job('r3', 'c'), job('r4', 'd')])

    expect([...refused.values()].map(({ outcome }) => outcome)).toEqual(['unchanged', 'failed'])
    expect([...outcomes.values()].map(({ outcome }) => outcome)).toEqual(['committed', 'committed'])
    expect(guard.closed).toEqual([[], ['default/default/Deployment/c', 'default/default/Deployment/d']])
  })

  it('keeps counting what nobody knows the end of', async () => {
    const { host, guard, run } = bundle(names, configOf({}))
    for (let lost = 0; lost < 3; lost += 1) host.faults.push({ code: 'COMMIT_UNCONFIRMED' })

    await expect(run([job('r1', 'a')])).rejects.toMatchObject({ code: 'COMMIT_UNCONFIRMED' })

    expect(guard.closed).toEqual(['unknown'])
    expect([...guard.stopped]).toEqual(['default/default/Deployment/a'])
  })

  it('takes what is released beyond the cap, and counts it', async () => {
    const { guard, run } = bundle(names, configOf({ maxWorkloads: { count: 1 } }))
    await run([job('r1', 'a')])

    const outcomes = await run([job('r2', 'b'), job('r3', 'c')], {
      waivers: new Map([
        ['r3', RELEASED],
        ['r2', RETRIED],
      ]),
    })

    expect([outcomes.get('r2')?.outcome, outcomes.get('r3')?.outcome]).toEqual(['held', 'committed'])
    expect(guard.stopped.size).toBe(2)
  })

  it('has what exceeds the cap go on elsewhere, where there is such a lane', async () => {
    const { deps } = bundle(names, configOf({ maxWorkloads: { count: 1 } }))
    const overCap = { outcome: 'forwarded', lane: 'proposals' } as const
    const batch = { jobs: [job('r1', 'a'), job('r2', 'b')], recovering: false, signal: new AbortController().signal }

    const outcomes = await respond(batch, { ...deps, overCap })

    expect([outcomes.get('r1')?.outcome, outcomes.get('r2')]).toEqual(['committed', overCap])
  })

  it('decides to hold only on the tip', async () => {
    const { host, run } = bundle(names, configOf({ maxWorkloads: { count: 1 } }))
    await run([job('r1', 'a')])
    host.add('somebody stops b', { 'b.yaml': deployment('b', 0) })

    const outcomes = await run([job('r2', 'b')])

    expect(outcomes.get('r2')).toMatchObject({ outcome: 'unchanged', sha: 'sha-2' })
  })

  it('neither counts nor holds what is only observed', async () => {
    const { guard, run } = bundle(names, configOf({ maxWorkloads: { count: 1 } }, 'observe'))
    guard.paused = true

    const outcomes = await run([job('r1', 'a'), job('r2', 'b')])

    expect([...outcomes.values()].map(({ outcome }) => outcome)).toEqual(['observed', 'observed'])
    expect(guard.stopped.size).toBe(0)
  })

  it('writes nothing in a lane that was paused meanwhile', async () => {
    const { host, guard, run } = bundle(names, configOf({}))
    guard.paused = true

    await expect(run([job('r1', 'a')])).rejects.toMatchObject({ code: 'LANE_PAUSED' })

    expect(host.history).toHaveLength(1)
  })
})

describe('the guard over what people take back', () => {
  async function contained(config: Config = configOf({})) {
    const parts = bundle(['web', 'api'], config)
    await parts.run([job('r1', 'web')])
    return parts
  }

  it('leaves a workload alone for a while after somebody else started it again', async () => {
    const { host, run, at } = await contained()
    at(2000)
    host.add('start web again, it is a false alarm', { 'web.yaml': deployment('web') })

    const outcomes = await run([job('r2', 'web'), job('r3', 'web', { response: 'stop' }), job('r4', 'api')])

    const until = new Date(2000 + HOUR).toISOString()
    expect(outcomes.get('r2')).toMatchObject({
      outcome: 'skipped',
      reason: 'Muted',
      mute: { reason: 'ForeignRevert', until },
    })
    expect(outcomes.get('r3')).toMatchObject({ outcome: 'skipped', reason: 'Muted' })
    expect(outcomes.get('r4')).toMatchObject({ outcome: 'committed' })
    expect(host.tip.files['web.yaml']).toBe(deployment('web'))
  })

  it('contains it again after that, however busy the branch is', async () => {
    const { host, run, at } = await contained()
    at(2000)
    host.add('start web again', { 'web.yaml': deployment('web') })
    await run([job('r2', 'web')])
    at(2000 + HOUR)
    host.add('something else altogether', { 'other.yaml': '' })

    const outcomes = await run([job('r3', 'web', { receivedAt: 2000 + HOUR })])

    expect(outcomes.get('r3')).toMatchObject({ outcome: 'committed' })
  })

  it('leaves it alone for a released response too', async () => {
    const { host, run } = await contained()
    host.add('start web again', { 'web.yaml': deployment('web') })

    const outcomes = await run([job('r2', 'web')], { waivers: new Map([['r2', RELEASED]]) })

    expect(outcomes.get('r2')).toMatchObject({ outcome: 'skipped', reason: 'Muted' })
  })

  it('knows it from the history alone, after a restart and without Redis’s memory', async () => {
    const { host, deps, at } = await contained()
    at(2000)
    host.add('start web again', { 'web.yaml': deployment('web') })
    const anew = { ...deps, guard: new MemoryGuard(), memory: new BranchMemory() }
    const batch = { jobs: [job('r2', 'web')], recovering: false, signal: new AbortController().signal }

    expect((await respond(batch, anew)).get('r2')).toMatchObject({ outcome: 'skipped', reason: 'Muted' })
  })

  it.each([
    ['an undo', 'undo contain default/Deployment/web\n\nSaker-Undo: r1\n', 'Undone'],
    ['a revert that quotes us', 'Revert\n\nThis reverts commit abcdef0123456.\n\n', 'ForeignRevert'],
  ])('counts from %s, whatever others commit since', async (_what, written, reason) => {
    const { host, run, at } = await contained()
    const ours = host.tip
    host.history[1] = { ...ours, sha: `abcdef0123456${'7'.repeat(27)}` }
    at(2000)
    host.add(reason === 'Undone' ? written : written + ours.message, { 'web.yaml': deployment('web') })
    at(9000)
    host.add('something else', { 'other.yaml': '' })

    const outcomes = await run([job('r2', 'web')])

    const until = new Date(2000 + HOUR).toISOString()
    expect(outcomes.get('r2')).toMatchObject({ outcome: 'skipped', mute: { reason, until } })
  })

  it('leaves a workload alone of which something else was undone', async () => {
    const { host, run, at } = await contained()
    const labelled = host.tip.message.replace('contain default/default', 'label default/default')
    host.history.pop()
    host.add(labelled.replace('/spec/replicas', '/metadata/labels/seen'), { 'web.yaml': deployment('web') })
    at(2000)
    host.add('undo\n\nSaker-Undo: r1\n', { 'other.yaml': '' })

    const outcomes = await run([job('r2', 'web')])

    expect(outcomes.get('r2')).toMatchObject({ outcome: 'skipped', mute: { reason: 'Undone' } })
  })

  it('contains again what was undone because its time was over', async () => {
    const { host, run, at } = await contained()
    const { message } = host.tip
    host.history.pop()
    host.add(message.replace('until=-', `until=${new Date(1500).toISOString()}`), { 'web.yaml': deployment('web', 0) })
    at(2000)
    host.add('undo\n\nSaker-Undo: r1\n', { 'web.yaml': deployment('web') })

    expect((await run([job('r2', 'web')])).get('r2')).toMatchObject({ outcome: 'committed' })
  })

  it('takes no other commit for a revert as long as what was written stands', async () => {
    const { host, run } = await contained()
    host.add('something else', { 'api.yaml': deployment('api', 5) })

    const outcomes = await run([job('r2', 'web'), job('r3', 'api')])

    expect(outcomes.get('r2')).toMatchObject({ outcome: 'unchanged' })
    expect(outcomes.get('r3')).toMatchObject({ outcome: 'committed' })
  })

  it('costs a warm lane no request', async () => {
    const { host, run } = await contained()

    await run([job('r2', 'api')])

    expect(host.reads.map(({ freshness, past }) => [freshness, past])).toEqual([
      ['cached', 100],
      ['cached', 0],
    ])
  })
})
