import { laneOf, parseConfig, silentLog, type Config, type Repository } from '@saker/core'
import { ResponseQueue } from '@saker/queue'
import { Metrics } from '@saker/service'
import { startWorker } from '@saker/worker'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { alertBody } from '../support/an-alert.ts'
import { BareRepository } from '../support/bare-repository.ts'
import { bystander, responseJob } from '../support/lane-jobs.ts'
import { redisAvailable, startRedisServer, type RedisServer } from '../support/redis-server.ts'
import { afterThisTest, temporaryFolder } from '../support/saker.ts'

const SOON = { timeout: 20_000, interval: 20 }

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: default }
spec: { replicas: 2 }
`

function configOf(origin: BareRepository, overrides: object = {}): Config {
  const fleet = {
    git: { url: `file://${origin.path}` },
    delivery: 'commit',
    clusters: { prod: {} },
    ...overrides,
  }
  const responses = [{ name: 'contain-shells', match: {}, actions: [{ contain: {} }] }]
  const parsed = parseConfig({ version: 1, repositories: { fleet }, responses, coalesce: { quiet: '10ms', max: '1s' } })
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults))
  return parsed.config
}

/** The repository of a config that was in use before. */
function fleetOf({ repositories }: Config): Repository {
  const [fleet] = repositories
  if (fleet === undefined) throw new Error('there is no repository')
  return fleet
}

describe.skipIf(!redisAvailable)('a lane that the config does not lead to any more', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedisServer()
  })
  afterAll(() => server.remove())

  async function anOrigin(): Promise<BareRepository> {
    const origin = await BareRepository.create({ 'web.yaml': DEPLOYMENT })
    afterThisTest(() => origin.remove())
    return origin
  }

  async function startWith(config: Config) {
    return startWorker({
      config: () => config,
      secrets: { read: () => Promise.reject(new Error('there is none')) },
      redisUrl: server.url,
      dataDir: await temporaryFolder(),
      dryRun: false,
      lockDurationMs: 1200,
      leftPatienceMs: 50,
      metrics: new Metrics('test'),
      log: silentLog,
    })
  }

  /**
   * A worker with the config of before runs and ends, ingest stores a job under that config, and a worker with the config of
   * now begins.
   */
  async function acceptedUnder(before: Config, now: Config) {
    const first = await startWith(before)
    await vi.waitFor(() => first.checkRunning(), SOON)
    await first.close({ graceMs: 1000 })
    const lane = laneOf(fleetOf(before), 'commit')
    const queue = new ResponseQueue({ redisUrl: server.url, log: silentLog })
    afterThisTest(() => queue.close())
    const sighting = { namespace: 'default', podName: 'web-77789455d6-m7flp' }
    const job = responseJob({ sighting, alert: alertBody() })
    await vi.waitFor(() => queue.checkReady(), SOON)
    await queue.offer(lane, job, { windowMs: 0 })
    const worker = await startWith(now)
    afterThisTest(() => worker.close({ graceMs: 1000 }))
    const seen = bystander(server.url, lane)
    afterThisTest(() => seen.close())
    return { job, seen }
  }

  it('hands what it holds to the lane that takes its like in now', { timeout: 60_000 }, async () => {
    const origin = await anOrigin()
    await origin.git(['branch', 'production', 'main'])

    const { job, seen } = await acceptedUnder(configOf(origin), configOf(origin, { branch: 'production' }))

    await vi.waitFor(async () => expect(await origin.log('production')).toHaveLength(2), SOON)
    expect(await origin.log()).toHaveLength(1)
    await vi.waitFor(
      async () => expect((await seen.getJob(job.id))?.returnvalue).toMatchObject({ outcome: 'forwarded' }),
      SOON,
    )
  })

  it('ends what nobody wants any more, and says so', { timeout: 60_000 }, async () => {
    const origin = await anOrigin()
    const other = await anOrigin()
    const now = configOf(other, { clusters: { staging: {} } })

    const { job, seen } = await acceptedUnder(configOf(origin), now)

    await vi.waitFor(
      async () => expect((await seen.getJob(job.id))?.failedReason).toMatch(/^LANE_REMOVED: .*cluster prod/u),
      SOON,
    )
    expect(await origin.log()).toHaveLength(1)
    expect(await other.log()).toHaveLength(1)
  })
})
