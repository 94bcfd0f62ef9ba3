import { ResponseError, silentLog, type Outcome } from '@saker/core'
import { ResponseQueue } from '@saker/queue'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { committed, freshLane, recordingWorker, responseJob } from '../support/lane-jobs.ts'
import { redisAvailable, startRedisServer, type RedisServer } from '../support/redis-server.ts'

const SOON = { timeout: 20_000, interval: 20 }
const JOBS = `saker:*}:${'[0-9a-z]'.repeat(18)}`
/** Of these a lane has one each, but for the counts: one for 17 minutes. */
const OTHERS = /^(?:completed|failed|events|id|meta|marker|limiter|stalled-check|merged:[0-9a-z]{6}|saker:lanes)$/u
const FAILED: Outcome = { outcome: 'failed', code: 'WORKLOAD_NOT_FOUND', message: 'no workload default/web' }

describe.skipIf(!redisAvailable)('what stays in Redis', () => {
  let server: RedisServer
  let redis: Redis
  beforeAll(async () => {
    server = await startRedisServer()
    redis = new Redis(server.url)
  })
  afterAll(async () => {
    redis.disconnect()
    await server.remove()
  })

  it('is bounded, however many alerts have come', async () => {
    const retention = () => ({ keepMs: 1000, keepFailedMs: 1000 })
    const queue = new ResponseQueue({ redisUrl: server.url, log: silentLog, retention })
    await vi.waitFor(() => queue.checkReady(), SOON)
    const lane = freshLane()
    let tries = 0
    const offerMany = (count: number): Promise<unknown> =>
      Promise.all(
        Array.from({ length: count }, async () => {
          const { id } = await queue.offer(lane, responseJob(), { windowMs: 500 })
          queue.merged(lane, id)
        }),
      )
    await offerMany(2000)
    const full = await redis.dbsize()
    const { worker, settled } = await recordingWorker({
      redisUrl: server.url,
      slug: lane.slug,
      respond: async ({ jobs }) => {
        tries += 1
        if (tries === 1) throw new ResponseError('REPOSITORY_UNAVAILABLE', 'the host is away', { retryAfterMs: 50 })
        return new Map(jobs.map(({ id }, at) => [id, at % 2 === 0 ? committed() : FAILED]))
      },
    })
    await vi.waitFor(() => expect(settled).toHaveLength(2000), SOON)

    // Ended jobs are removed when others end, so a few more have to come.
    await vi.waitFor(
      async () => {
        await offerMany(2)
        expect((await redis.keys(JOBS)).length).toBeLessThan(20)
      },
      { ...SOON, interval: 500 },
    )
    await vi.waitFor(
      async () => expect((await queue.laneStates([lane]))[0]).toMatchObject({ waiting: 0, active: 0 }),
      SOON,
    )
    await worker.close({ graceMs: 1000 })
    await queue.close()

    expect(full).toBeGreaterThan(4000)
    await vi.waitFor(async () => expect(await redis.keys('*:de:*')).toEqual([]), SOON)
    const keys = await redis.keys('*')
    const others = keys.map((key) => key.replace(/^.*\}:/u, '')).filter((name) => !/^[0-9a-z]{18}$/u.test(name))
    expect(others.filter((name) => !OTHERS.test(name))).toEqual([])
    const merged = keys.filter((key) => key.includes(':merged:'))
    expect(merged.length).toBeLessThanOrEqual(2)
    expect(Math.min(...(await Promise.all(merged.map((key) => redis.ttl(key)))))).toBeGreaterThan(0)
    expect(await redis.xlen(`saker:{lane.${lane.slug}}:events`)).toBeLessThan(1300)
  }, 60_000)
})
