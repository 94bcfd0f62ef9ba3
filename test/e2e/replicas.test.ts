import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { laneOf, parseResponseLines, type Lane } from '@saker/core'
import type { LogLine } from '@saker/demo'
import { describe, expect, it, vi } from 'vitest'
import { aRepository } from '../support/a-repository.ts'
import { alertBody } from '../support/an-alert.ts'
import { BareRepository } from '../support/bare-repository.ts'
import { bystander } from '../support/lane-jobs.ts'
import { redisAvailable, startRedisServer } from '../support/redis-server.ts'
import { afterThisTest, startSaker, temporaryFolder, type RunningSaker } from '../support/saker.ts'

const SOON = { timeout: 20_000, interval: 20 }

function deployment(name: string, replicas = 2): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: default }
spec: { replicas: ${replicas} }
`
}

/** A repository with so many workloads, ingest, and workers that share a Redis with it. */
async function bundle(options: {
  readonly workers: number
  readonly workloads: number
  readonly quietMs: number
  readonly maxMs?: number
}) {
  const names = Array.from({ length: options.workloads }, (_, at) => `web${at}`)
  const origin = await BareRepository.create(
    Object.fromEntries(names.map((name) => [`${name}.yaml`, deployment(name)])),
  )
  afterThisTest(() => origin.remove())
  const redis = await startRedisServer()
  afterThisTest(() => redis.remove())
  const config = join(await temporaryFolder(), 'saker.yaml')
  await writeFile(
    config,
    `version: 1
repositories: { fleet: { git: { url: "file://${origin.path}" }, delivery: commit } }
responses: [{ name: contain, match: {}, actions: [{ contain: {} }] }]
guard: { maxWorkloads: { count: 1000 } }
dedupe: { window: 0s }
coalesce: { quiet: ${options.quietMs}ms, max: ${options.maxMs ?? 2000}ms }
`,
  )
  const env = { REDIS_URL: redis.url }
  const [ingest, ...workers] = await Promise.all([
    startSaker(['ingest', '--config', config], env),
    ...Array.from({ length: options.workers }, () => startSaker(['worker', '--config', config], env)),
  ])
  let sent = 0
  /** Sends an alert about a workload, unlike every other, and gives nothing back before it is accepted. */
  const send = async (name: string): Promise<void> => {
    sent += 1
    const time = `2026-05-25T13:44:05.${String(sent).padStart(9, '0')}Z`
    const fields = { 'k8s.ns.name': 'default', 'k8s.pod.name': `${name}-77789455d6-m7flp` }
    const answer = await fetch(ingest.ingest, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: alertBody({ time, output_fields: fields }),
    })
    expect([answer.status, answer.headers.get('saker-result')]).toEqual([202, 'accepted'])
  }
  const lane = onlyLaneOf(origin)
  const queue = bystander(redis.url, lane)
  afterThisTest(() => queue.close())
  /** The worker that has taken a response and not ended it yet. */
  const leading = async (): Promise<RunningSaker> =>
    vi.waitFor(async () => {
      const [job] = await queue.getActive()
      const found = workers.find(({ process }) => job?.processedBy?.endsWith(`#${process.pid}`))
      if (found === undefined) throw new Error('no worker leads')
      return found
    }, SOON)
  return { origin, workers, names, send, leading }
}

function onlyLaneOf({ path }: BareRepository): Lane {
  const location = { kind: 'git', url: `file://${path}` } as const
  return laneOf(aRepository({ location }), 'commit')
}

function linesOf(workers: readonly RunningSaker[], message: string): readonly LogLine[] {
  return workers.flatMap(({ process }) => process.lines).filter(({ msg }) => msg === message)
}

/** When the batch of a commit was complete, in milliseconds since 1970: before it was read, planned and written for. */
function begunAt({ time, readMs, planMs, commitMs }: LogLine): number {
  return time - Number(readMs) - Number(planMs) - Number(commitMs)
}

