import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { ResponseError, silentLog, type Lane, type Log, type Outcome, type ResponseJob } from '@saker/core'
import { ResponseQueue, startLaneWorker, type LaneBatch, type Offered } from '@saker/queue'
import type { Queue } from 'bullmq'
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

describe.skipIf(!redisAvailable)('handing a lane over', () => {
  let server: RedisServer
  let queue: ResponseQueue
  let redis: Redis
  let lane: Lane
  let seen: Queue
  const workers: RecordingWorker[] = []
  const children: ChildProcess[] = []

  beforeAll(async () => {
    server = await startRedisServer()
    redis = new Redis(server.url)
    redis.on('error', () => undefined)
    queue = new ResponseQueue({ redisUrl: server.url, log: silentLog })
    await vi.waitFor(() => queue.checkReady(), SOON)
  })
  afterAll(async () => {
    await queue.close()
    redis.disconnect()
    await server.remove()
  })
  beforeEach(() => {
    lane = freshLane()
    seen = bystander(server.url, lane)
  })
  afterEach(async () => {
    server.thaw()
    for (const child of children.splice(0)) child.kill('SIGKILL')
    await Promise.all(workers.splice(0).map(({ worker }) => worker.close({ graceMs: 0 })))
    await seen.close()
  })

  async function serve(options: Partial<Parameters<typeof recordingWorker>[0]> = {}): Promise<RecordingWorker> {
    const recording = await recordingWorker({ redisUrl: server.url, slug: lane.slug, ...options })
    workers.push(recording)
    return recording
  }

  /** A worker process that takes a batch and never answers it. */
  async function serveAndHang(): Promise<{ child: ChildProcess; taken: Promise<unknown[]> }> {
    const program = new URL('../support/lane-worker-process.ts', import.meta.url)
    const execArgv = ['--conditions=saker-source', '--disable-warning=ExperimentalWarning']
    const child = fork(program, [server.url, lane.slug, 'hang'], { execArgv })
    children.push(child)
    await once(child, 'message')
    return { child, taken: once(child, 'message') }
  }

  async function offer(overrides: Partial<ResponseJob> = {}): Promise<ResponseJob> {
    const job = responseJob(overrides)
    await queue.offer(lane, job, { windowMs: 60_000 })
    return job
  }

  /** Never answers, until it is told to stop. */
  function untilAborted({ signal }: LaneBatch): Promise<never> {
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as ResponseError))
    })
  }

  it('lets a batch under way end when the worker closes', async () => {
    const answer = Promise.withResolvers<void>()
    const { worker, batches, settled } = await serve({
      respond: async (batch) => {
        await answer.promise
        return allOf(batch, committed())
      },
    })
    await offer()
    await vi.waitFor(() => expect(batches).toHaveLength(1), SOON)

    const closed = worker.close({ graceMs: 5000 })
    answer.resolve()
    await closed

    expect(settled).toHaveLength(1)
    expect(batches[0]?.signal.aborted).toBe(false)
    expect(await seen.getCompletedCount()).toBe(1)
  })

  it('wakes another worker for what came while its last batch was under way', async () => {
    const answer = Promise.withResolvers<void>()
    const first = await serve({
      respond: async (batch) => {
        await answer.promise
        return allOf(batch, committed())
      },
    })
    await offer()
    await vi.waitFor(() => expect(first.batches).toHaveLength(1), SOON)
    const second = await serve()
    await offer()

    const closed = first.worker.close({ graceMs: 5000 })
    answer.resolve()
    await closed
    const started = performance.now()
    await vi.waitFor(() => expect(second.settled).toHaveLength(1), SOON)

    expect(performance.now() - started).toBeLessThan(400)
  })

  it('hands a batch over to the next worker when it does not end within the grace', async () => {
    const first = await serve({ respond: untilAborted })
    const jobs = [await offer(), await offer()]
    await vi.waitFor(() => expect(first.batches).toHaveLength(1), SOON)
    const second = await serve()

    const closing = first.worker.close({ graceMs: 100 })
    const started = performance.now()
    await vi.waitFor(() => expect(second.settled).toHaveLength(2), SOON)
    const took = performance.now() - started
    await closing

    expect(took).toBeLessThan(1100)
    expect(second.batches[0]).toMatchObject({ recovering: true, jobs })
    expect(first.batches[0]?.signal.reason).toMatchObject({ code: 'SHUTTING_DOWN' })
    expect(first.settled).toEqual([])
  })

  it('hands a batch over even when its answer never ends', async () => {
    const first = await serve({ respond: () => new Promise<never>(() => undefined) })
    await offer()
    await vi.waitFor(() => expect(first.batches).toHaveLength(1), SOON)
    const second = await serve()

    await first.worker.close({ graceMs: 0 })

    await vi.waitFor(() => expect(second.settled).toHaveLength(1), SOON)
  })

  it('hands a burst that is still settling back at once, without using the grace', async () => {
    const first = await serve({ coalesce: { quietMs: 60_000, maxMs: 60_000 } })
    await offer()
    await vi.waitFor(async () => expect(await seen.getActiveCount()).toBe(1), SOON)

    const started = performance.now()
    await first.worker.close({ graceMs: 20_000 })

    expect(performance.now() - started).toBeLessThan(2000)
    expect(first.batches).toEqual([])
    expect(await seen.getWaitingCount()).toBe(1)
  })

  it.each([
    ['gone', (): Promise<void> => server.kill()],
    ['frozen', async (): Promise<void> => server.freeze()],
  ])('closes in time when Redis is %s in the middle of a batch', async (_, breakRedis) => {
    const first = await serve({ respond: untilAborted })
    await offer()
    await vi.waitFor(() => expect(first.batches).toHaveLength(1), SOON)

    await breakRedis()
    const started = performance.now()
    await first.worker.close({ graceMs: 200 })

    expect(performance.now() - started).toBeLessThan(7000)
    await server.restart()
    await vi.waitFor(() => queue.checkReady(), SOON)
  })

  it.each([
    ['gone', (): Promise<void> => server.kill()],
    ['frozen', async (): Promise<void> => server.freeze()],
  ])('waits out no grace for a Redis that is %s, where nothing can be recorded', async (_, breakRedis) => {
    const idle = await recordingWorker({ redisUrl: server.url, slug: freshLane().slug })
    const first = await serve({ respond: () => new Promise<never>(() => undefined) })
    await offer()
    await vi.waitFor(() => expect(first.batches).toHaveLength(1), SOON)

    await breakRedis()
    const started = performance.now()
    await Promise.all([first, idle].map(({ worker }) => worker.close({ graceMs: 25_000 })))
    const took = performance.now() - started

    expect(took).toBeLessThan(3500)
    await server.restart()
    await vi.waitFor(() => queue.checkReady(), SOON)
  })

  it('lets a batch under way end for a while when Redis is gone', async () => {
    const answered: boolean[] = []
    const { worker, batches } = await serve({
      respond: async (batch) => {
        await new Promise((resolve) => setTimeout(resolve, 1000))
        answered.push(batch.signal.aborted)
        return allOf(batch, committed())
      },
    })
    await offer()
    await vi.waitFor(() => expect(batches).toHaveLength(1), SOON)

    await server.kill()
    await worker.close({ graceMs: 25_000 })

    expect(answered).toEqual([false])
    await server.restart()
    await vi.waitFor(() => queue.checkReady(), SOON)
  })

  it('keeps most of the life of its lock in hand, for a plan that holds the process up', async () => {
    const { batches } = await serve({ lockDurationMs: 6000, respond: untilAborted })
    const { id } = await offer()
    await vi.waitFor(() => expect(batches).toHaveLength(1), SOON)

    const lives: number[] = []
    const until = performance.now() + 3200
    await vi.waitFor(async () => {
      lives.push(await redis.pttl(`saker:{lane.${lane.slug}}:${id}:lock`))
      expect(performance.now()).toBeGreaterThan(until)
    }, SOON)

    expect(Math.min(...lives)).toBeGreaterThan(4600)
  })

  it('counts as dead after 15 s of silence unless it is told otherwise', async () => {
    const taken = Promise.withResolvers<void>()
    const worker = await startLaneWorker({
      redisUrl: server.url,
      slug: lane.slug,
      coalesce: { quietMs: 0, maxMs: 0 },
      log: silentLog,
      respond: (batch) => {
        taken.resolve()
        return untilAborted(batch)
      },
      onSettled: () => undefined,
    })
    const { id } = await offer()
    await taken.promise

    const life = await redis.pttl(`saker:{lane.${lane.slug}}:${id}:lock`)

    expect(life).toBeGreaterThan(10_000)
    expect(life).toBeLessThanOrEqual(15_000)
    await worker.close({ graceMs: 0 })
  })

  it('does not wait for the lock of a dead worker when it is the only one', async () => {
    const { child, taken } = await serveAndHang()
    const { id } = await offer()
    await taken
    child.kill('SIGKILL')
    await once(child, 'exit')
    await redis.pexpire(`saker:{lane.${lane.slug}}:${id}:lock`, 600_000)

    const { batches, settled } = await serve({ isSole: true })

    await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)
    expect(batches[0]).toMatchObject({ recovering: true, jobs: [{ id }] })
  })

  it('says once that it waits for the lock of a worker that says nothing any more', async () => {
    const { child, taken } = await serveAndHang()
    const { id } = await offer()
    await taken
    child.kill('SIGKILL')
    const lines: object[] = []
    const warn = (fields: object, message: string): void => void lines.push({ ...fields, message })

    const { settled } = await serve({ log: { ...silentLog, warn } })
    await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)

    const silent = { lane: lane.slug, jobId: id, lockMs: expect.any(Number) as number }
    expect(lines).toEqual([
      { ...silent, message: 'a worker says nothing any more; its job runs again when its lock has run out' },
      { lane: lane.slug, jobId: id, message: 'a worker died; its job runs again' },
    ])
  })

  it('says nothing of the lock of a worker that is alive', async () => {
    const lines: string[] = []
    const log: Log = { ...silentLog, warn: (_, message) => void lines.push(message) }
    const first = await serve({ respond: untilAborted, log })
    await offer()
    await vi.waitFor(() => expect(first.batches).toHaveLength(1), SOON)

    await serve({ log })
    const until = performance.now() + 2000
    await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(until), SOON)

    expect(lines).toEqual([])
  })

  it('answers the batch of a worker that was killed, once, and searches the history for it', async () => {
    const { child, taken } = await serveAndHang()
    const jobs = [await offer(), await offer()]
    await taken

    child.kill('SIGKILL')
    const { batches, settled } = await serve()

    await vi.waitFor(() => expect(settled).toHaveLength(2), SOON)
    expect(batches.map(({ recovering }) => recovering)).toEqual([true])
    expect(settled.map(({ job }) => job.id).toSorted()).toEqual(jobs.map(({ id }) => id).toSorted())
    expect(await seen.getCompletedCount()).toBe(2)
    expect(await seen.getActiveCount()).toBe(0)
  })

  it('takes the lane from a frozen worker, which finds its batch aborted when it wakes up', async () => {
    const { child, taken } = await serveAndHang()
    await offer()
    await taken

    child.kill('SIGSTOP')
    const { settled } = await serve()

    await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)
    child.kill('SIGCONT')
    await offer()
    await vi.waitFor(async () => expect(await seen.getCompletedCount()).toBe(2), SOON)
  })

  it('aborts a batch whose lock was lost, and reports nothing for it', async () => {
    const outcomes: Outcome[] = []
    const { batches, settled } = await serve({
      respond: async (batch) => {
        if (batches.length === 1) await untilAborted(batch)
        return allOf(batch, committed())
      },
      onSettled: (_, outcome) => outcomes.push(outcome),
    })
    const { id } = await offer()
    await vi.waitFor(() => expect(batches).toHaveLength(1), SOON)

    await redis.set(`saker:{lane.${lane.slug}}:${id}:lock`, 'another worker', 'PX', 1200)

    await vi.waitFor(() => expect(batches[0]?.signal.aborted).toBe(true), SOON)
    expect(batches[0]?.signal.reason).toMatchObject({ code: 'QUEUE_UNAVAILABLE' })
    await vi.waitFor(() => expect(outcomes).toEqual([committed()]), SOON)
    expect(batches[1]).toMatchObject({ recovering: true })
    expect(settled).toEqual([])
  })

  it('searches the history when Redis could not be told what was committed', async () => {
    const lines: string[] = []
    const { batches, settled } = await serve({
      log: { ...silentLog, warn: (_, message) => void lines.push(message) },
      respond: async (batch) => {
        if (!batch.recovering) await redis.config('SET', 'maxmemory', '1mb')
        return allOf(batch, committed())
      },
    })
    await Promise.all([offer(), offer()])
    await vi.waitFor(() => expect(lines).toContain('lane sleeps'), SOON)
    await redis.config('SET', 'maxmemory', '0')

    await vi.waitFor(() => expect(settled).toHaveLength(2), SOON)
    expect(batches.map(({ recovering }) => recovering)).toEqual([false, true])
    expect(settled.map(({ outcome }) => outcome)).toEqual([committed(), committed()])
  })

  it('answers a job alone whose workers died twice', async () => {
    const [before, suspect, after] = [await offer(), await offer(), await offer()]
    await redis.hset(`saker:{lane.${lane.slug}}:${suspect.id}`, 'stc', 2)

    const { batches, settled } = await serve()

    await vi.waitFor(() => expect(settled).toHaveLength(3), SOON)
    expect(batches.map(({ jobs }) => jobs.map(({ id }) => id))).toEqual([[before.id, after.id], [suspect.id]])
  })

  it('fails a job whose workers died too often, and tells so', async () => {
    const { child, taken } = await serveAndHang()
    const { id, fingerprint } = await offer()
    await taken
    await redis.hset(`saker:{lane.${lane.slug}}:${id}`, 'stc', 10)

    child.kill('SIGKILL')
    const { settled } = await serve()

    await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)
    expect(settled[0]).toMatchObject({ job: { id }, outcome: { outcome: 'failed', code: 'INTERNAL' } })
    const again = (): Promise<Offered> => queue.offer(lane, responseJob({ fingerprint }), { windowMs: 60_000 })
    await vi.waitFor(async () => expect(await again()).toMatchObject({ result: 'accepted' }), SOON)
  })

  it('makes the lane serial again when somebody has changed that', async () => {
    await seen.setGlobalConcurrency(5)
    await seen.removeGlobalRateLimit()

    await serve()

    expect(await seen.getGlobalConcurrency()).toBe(1)
    expect(await seen.getGlobalRateLimit()).not.toBeNull()
  })
})
