import { silentLog, type Lane, type ResponseJob } from '@saker/core'
import { ResponseQueue } from '@saker/queue'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  allOf,
  bystander,
  committed,
  freshLane,
  recordingWorker,
  responseJob,
  type RecordingWorker,
} from '../support/lane-jobs.ts'
import { redisAvailable, startRedisServer, type RedisServer } from '../support/redis-server.ts'

const SOON = { timeout: 5000, interval: 10 }
const MINUTE = { windowMs: 60_000 }

describe.skipIf(!redisAvailable)('merged alerts', () => {
  let server: RedisServer
  let redis: Redis
  let queue: ResponseQueue
  let lane: Lane
  const workers: RecordingWorker[] = []

  beforeAll(async () => {
    server = await startRedisServer()
    redis = new Redis(server.url)
    redis.on('error', () => undefined)
  })
  afterAll(async () => {
    redis.disconnect()
    await server.remove()
  })
  beforeEach(async () => {
    lane = freshLane()
    queue = new ResponseQueue({ redisUrl: server.url, log: silentLog })
    await vi.waitFor(() => queue.checkReady(), SOON)
  })
  afterEach(async () => {
    await Promise.all(workers.splice(0).map(({ worker }) => worker.close({ graceMs: 0 })))
    await queue.close()
  })

  async function offer(overrides: Partial<ResponseJob> = {}): Promise<ResponseJob> {
    const job = responseJob(overrides)
    await queue.offer(lane, job, MINUTE)
    return job
  }

  async function serve(options: Partial<Parameters<typeof recordingWorker>[0]> = {}): Promise<RecordingWorker> {
    const recording = await recordingWorker({ redisUrl: server.url, slug: lane.slug, ...options })
    workers.push(recording)
    return recording
  }

  /** How many alerts Redis knows to be merged in this lane. */
  async function mergedInRedis(): Promise<number> {
    const hashes = await redis.keys(`saker:{lane.${lane.slug}}:merged:*`)
    const values = await Promise.all(hashes.map((key) => redis.hvals(key)))
    return values.flat().reduce((sum, value) => sum + Number(value), 0)
  }

  async function callsOf(command: string): Promise<number> {
    return Number(new RegExp(`cmdstat_${command}:calls=([0-9]+)`, 'u').exec(await redis.info('commandstats'))?.[1] ?? 0)
  }

  it('are counted for the engine, and in the outcome of leader and mate', async () => {
    const [leader, mate] = [await offer(), await offer()]
    for (const [{ fingerprint }, times] of [[leader, 4] as const, [mate, 2] as const]) {
      for (let sent = 0; sent < times; sent += 1) await offer({ fingerprint })
    }
    await vi.waitFor(async () => expect(await mergedInRedis()).toBe(6), SOON)

    const { batches, settled } = await serve()

    await vi.waitFor(() => expect(settled).toHaveLength(2), SOON)
    expect(batches.map(({ counts }) => [...counts])).toEqual([
      [
        [leader.id, 5],
        [mate.id, 3],
      ],
    ])
    expect(settled.map(({ facts }) => facts.count)).toEqual([5, 3])
    const seen = bystander(server.url, lane)
    const values = await Promise.all(
      [leader, mate].map(async ({ id }) => (await seen.getJob(id))?.returnvalue as unknown),
    )
    await seen.close()
    expect(values).toEqual([
      { ...committed(), id: leader.id, count: 5 },
      { ...committed(), id: mate.id, count: 3 },
    ])
  })

  it('are still counted when they come while their job is being answered', async () => {
    const { id } = await offer()
    const { settled } = await serve({
      respond: async (batch) => {
        queue.merged(lane, id)
        await vi.waitFor(async () => expect(await mergedInRedis()).toBe(1), SOON)
        return allOf(batch, committed())
      },
    })

    await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)

    expect(settled[0]?.facts.count).toBe(2)
  })

  it('cost Redis next to nothing in a flood', async () => {
    const jobs = await Promise.all(Array.from({ length: 50 }, () => offer()))
    const before = await callsOf('hincrby')

    for (let sent = 0; sent < 2000; sent += 1) for (const { id } of jobs) queue.merged(lane, id)

    await vi.waitFor(async () => expect(await mergedInRedis()).toBe(100_000), SOON)
    expect((await callsOf('hincrby')) - before).toBeLessThanOrEqual(100)
  })

  it('are not forgotten while Redis is away', async () => {
    const { id } = await offer()
    await server.kill()

    queue.merged(lane, id)
    await server.restart()

    await vi.waitFor(async () => expect(await mergedInRedis()).toBe(1), SOON)
  })

  it('hurt nobody when their counts cannot be read', async () => {
    const { id } = await offer()
    await redis.set(`saker:{lane.${lane.slug}}:merged:${id.slice(0, 6)}`, 'no hash')

    const { batches, settled } = await serve()

    await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)
    expect(settled[0]).toMatchObject({ outcome: committed(), facts: { count: 1 } })
    expect(batches[0]?.counts.size).toBe(0)
  })
})

describe.skipIf(!redisAvailable)('losing Redis', () => {
  it('is told to whoever believes what it had acknowledged', async () => {
    const server = await startRedisServer()
    const queue = new ResponseQueue({ redisUrl: server.url, log: silentLog })
    let told = 0
    queue.onDisconnect(() => (told += 1))
    await vi.waitFor(() => queue.checkReady(), SOON)

    await server.kill()

    await vi.waitFor(() => expect(told).toBeGreaterThan(0), SOON)
    await queue.close()
    await server.remove()
  })
})