describe.skipIf(!redisAvailable)('several workers on one Redis', () => {
  it('go on within a second when the one that leads is told to stop while a burst settles', async () => {
    const quietMs = 1500
    const { workers, send, leading } = await bundle({ workers: 2, workloads: 1, quietMs })
    await send('web0')
    const leader = await leading()
    const other = workers.find((worker) => worker !== leader)

    const toldAt = Date.now()
    await leader.process.stop()
    await other?.settled()

    const [commit] = linesOf(workers, 'commit made')
    expect(linesOf([leader], 'response settled')).toEqual([])
    expect(commit === undefined ? NaN : begunAt(commit) - quietMs - toldAt).toBeLessThan(1000)
  })

  it('go on within a second when the one that leads ends its commit and stops', async () => {
    const { origin, workers, send } = await bundle({ workers: 2, workloads: 2, quietMs: 20 })
    const lock = join(origin.path, 'refs/heads/main.lock')
    await writeFile(lock, '')
    await send('web0')
    const [leader, other] = await vi.waitFor(() => {
      const found = workers.find((worker) => linesOf([worker], 'commit tried again').length > 0)
      if (found === undefined) throw new Error('nobody has tried to commit')
      return [found, workers.find((worker) => worker !== found)] as const
    }, SOON)

    const stopped = leader.process.stop()
    await send('web1')
    await rm(lock)
    await stopped
    await other?.settled()

    const [ended] = linesOf([leader], 'response settled')
    const [commit] = other === undefined ? [] : linesOf([other], 'commit made')
    expect(ended).toMatchObject({ outcome: 'committed', count: 1 })
    expect(commit === undefined ? NaN : begunAt(commit) - Number(ended?.time)).toBeLessThan(1000)
  })

  it('make one commit at a time, and give every alert of a burst one outcome', async () => {
    const { origin, workers, names, send } = await bundle({ workers: 3, workloads: 40, quietMs: 5, maxMs: 20 })

    const settled = (): readonly LogLine[] => linesOf(workers, 'response settled')
    // Most have had alerts before, and new workloads come with every wave, so that there is something to commit.
    const sendWave = (wave: number): Promise<unknown> => Promise.all(names.slice(0, wave * 4).map(send))
    for (let wave = 2; wave <= 10; wave += 2) {
      // The second comes while the first is under way; after it, nobody has anything to do for a moment.
      await sendWave(wave - 1)
      await sendWave(wave)
      const sent = 2 * wave * (wave + 1)
      await vi.waitFor(() => expect(settled().length).toBeGreaterThanOrEqual(sent), SOON)
    }

    expect(new Set(settled().map(({ responseId }) => responseId)).size).toBe(220)
    expect(settled()).toHaveLength(220)
    expect(new Set(settled().map(({ outcome }) => outcome))).toEqual(new Set(['committed', 'unchanged']))

    const files = await Promise.all(names.map((name) => origin.read(`${name}.yaml`)))
    expect(files).toEqual(names.map((name) => deployment(name, 0)))
    const parents = (await origin.git(['log', '--format=%P'])).trimEnd().split('\n')
    expect(parents.every((line) => /^[0-9a-f]{0,40}$/u.test(line))).toBe(true)
    const messages = await origin.git(['log', '--format=%B'])
    const told = parseResponseLines(messages).map(({ id }) => id)
    const committed = settled().filter(({ outcome }) => outcome === 'committed')
    expect(told.toSorted()).toEqual(committed.map(({ responseId }) => String(responseId)).toSorted())

    const commits = linesOf(workers, 'commit made').toSorted((a, b) => a.time - b.time)
    expect(await origin.log()).toHaveLength(commits.length + 1)
    expect(commits.length).toBeGreaterThanOrEqual(5)
    const overlaps = commits.filter((commit, at) => at > 0 && begunAt(commit) < (commits[at - 1]?.time ?? 0) - 5)
    expect(overlaps).toEqual([])
  }, 60_000)
})
