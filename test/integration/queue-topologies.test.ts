import { ResponseError, silentLog, type Lane, type Outcome, type ResponseJob } from '@saker/core'
import { CredentialBudget, ResponseQueue, startVolatileRedis, type LaneBatch } from '@saker/queue'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  allOf,
  committed,
  freshLane,
  recordingWorker,
  responseJob,
  type RecordingWorker,
} from '../support/lane-jobs.ts'
import { redisPrograms, startRedisServer } from '../support/redis-server.ts'
import {
  startRedisCluster,
  startSentinelGroup,
  type RedisGroup,
  type SentinelGroup,
} from '../support/redis-topology.ts'

const SOON = { timeout: 8000, interval: 20 }
/**
 * How long Redis itself may take to agree on a new master. A sentinel that was kept from running for 2 s mistrusts its clock
 * and does nothing for 30 s ("TILT"), which happens on a busy machine.
 */
const FAILOVER = { timeout: 75_000, interval: 50 }
const MINUTE = { windowMs: 60_000 }

const workers: RecordingWorker[] = []
const queues: ResponseQueue[] = []

async function openQueue(redisUrl: string): Promise<ResponseQueue> {
  const queue = new ResponseQueue({ redisUrl, log: silentLog })
  queues.push(queue)
  await vi.waitFor(() => queue.checkReady(), SOON)
  return queue
}

async function serve(
  redisUrl: string,
  lane: Lane,
  respond?: (batch: LaneBatch) => Promise<ReadonlyMap<string, Outcome>>,
): Promise<RecordingWorker> {
  const recording = await recordingWorker({ redisUrl, slug: lane.slug, ...(respond === undefined ? {} : { respond }) })
  workers.push(recording)
  return recording
}

afterEach(async () => {
  await Promise.all(workers.splice(0).map(({ worker }) => worker.close({ graceMs: 0 })))
  await Promise.all(queues.splice(0).map((queue) => queue.close()))
})

async function startServer(program: string): Promise<RedisGroup> {
  const server = await startRedisServer({ program })
  return { url: server.url, servers: [server], remove: () => server.remove() }
}

async function startVolatile(): Promise<RedisGroup> {
  const { url, close } = await startVolatileRedis({ log: silentLog })
  return { url, servers: [], remove: close }
}

/** Each with every server that this machine has; the stand-in in JavaScript is always there. */
const SHAPES = redisPrograms
  .flatMap((program) => [
    { program, shape: 'a single server', start: startServer },
    { program, shape: 'a cluster of three nodes', start: startRedisCluster },
    { program, shape: 'a master behind a sentinel', start: startSentinelGroup },
  ])
  .concat({ program: 'js-redis-server', shape: 'the volatile server', start: startVolatile })

describe.each(SHAPES)('$shape of $program', ({ program, start }) => {
  let redis: RedisGroup
  beforeAll(async () => {
    redis = await start(program)
  })
  afterAll(() => redis.remove())

  it('takes alerts for many lanes, merges duplicates, and has each answered', async () => {
    const queue = await openQueue(redis.url)
    const lanes = Array.from({ length: 8 }, freshLane)
    const replicas = await Promise.all(lanes.flatMap((lane) => [serve(redis.url, lane), serve(redis.url, lane)]))

    const offered = await Promise.all(
      lanes.flatMap((lane) =>
        Array.from({ length: 10 }, async () => {
          const job = responseJob()
          const first = await queue.offer(lane, job, MINUTE)
          const again = await queue.offer(lane, responseJob({ fingerprint: job.fingerprint }), MINUTE)
          return [first.result, again.result, again.id === job.id]
        }),
      ),
    )

    expect(new Set(offered.map(String))).toEqual(new Set(['accepted,duplicate,true']))
    await vi.waitFor(() => expect(replicas.flatMap(({ settled }) => settled)).toHaveLength(80), SOON)
  })

  it('counts merged alerts on the job that stands for them', async () => {
    const queue = await openQueue(redis.url)
    const lane = freshLane()
    const job = responseJob()
    await queue.offer(lane, job, MINUTE)
    for (let sent = 0; sent < 1000; sent += 1) queue.merged(lane, job.id)

    await queue.close()
    const { settled } = await serve(redis.url, lane)

    await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)
    expect(settled[0]?.facts.count).toBe(1001)
  })

  it('lets a lane sleep and tells so, while others go on', async () => {
    const queue = await openQueue(redis.url)
    const [asleep, awake] = [freshLane(), freshLane()]
    await serve(redis.url, asleep, () =>
      Promise.reject(new ResponseError('RATE_LIMITED', 'slow down', { retryAfterMs: 60_000 })),
    )
    const { settled } = await serve(redis.url, awake)

    await queue.offer(asleep, responseJob(), MINUTE)
    await vi.waitFor(async () => expect((await queue.laneStates([asleep]))[0]?.asleepMs).toBeGreaterThan(50_000), SOON)
    await queue.offer(awake, responseJob(), MINUTE)

    await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)
    expect(await queue.laneStates([asleep, awake])).toMatchObject([
      { lane: asleep.slug, waiting: 1, active: 0, failed: 0 },
      { lane: awake.slug, waiting: 0, active: 0, asleepMs: 0, oldestAgeMs: 0 },
    ])
  })

  it('keeps the budget of a credential', async () => {
    const limits = [{ writes: 2, perMs: 600_000 }]
    const budget = new CredentialBudget({ redisUrl: redis.url, log: silentLog, limits })
    const { signal } = new AbortController()
    await vi.waitFor(async () => {
      await budget.admit('acme', signal)
      await expect(budget.admit('acme', signal)).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    }, SOON)

    await budget.close()
  })
})

