import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SakerProcess, type LogLine } from '@saker/demo'
import { describe, expect, it, vi } from 'vitest'
import { alertBody } from '../support/an-alert.ts'
import { BareRepository } from '../support/bare-repository.ts'
import { redisAvailable, startRedisServer } from '../support/redis-server.ts'
import { afterThisTest, startSaker, temporaryFolder, type RunningSaker } from '../support/saker.ts'

/** Alerts that the attacker has under way at a time. */
const FLOOD = 50

const SOON = { timeout: 120_000, interval: 50 }

function deployment(name: string, namespace: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace} }
spec: { replicas: 2 }
`
}

/** A cluster with so many workloads in `default`, and one in each protected namespace; ingest, and two workers. */
async function bundle({ workloads, guard }: { readonly workloads: number; readonly guard: string }) {
  const names = Array.from({ length: workloads }, (_, at) => `web${at}`)
  const files = [
    ...names.map((name) => [`${name}.yaml`, deployment(name, 'default')] as const),
    ...['kube-system', 'payments'].map((where) => [`${where}.yaml`, deployment('core', where)] as const),
  ]
  const origin = await BareRepository.create(Object.fromEntries(files))
  afterThisTest(() => origin.remove())
  const redis = await startRedisServer()
  afterThisTest(() => redis.remove())
  const config = join(await temporaryFolder(), 'saker.yaml')
  await writeFile(
    config,
    `version: 1
