import { ResponseError, silentLog, type Lane, type Outcome, type ResponseJob } from '@saker/core'
import { ResponseQueue, type LaneBatch, type Offered } from '@saker/queue'
import type { Job, Queue } from 'bullmq'
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

describe.skipIf(!redisAvailable)('serving a lane', () => {
  let server: RedisServer
  let queue: ResponseQueue
  let lane: Lane
  let seen: Queue
  const workers: RecordingWorker[] = []

  beforeAll(async () => {
    server = await startRedisServer()
    queue = new ResponseQueue({ redisUrl: server.url, log: silentLog })
    await vi.waitFor(() => queue.checkReady(), SOON)
  })
  afterAll(async () => {
    await queue.close()
    await server.remove()
  })
  beforeEach(() => {
    lane = freshLane()
    seen = bystander(server.url, lane)
  })
  afterEach(async () => {
    await Promise.all(workers.splice(0).map(({ worker }) => worker.close({ graceMs: 0 })))
    await seen.close()
  })

  async function serve(options: Partial<Parameters<typeof recordingWorker>[0]> = {}): Promise<RecordingWorker> {
    const recording = await recordingWorker({ redisUrl: server.url, slug: lane.slug, ...options })
    workers.push(recording)
    return recording
  }

  async function offer(overrides: Partial<ResponseJob> = {}): Promise<ResponseJob> {
    const job = responseJob(overrides)
    await queue.offer(lane, job, { windowMs: 60_000 })
    return job
  }

  function offerMany(count: number): Promise<ResponseJob[]> {
    return Promise.all(Array.from({ length: count }, () => offer()))
  }

  async function stored(id: string): Promise<Job> {
    const job: Job | undefined = await seen.getJob(id)
    if (job === undefined) throw new Error(`no job ${id}`)
    return job
  }

  it('answers an alert and keeps its outcome as the return value of the job', async () => {
    const { batches, settled } = await serve()

    const job = await offer()

    await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)
    expect(settled[0]).toMatchObject({
      job,
      outcome: committed(),
      facts: { receivedAt: job.receivedAt, attempts: 1, count: 1 },
    })
    expect(batches[0]).toMatchObject({ jobs: [job], recovering: false })
    expect((await stored(job.id)).returnvalue).toEqual({ ...committed(), id: job.id, count: 1 })
  })

  it('answers a burst in few batches, each alert with an outcome of its own', async () => {
    const jobs = await offerMany(300)
    const outcomeOf = ({ id }: ResponseJob): Outcome => ({ outcome: 'unchanged', sha: id })

    const { batches, settled } = await serve({
      respond: async (batch) => new Map(batch.jobs.map((job) => [job.id, outcomeOf(job)])),
    })

    await vi.waitFor(() => expect(settled).toHaveLength(300), SOON)
    expect(batches.length).toBeLessThanOrEqual(2)
    expect(new Map(settled.map(({ job, outcome }) => [job.id, outcome]))).toEqual(
      new Map(jobs.map((job) => [job.id, outcomeOf(job)])),
    )
    expect(await seen.getCompletedCount()).toBe(300)
  })

  it('answers no more together than it may', async () => {
    await offerMany(25)

    const { batches, settled } = await serve({ maxBatch: 10 })

    await vi.waitFor(() => expect(settled).toHaveLength(25), SOON)
    expect(batches.map(({ jobs }) => jobs.length)).toEqual([10, 10, 5])
  })

  it('stops waiting for a stream that never goes quiet', async () => {
    const { batches } = await serve({ coalesce: { quietMs: 200, maxMs: 400 }, maxBatch: 100_000 })
    const started = performance.now()
    const streaming = new AbortController()
    const stream = (async () => {
      while (!streaming.signal.aborted) await offer()
    })()

    await vi.waitFor(() => expect(batches.length).toBeGreaterThan(0), SOON)
    const waited = performance.now() - started
    streaming.abort()
    await stream

    expect(waited).toBeGreaterThan(390)
    expect(waited).toBeLessThan(1500)
  })

  it('lets a burst settle before it answers', async () => {
    const { batches, settled } = await serve({ coalesce: { quietMs: 300, maxMs: 2000 } })

    await offer()
    await vi.waitFor(async () => expect(await seen.getActiveCount()).toBe(1), SOON)
    await offerMany(5)

    await vi.waitFor(() => expect(settled).toHaveLength(6), SOON)
    expect(batches).toHaveLength(1)
  })

  it('leaves a mate without an outcome in the lane and answers it later', async () => {
    const [first, second] = await offerMany(2)

    const { settled, batches } = await serve({
      respond: async ({ jobs }) => new Map(jobs.slice(0, 1).map(({ id }) => [id, committed()])),
    })

    await vi.waitFor(() => expect(settled).toHaveLength(2), SOON)
    expect(batches.map(({ jobs }) => jobs.map(({ id }) => id))).toEqual([[first?.id, second?.id], [second?.id]])
  })

  it('runs an answered mate for real when somebody retries it', async () => {
    const [, mate] = await offerMany(2)
    const { batches, settled } = await serve()
    await vi.waitFor(() => expect(settled).toHaveLength(2), SOON)

    await (await stored(mate?.id ?? '')).retry('completed')

    await vi.waitFor(() => expect(settled).toHaveLength(3), SOON)
    expect(batches.map(({ jobs }) => jobs.length)).toEqual([2, 1])
    expect(batches[1]).toMatchObject({ jobs: [mate], recovering: true })
  })

  describe('when responses fail', () => {
    const notFound: Outcome = { outcome: 'failed', code: 'WORKLOAD_NOT_FOUND', message: 'no workload default/web' }

    it('puts a failed alert among the dead letters, with its code, and its mates among the completed', async () => {
      const [bad, good] = await offerMany(2)

      const { settled } = await serve({
        respond: async ({ jobs }) => new Map(jobs.map(({ id }) => [id, id === bad?.id ? notFound : committed()])),
      })

      await vi.waitFor(() => expect(settled).toHaveLength(2), SOON)
      const failed = await stored(bad?.id ?? '')
      expect(failed.failedReason).toBe('WORKLOAD_NOT_FOUND: no workload default/web')
      expect(await failed.getState()).toBe('failed')
      expect(await (await stored(good?.id ?? '')).getState()).toBe('completed')
      expect(settled.find(({ job }) => job.id === bad?.id)?.outcome).toEqual(notFound)
    })

    it('runs a failed alert for real when somebody retries it, leader or mate', async () => {
      const jobs = await offerMany(3)
      let broken = true
      const { batches, settled } = await serve({
        respond: async (batch) => allOf(batch, broken ? notFound : committed()),
      })
      await vi.waitFor(() => expect(settled).toHaveLength(3), SOON)
      broken = false

      await (await stored(jobs[0]?.id ?? '')).retry('failed')
      await (await stored(jobs[1]?.id ?? '')).retry('failed', { resetAttemptsStarted: true, resetAttemptsMade: true })
      await (await stored(jobs[2]?.id ?? '')).retry('failed')

      await vi.waitFor(() => expect(settled).toHaveLength(6), SOON)
      expect(settled.slice(3).map(({ outcome }) => outcome)).toEqual([committed(), committed(), committed()])
      expect(new Set(batches.slice(1).flatMap((batch) => batch.jobs.map(({ id }) => id)))).toEqual(
        new Set(jobs.map(({ id }) => id)),
      )
      expect(await seen.getFailedCount()).toBe(0)
    })

    it('gives the fingerprint of a failed alert free, so that the next one is answered', async () => {
      const { settled } = await serve({ respond: async (batch) => allOf(batch, notFound) })
      const { fingerprint } = await offer()
      await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)

      const again = await queue.offer(lane, responseJob({ fingerprint }), { windowMs: 60_000 })

      expect(again.result).toBe('accepted')
    })

    it('keeps the fingerprint of an answered alert for its window', async () => {
      const { settled } = await serve()
      const { fingerprint } = await offer()
      await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)

      const again = await queue.offer(lane, responseJob({ fingerprint }), { windowMs: 60_000 })

      expect(again.result).toBe('duplicate')
    })

    it('fails the whole batch when the engine fails for good', async () => {
      await offerMany(20)

      const { batches, settled } = await serve({
        respond: () => Promise.reject(new ResponseError('REPOSITORY_NOT_FOUND', 'no repository acme/fleet')),
      })

      await vi.waitFor(() => expect(settled).toHaveLength(20), SOON)
      expect(batches).toHaveLength(1)
      expect(new Set(settled.map(({ outcome }) => outcome.outcome === 'failed' && outcome.code))).toEqual(
        new Set(['REPOSITORY_NOT_FOUND']),
      )
      expect(await seen.getFailedCount()).toBe(20)
    })

    it('fails a job that it cannot read, alone', async () => {
      await seen.add('foreign', { version: 2, id: 'foreign' }, { jobId: 'foreign' })
      const job = await offer()

      const { batches, settled } = await serve()

      await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)
      expect(settled[0]?.job.id).toBe(job.id)
      expect(batches.map(({ jobs }) => jobs.map(({ id }) => id))).toEqual([[job.id]])
      expect((await stored('foreign')).failedReason).toMatch(/^INTERNAL: /u)
    })

    it('gives up an unexpected failure after ten sleeps', async () => {
      await offerMany(3)

      const { batches, settled } = await serve({
        respond: () => Promise.reject(new ResponseError('INTERNAL', 'a fault of ours', { retryAfterMs: 5 })),
      })

      await vi.waitFor(() => expect(settled).toHaveLength(3), SOON)
      expect(batches).toHaveLength(11)
      expect(settled.every(({ outcome }) => outcome.outcome === 'failed' && outcome.code === 'INTERNAL')).toBe(true)
    })

    it('gives up waiting for a host once an alert is a day old, and only that alert', async () => {
      let away = true
      const old = await offer({ receivedAt: Date.now() - 25 * 3600 * 1000 })
      const young = await offer()

      const { settled } = await serve({
        respond: async (batch) => {
          if (away) throw new ResponseError('REPOSITORY_UNAVAILABLE', 'the host is away', { retryAfterMs: 30 })
          return allOf(batch, committed())
        },
      })

      await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)
      away = false
      await vi.waitFor(() => expect(settled).toHaveLength(2), SOON)
      expect(settled[0]).toMatchObject({
        job: { id: old.id },
        outcome: { outcome: 'failed', code: 'REPOSITORY_UNAVAILABLE' },
      })
      expect(settled[1]).toMatchObject({ job: { id: young.id }, outcome: committed() })
    })

    it('goes on when whoever is told of outcomes fails', async () => {
      let told = 0
      await serve({
        onSettled: () => {
          told += 1
          throw new Error('a fault of the listener')
        },
      })

      await offerMany(3)

      await vi.waitFor(() => expect(told).toBe(3), SOON)
      await vi.waitFor(async () => expect(await seen.getCompletedCount()).toBe(3), SOON)
    })
  })

  describe('when the host asks for patience', () => {
    it('puts the whole lane to sleep on every replica, and spends no attempt', async () => {
      const calls: number[] = []
      const respond = async (batch: LaneBatch): Promise<ReadonlyMap<string, Outcome>> => {
        calls.push(performance.now())
        if (calls.length === 1) throw new ResponseError('RATE_LIMITED', 'slow down', { retryAfterMs: 1500 })
        return allOf(batch, committed())
      }
      const replicas = [await serve({ respond }), await serve({ respond })]

      await offerMany(10)
      await vi.waitFor(() => expect(calls).toHaveLength(1), SOON)
      await offerMany(5)
      const settled = (): number => replicas.reduce((sum, replica) => sum + replica.settled.length, 0)
      await vi.waitFor(() => expect(settled()).toBe(15), SOON)

      expect((calls[1] ?? 0) - (calls[0] ?? 0)).toBeGreaterThan(1400)
      expect(calls).toHaveLength(2)
      expect(await seen.getCompletedCount()).toBe(15)
    })

    it('says in the job why its lane sleeps, and takes that back when it ends', async () => {
      let away = true
      const { settled } = await serve({
        respond: async (batch) => {
          if (away) throw new ResponseError('REPOSITORY_UNAVAILABLE', 'the host is away', { retryAfterMs: 50 })
          return allOf(batch, committed())
        },
      })

      const { id } = await offer()

      await vi.waitFor(async () => {
        expect((await stored(id)).progress).toMatchObject({ note: 'asleep', code: 'REPOSITORY_UNAVAILABLE', tries: 3 })
      }, SOON)
      away = false
      await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)
      expect((await stored(id)).progress).toBe(0)
    })

    it('asks for the history to be searched in every try that follows', async () => {
      const { batches, settled } = await serve({
        respond: async (batch) => {
          if (!batch.recovering) throw new ResponseError('COMMIT_UNCONFIRMED', 'no answer', { retryAfterMs: 5 })
          return allOf(batch, committed())
        },
      })

      await offerMany(2)

      await vi.waitFor(() => expect(settled).toHaveLength(2), SOON)
      expect(batches.map(({ recovering }) => recovering)).toEqual([false, true])
    })
  })

  it('serves one batch at a time over all replicas', async () => {
    let underWay = 0
    let most = 0
    const respond = async (batch: LaneBatch): Promise<ReadonlyMap<string, Outcome>> => {
      underWay += 1
      most = Math.max(most, underWay)
      await seen.getJobCounts()
      underWay -= 1
      return allOf(batch, committed())
    }
    const coalesce = { quietMs: 1, maxMs: 5 }
    const replicas = await Promise.all([1, 2, 3].map(() => serve({ respond, coalesce, maxBatch: 3 })))

    await offerMany(100)

    await vi.waitFor(() => expect(replicas.flatMap(({ settled }) => settled)).toHaveLength(100), SOON)
    expect(most).toBe(1)
  })

  it('takes up its work again after Redis was restarted', async () => {
    const own = await startRedisServer()
    const producer = new ResponseQueue({ redisUrl: own.url, log: silentLog })
    const { settled } = await serve({ redisUrl: own.url })
    const offerThere = (): Promise<Offered> => producer.offer(lane, responseJob(), { windowMs: 0 })
    await vi.waitFor(offerThere, SOON)
    await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)

    await own.kill()
    await own.restart()
    await vi.waitFor(offerThere, SOON)

    await vi.waitFor(() => expect(settled).toHaveLength(2), { timeout: 8000, interval: 20 })
    await Promise.all(workers.splice(0).map(({ worker }) => worker.close({ graceMs: 0 })))
    await producer.close()
    await own.remove()
  })

  it('begins by itself when Redis was away at the start', async () => {
    const own = await startRedisServer()
    await own.stop()
    const { settled, worker } = await serve({ redisUrl: own.url })
    expect(worker.isRunning()).toBe(false)

    await own.restart()
    const producer = new ResponseQueue({ redisUrl: own.url, log: silentLog })
    await vi.waitFor(() => producer.offer(lane, responseJob(), { windowMs: 0 }), SOON)

    await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)
    await Promise.all(workers.splice(0).map((recording) => recording.worker.close({ graceMs: 0 })))
    await producer.close()
    await own.remove()
  })
})