describe.each(redisPrograms)('a cluster of %s', (program) => {
  let redis: RedisGroup
  beforeAll(async () => {
    redis = await startRedisCluster(program)
  })
  afterAll(() => redis.remove())

  /** Asks every node for the keys it holds. */
  async function keysOfNodes(): Promise<string[][]> {
    return Promise.all(
      redis.servers.map(async ({ port }) => {
        const node = new Redis({ host: '127.0.0.1', port })
        const keys = await node.keys('saker:*')
        node.disconnect()
        return keys
      }),
    )
  }

  it('keeps each lane together and spreads the lanes', async () => {
    const queue = await openQueue(redis.url)
    for (const lane of Array.from({ length: 30 }, freshLane)) {
      const job = responseJob()
      // A cluster that has just been made may still move its slots about in the client's eyes.
      await vi.waitFor(() => queue.offer(lane, job, MINUTE), SOON)
      queue.merged(lane, job.id)
    }

    await queue.close()

    const lanesOfNodes = (await keysOfNodes()).map(
      (keys) => new Set(keys.flatMap((key) => /^saker:\{(lane\..*)\}:/u.exec(key)?.[1] ?? [])),
    )
    expect(lanesOfNodes.reduce((sum, lanes) => sum + lanes.size, 0)).toBe(30)
    expect(Math.min(...lanesOfNodes.map(({ size }) => size))).toBeGreaterThan(0)
  })

  it('takes and answers alerts again by itself when a node was away', async () => {
    const queue = await openQueue(redis.url)
    const lanes = Array.from({ length: 6 }, freshLane)
    const served = await Promise.all(lanes.map((lane) => serve(redis.url, lane)))
    const offerAll = (): Promise<unknown> =>
      Promise.all(lanes.map((lane) => vi.waitFor(() => queue.offer(lane, responseJob(), MINUTE), FAILOVER)))
    await offerAll()
    await vi.waitFor(() => expect(served.map(({ settled }) => settled.length)).toEqual(lanes.map(() => 1)), SOON)

    await redis.servers[0]?.kill()
    await vi.waitFor(() => expect(queue.checkReady()).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' }), SOON)
    await redis.servers[0]?.start()
    await offerAll()

    await vi.waitFor(() => expect(Math.min(...served.map(({ settled }) => settled.length))).toBe(2), FAILOVER)
  }, 180_000)
})

describe.each(redisPrograms)('a failover of %s behind a sentinel', (program) => {
  let redis: SentinelGroup
  beforeAll(async () => {
    redis = await startSentinelGroup(program)
  })
  afterAll(() => redis.remove())

  it('loses no alert that was accepted and replicated, and takes and answers alerts again by itself', async () => {
    const queue = await openQueue(redis.url)
    let disconnects = 0
    queue.onDisconnect(() => (disconnects += 1))
    const [waiting, served] = [freshLane(), freshLane()]
    const { settled } = await serve(redis.url, served)
    await queue.offer(served, responseJob(), MINUTE)
    await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)
    const accepted: ResponseJob[] = []
    for (let sent = 0; sent < 100; sent += 1) {
      const job = responseJob()
      await queue.offer(waiting, job, MINUTE)
      accepted.push(job)
    }
    await redis.replicated()

    await redis.master.kill()
    await expect(queue.offer(served, responseJob(), MINUTE)).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' })
    await vi.waitFor(() => queue.offer(served, responseJob(), MINUTE), FAILOVER)

    expect(disconnects).toBeGreaterThan(0)
    await vi.waitFor(() => expect(settled.length).toBeGreaterThan(1), FAILOVER)
    const late = await serve(redis.url, waiting, async (batch) => allOf(batch, committed()))
    await vi.waitFor(() => expect(late.settled).toHaveLength(100), SOON)
    expect(new Set(late.settled.map(({ job }) => job.id))).toEqual(new Set(accepted.map(({ id }) => id)))
  }, 180_000)
})