repositories: { fleet: { git: { url: "file://${origin.path}" }, delivery: commit } }
responses: [{ name: contain, match: {}, actions: [{ contain: {} }] }]
guard: ${guard}
coalesce: { quiet: 5ms, max: 50ms }
`,
  )
  const env = { REDIS_URL: redis.url }
  const startWorker = (): Promise<RunningSaker> => startSaker(['worker', '--config', config], env)
  // One after the other: each start keeps a processor busy.
  const ingest = await startSaker(['ingest', '--config', config], env)
  const workers = [await startWorker(), await startWorker()]
  const send = async (podName: string, namespace = 'default'): Promise<string> => {
    const answer = await fetch(ingest.ingest, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: alertBody({ output_fields: { 'k8s.ns.name': namespace, 'k8s.pod.name': podName } }),
    })
    return `${answer.status} ${answer.headers.get('saker-result') ?? ''}`
  }
  /** Sends an alert until it is taken: a busy machine may ask for patience. */
  const deliver = async (podName: string, namespace?: string): Promise<void> => {
    for (;;) {
      const answer = await send(podName, namespace)
      if (answer === '202 accepted' || answer === '202 duplicate') return
      expect(answer).toBe('503 unavailable')
    }
  }
  const settled = (): readonly LogLine[] =>
    workers.flatMap(({ process }) => process.lines).filter(({ msg }) => msg === 'response settled')
  const stopped = async (): Promise<readonly string[]> => {
    const found = await origin.git(['grep', '--name-only', 'replicas: 0', 'main']).catch(() => '')
    return found.split('\n').filter((line) => line !== '')
  }
  return { origin, ingest, workers, startWorker, names, send, deliver, settled, stopped }
}

/** Runs a command of operators against a server until it ends. */
async function operate(
  saker: RunningSaker,
  args: readonly string[],
): Promise<{ code: number | null; printed: string }> {
  const process = new SakerProcess({ args: [...args, '--server', saker.admin], captureOutput: true })
  afterThisTest(() => process.stop())
  return process.ended()
}

interface HeldReceipt {
  readonly id: string
  readonly outcome: string
  readonly code: string
  readonly state?: string
}

async function heldOf({ admin }: RunningSaker): Promise<readonly HeldReceipt[]> {
  const answer = await fetch(`${admin}/api/responses?outcome=held&limit=500`)
  return ((await answer.json()) as { responses: readonly HeldReceipt[] }).responses
}

interface ShownLane {
  readonly slug: string
  readonly held: number
  readonly paused: { readonly operator: string; readonly as?: string; readonly reason?: string } | null
}

async function laneOf({ admin }: RunningSaker): Promise<ShownLane> {
  const { lanes } = (await (await fetch(`${admin}/api/lanes`)).json()) as { lanes: readonly ShownLane[] }
  const [lane] = lanes
  if (lane === undefined) throw new Error('there is no lane')
  return lane
}

/** Pods of a Deployment, as Kubernetes would name them: the same workload under names that deduplication keeps apart or not. */
function podOf(name: string): string {
  return `${name}-77789455d6-m7flp`
}

describe.skipIf(!redisAvailable)('an attacker who can trigger alerts in every pod', () => {
  it('has no more than the cap stopped, over several replicas, and nothing that is protected', async () => {
    const { ingest, names, send, deliver, settled, stopped } = await bundle({
      workloads: 500,
      guard: '{ protectedNamespaces: [payments], maxWorkloads: { count: 7 } }',
    })
    const forged = ['../../kube-system/core', 'core\nkube-system', 'web1-77789455d6-m7flp;reboot', 'WEB1', '*']

    const places = names.map((name) => [name, 'default'] as const)
    const alerts = [...places, ['core', 'kube-system'], ['core', 'payments'], ['core', 'default']] as const
    for (let from = 0; from < alerts.length; from += FLOOD) {
      await Promise.all(alerts.slice(from, from + FLOOD).map(([name, namespace]) => deliver(podOf(name), namespace)))
    }
    const forgeries = await Promise.all(forged.map((name) => send(name)))

    expect(new Set(forgeries)).toEqual(new Set(['204 ignored']))
    await vi.waitFor(() => expect(settled()).toHaveLength(503), SOON)
    const ends = Map.groupBy(settled(), ({ outcome, reason, code }) => [outcome, reason ?? code].join(' ').trim())
    expect(Object.fromEntries(Array.from(ends, ([end, lines]) => [end, lines.length]))).toEqual({
      committed: 7,
      'held WorkloadCap': 493,
      'skipped ProtectedNamespace': 2,
      'failed WORKLOAD_NOT_FOUND': 1,
    })
    expect(await stopped()).toHaveLength(7)

    const held = await heldOf(ingest)
    expect(held).toHaveLength(493)
    expect((await laneOf(ingest)).held).toBe(493)
    const [first, second, third] = held.map(({ id }) => id)
    const released = await operate(ingest, ['release', first ?? '', second ?? '', '--as', 'zoe', '--reason', 'real'])
    const dropped = await operate(ingest, ['drop', third ?? '', '--reason', 'noise'])
    const again = await operate(ingest, ['release', third ?? ''])
    expect([released.code, dropped.code, again.code]).toEqual([0, 0, 1])
    expect(released.printed).toContain(`${first}  released: contain `)
    expect(again.printed).toContain('RESPONSE_NOT_HELD')
    await vi.waitFor(() => expect(settled()).toHaveLength(505), SOON)
    expect(await stopped()).toHaveLength(9)
    const left = await heldOf(ingest)
    expect(left.filter(({ state }) => state === undefined)).toHaveLength(490)
    expect(left.filter(({ state }) => state === 'dropped').map(({ id }) => id)).toEqual([third])
  }, 400_000)
})

describe.skipIf(!redisAvailable)('saker pause', () => {
  it('lets nothing be committed once it has answered, survives a restart, and loses no alert', async () => {
    const { origin, ingest, workers, startWorker, names, deliver, settled } = await bundle({
      workloads: 120,
      guard: '{ maxWorkloads: { count: 1000 } }',
    })
    const early = names.slice(0, 60).map((name) => deliver(podOf(name)))
    await vi.waitFor(() => expect(settled().length).toBeGreaterThan(0), SOON)

    const paused = await operate(ingest, ['pause', 'fleet', '--as', 'zoe', '--reason', 'false alarm'])
    const tip = await origin.head()
    const ended = settled().length
    await Promise.all([...early, ...names.slice(60).map((name) => deliver(podOf(name)))])
    await vi.waitFor(() => expect(workers.some(({ process }) => isPaused(process))).toBe(true), SOON)
    await workers[0]?.process.stop()
    const another = await startWorker()
    workers.push(another)
    await workers[1]?.process.stop()
    await another.process.line('paused', ({ msg }) => msg === 'lane paused')

    expect(paused).toEqual({ code: 0, printed: expect.stringMatching(/^(?:\S+ {2}paused: .*\n?){2}$/u) })
    expect(await origin.head()).toBe(tip)
    expect((await laneOf(ingest)).paused).toMatchObject({ operator: 'anonymous', as: 'zoe', reason: 'false alarm' })
    expect(await (await fetch(`${ingest.admin}/metrics`)).text()).toMatch(/^saker_lane_paused\{.*\} 1$/mu)
    expect((await fetch(`${another.admin}/readyz`)).status).toBe(200)

    const resumed = await operate(ingest, ['resume'])
    await vi.waitFor(() => expect(settled()).toHaveLength(120), SOON)

    expect(resumed).toEqual({ code: 0, printed: expect.stringMatching(/^(?:\S+ {2}resumed\n?){2}$/u) })
    expect(ended).toBeLessThan(120)
    expect(new Set(settled().map(({ outcome }) => outcome))).toEqual(new Set(['committed']))
    expect(new Set(settled().map(({ responseId }) => responseId)).size).toBe(120)
    expect((await laneOf(ingest)).paused).toBeNull()
  }, 400_000)

  it('has what waited too long held, not fired', async () => {
    const { origin, ingest, workers, send, settled } = await bundle({ workloads: 1, guard: '{ maxAge: 100ms }' })
    await operate(ingest, ['pause'])
    await send(podOf('web0'))
    await vi.waitFor(() => expect(workers.some(({ process }) => isPaused(process))).toBe(true), SOON)
    const since = Date.now()
    await vi.waitFor(() => expect(Date.now() - since).toBeGreaterThan(100), SOON)

    await operate(ingest, ['resume'])
    await vi.waitFor(() => expect(settled()).toHaveLength(1), SOON)

    expect(settled()[0]).toMatchObject({ outcome: 'held', reason: 'TooOld' })
    expect(await origin.log()).toHaveLength(1)
    const [held] = await heldOf(ingest)
    await operate(ingest, ['release', held?.id ?? ''])
    await vi.waitFor(() => expect(settled()).toHaveLength(2), SOON)
    expect(settled().map(({ outcome }) => outcome)).toContain('committed')
  }, 400_000)
})

function isPaused({ lines }: SakerProcess): boolean {
  return lines.some(({ msg }) => msg === 'lane paused')
}
