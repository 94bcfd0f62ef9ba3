import { ResponseError, silentLog, type Lane, type Outcome, type ResponseJob } from '@saker/core'
import { LaneBoard, ResponseQueue, WorkloadGuards, type LaneBatch } from '@saker/queue'
import type { Job, Queue } from 'bullmq'
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

const SOON = { timeout: 20_000, interval: 10 }
const HELD: Outcome = { outcome: 'held', reason: 'WorkloadCap' }
const ASKER = { operator: 'ops', as: 'zoe', reason: 'looked at it' }

describe.skipIf(!redisAvailable)('lanes that people hold', () => {
  let server: RedisServer
  let redis: Redis
  let queue: ResponseQueue
  let lane: Lane
  let board: LaneBoard
  let seen: Queue
  const workers: RecordingWorker[] = []

  beforeAll(async () => {
    server = await startRedisServer()
    redis = new Redis(server.url)
  })
  afterAll(async () => {
    redis.disconnect()
    await server.remove()
  })
  beforeEach(async () => {
    lane = freshLane()
    queue = new ResponseQueue({
      redisUrl: server.url,
      log: silentLog,
      retention: () => ({ keepMs: 1000, keepFailedMs: 60_000 }),
    })
    board = new LaneBoard({ redisUrl: server.url, basePath: '/queues', lanes: [lane], log: silentLog })
    seen = bystander(server.url, lane)
    await vi.waitFor(() => Promise.all([queue.checkReady(), board.states()]), SOON)
  })
  afterEach(async () => {
    await Promise.all(workers.splice(0).map(({ worker }) => worker.close({ graceMs: 0 })))
    await Promise.all([queue.close(), board.resume(undefined).then(() => board.close()), seen.close()])
  })

  /** Holds whatever nobody has waived, and commits the rest. */
  const holdUnlessWaived = async (batch: LaneBatch): Promise<ReadonlyMap<string, Outcome>> =>
    new Map(batch.jobs.map(({ id }) => [id, batch.waivers.has(id) ? committed() : HELD]))

  async function serve(options: Partial<Parameters<typeof recordingWorker>[0]> = {}): Promise<RecordingWorker> {
    const slug = lane.slug
    const recording = await recordingWorker({ redisUrl: server.url, slug, respond: holdUnlessWaived, ...options })
    workers.push(recording)
    return recording
  }

  async function offer(overrides: Partial<ResponseJob> = {}): Promise<ResponseJob> {
    const job = responseJob(overrides)
    await queue.offer(lane, job, { windowMs: 60_000 })
    return job
  }

  async function stored(id: string): Promise<Job> {
    const job: Job | undefined = await seen.getJob(id)
    if (job === undefined) throw new Error(`no job ${id}`)
    return job
  }

  it('runs a released response again, with a waiver that ends with it', async () => {
    const { settled, batches } = await serve()
    const job = await offer()
    await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)

    const told = await board.release(job.id, ASKER)
    await vi.waitFor(() => expect(settled).toHaveLength(2), SOON)

    expect(told).toMatchObject({ id: job.id, lane: lane.slug })
    expect(settled.map(({ outcome }) => outcome)).toEqual([HELD, committed()])
    expect(batches[1]?.waivers).toEqual(new Map([[job.id, { kind: 'released' }]]))
    expect((await stored(job.id)).returnvalue).toMatchObject({ outcome: 'committed', state: 'released' })
    expect((await seen.getJobLogs(job.id)).logs).toEqual([
      expect.stringMatching(/ released by ops \(zoe\): looked at it$/u),
    ])
    expect(await board.receipts({ limit: 9 })).toMatchObject([{ id: job.id, outcome: 'committed', state: 'released' }])
    expect(await redis.hlen(`saker:{lane.${lane.slug}}:waivers`)).toBe(0)
  })

  it('gives the mates of a released response their waivers too', async () => {
    const { settled } = await serve({ coalesce: { quietMs: 300, maxMs: 3000 } })
    const jobs = await Promise.all([offer(), offer(), offer()])
    await vi.waitFor(() => expect(settled).toHaveLength(3), SOON)

    await Promise.all(jobs.map(({ id }) => board.release(id, ASKER)))
    await vi.waitFor(() => expect(settled).toHaveLength(6), SOON)

    const values = await Promise.all(jobs.map(async ({ id }) => (await stored(id)).returnvalue as unknown))
    expect(values).toEqual(jobs.map(({ id }) => ({ ...committed(), id, count: 1, state: 'released' })))
  })

  it('ends a dropped response for good', async () => {
    const { settled } = await serve()
    const job = await offer()
    await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)

    await board.drop(job.id, ASKER)

    expect(await board.receipts({ outcome: 'held', limit: 9 })).toMatchObject([{ id: job.id, state: 'dropped' }])
    expect((await stored(job.id)).progress).toMatchObject({ note: 'state', state: 'dropped', ...ASKER })
    await expect(board.release(job.id, ASKER)).rejects.toMatchObject({ code: 'RESPONSE_NOT_HELD' })
    await expect(board.drop(job.id, ASKER)).rejects.toMatchObject({ code: 'RESPONSE_NOT_HELD' })
    expect((await board.states())[0]).toMatchObject({ held: 0 })
  })

  it('releases nothing that is not held', async () => {
    const { settled } = await serve({ respond: async (batch) => allOf(batch, committed()) })
    const job = await offer()
    await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)

    await expect(board.release(job.id, ASKER)).rejects.toMatchObject({ code: 'RESPONSE_NOT_HELD' })
    await expect(board.release('01m83vaam7tzj7warj', ASKER)).rejects.toMatchObject({ code: 'RESPONSE_UNKNOWN' })
    expect(settled).toHaveLength(1)
  })

  it('lets one of several people release a response', async () => {
    const { settled } = await serve()
    const job = await offer()
    await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)

    const answers = await Promise.allSettled([1, 2, 3].map(() => board.release(job.id, ASKER)))
    await vi.waitFor(() => expect(settled).toHaveLength(2), SOON)

    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(settled[1]?.outcome).toEqual(committed())
  })

  it('keeps held responses for as long as failed ones, and shows them among the newest', async () => {
    const { settled } = await serve({
      heldMs: () => 60_000,
      respond: async (batch) =>
        new Map(batch.jobs.map((job) => [job.id, job.response === 'hold' ? HELD : committed()])),
    })
    const held = await offer({ response: 'hold' })
    await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)
    const first = await offer()
    await vi.waitFor(() => expect(settled).toHaveLength(2), SOON)
    // BullMQ clears away by whole seconds, whenever a job ends.
    await vi.waitFor(
      async () => {
        await offer()
        expect(await seen.getJob(first.id)).toBeUndefined()
      },
      { timeout: 20_000, interval: 200 },
    )

    expect(await seen.getJob(held.id)).toBeDefined()
    const receipts = await board.receipts({ limit: 2 })
    expect(receipts).toHaveLength(2)
    expect(receipts.map(({ outcome }) => outcome)).toEqual(['committed', 'committed'])
    expect(await board.receipts({ outcome: 'held', limit: 9 })).toMatchObject([{ id: held.id }])
  })

  it('lets a held response expire, and says so once', async () => {
    const lines: object[] = []
    const log = { ...silentLog, warn: (fields: object, msg: string) => void lines.push({ ...fields, msg }) }
    const { settled } = await serve({ heldMs: () => 1, log })
    await serve({ heldMs: () => 1, log })
    const job = await offer()
    await vi.waitFor(() => expect(settled.length + (workers[1]?.settled.length ?? 0)).toBe(1), SOON)

    await vi.waitFor(() => expect(lines).toHaveLength(1), SOON)

    expect(lines[0]).toMatchObject({ msg: 'response state changed', state: 'expired', responseId: job.id })
    await vi.waitFor(async () => {
      const [receipt] = await board.receipts({ outcome: 'held', limit: 9 })
      expect(receipt).toMatchObject({ id: job.id, state: 'expired' })
    }, SOON)
    await expect(board.release(job.id, ASKER)).rejects.toMatchObject({ code: 'RESPONSE_NOT_HELD' })
  })

  it('has the age of a retried response waived, not its cap', async () => {
    let tries = 0
    const { settled, batches } = await serve({
      respond: async (batch) => {
        tries += 1
        if (tries === 1) throw new ResponseError('CREDENTIAL_INVALID', 'token expired')
        return allOf(batch, committed())
      },
    })
    const job = await offer()
    await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)

    await board.retry(job.id)
    await vi.waitFor(() => expect(settled).toHaveLength(2), SOON)

    expect(batches[1]?.waivers).toEqual(new Map([[job.id, { kind: 'retried' }]]))
  })

  it('answers nothing in a paused lane, and all of it once it is resumed', async () => {
    await board.pause(lane.repository, { since: new Date().toISOString(), operator: 'ops' })
    const { settled, batches } = await serve()
    const jobs = await Promise.all([offer(), offer()])
    await vi.waitFor(async () => expect(await seen.getActiveCount()).toBe(1), SOON)
    await vi.waitFor(async () => {
      const [active] = await seen.getActive()
      expect(active?.progress).toMatchObject({ note: 'paused' })
    }, SOON)

    expect(batches).toEqual([])
    expect((await queue.laneStates([lane]))[0]).toMatchObject({ paused: true })
    expect(await board.resume(lane.slug)).toEqual({ lanes: [lane.slug], paused: [] })
    await vi.waitFor(() => expect(settled).toHaveLength(jobs.length), SOON)
    expect(batches).toHaveLength(1)
    expect((await stored(jobs[0]?.id ?? '')).progress).not.toMatchObject({ note: 'paused' })
  })

  it('answers a batch anew when the lane was paused before its write', async () => {
    const pause = { since: new Date().toISOString(), operator: 'ops' }
    const { settled, batches } = await serve({
      respond: async (batch) => {
        if (batches.length > 1) return allOf(batch, committed())
        await board.pause(undefined, pause)
        throw new ResponseError('LANE_PAUSED', 'paused')
      },
    })
    await offer()
    await vi.waitFor(async () => expect((await seen.getActive())[0]?.progress).toMatchObject({ note: 'paused' }), SOON)

    const stillPaused = await board.resume(lane.slug)
    expect(stillPaused.paused).toEqual([lane.slug])
    expect(settled).toEqual([])

    await board.resume(undefined)
    await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)
    expect(batches[1]?.recovering).toBe(true)
  })

  it('hands the job of a paused lane back when its worker stops, and another one waits with it', async () => {
    await board.pause(undefined, { since: new Date().toISOString(), operator: 'ops' })
    const first = await serve()
    await offer()
    await vi.waitFor(async () => expect((await seen.getActive())[0]?.progress).toMatchObject({ note: 'paused' }), SOON)

    await first.worker.close({ graceMs: 60_000 })
    const second = await serve()
    await vi.waitFor(async () => expect(await seen.getActiveCount()).toBe(1), SOON)
    await board.resume(undefined)

    await vi.waitFor(() => expect(second.settled).toHaveLength(1), SOON)
    expect(first.settled).toEqual([])
  })

  it('answers a pause only when the writes that began before have ended', async () => {
    const guards = new WorkloadGuards({ redisUrl: server.url, log: silentLog })
    const ticket = guards.ofLane(lane.slug).openWrite()
    await ticket.admit([], { count: 1, perMs: 1000 })
    let answered = false

    const pausing = board.pause(lane.slug, { since: '', operator: 'ops' }).then((told) => {
      answered = true
      return told
    })
    await vi.waitFor(async () => expect((await board.states())[0]?.paused).not.toBeNull(), SOON)
    const refused = await guards
      .ofLane(lane.slug)
      .openWrite()
      .admit([], { count: 1, perMs: 1000 })
      .catch((thrown: unknown) => thrown)
    for (let looks = 0; looks < 20; looks += 1) await board.states()
    const before = answered
    await ticket.close([])

    expect(refused).toMatchObject({ code: 'LANE_PAUSED' })
    expect(before).toBe(false)
    expect(await pausing).toEqual({ lanes: [lane.slug], writing: [] })
    await guards.close()
  })

  it('names no lane that there is not', async () => {
    await expect(board.pause('nowhere', { since: '', operator: 'ops' })).rejects.toMatchObject({ code: 'LANE_UNKNOWN' })
  })

  it('counts the time asleep for limits of the host, and for nothing else', async () => {
    const codes = ['RATE_LIMITED', 'REPOSITORY_UNAVAILABLE'] as const
    const { batches, settled } = await serve({
      respond: async (batch) => {
        const code = codes[batches.length - 1]
        if (code !== undefined) throw new ResponseError(code, 'later', { retryAfterMs: 400 })
        return allOf(batch, committed())
      },
    })
    const job = await offer()
    await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)

    const asleep = batches.map(({ asleepMs }) => asleepMs.get(job.id) ?? NaN)
    expect(asleep[0]).toBe(0)
    expect(asleep[1]).toBeGreaterThan(300)
    expect(asleep[1]).toBeLessThanOrEqual(401)
    expect(asleep[2]).toBeLessThanOrEqual(401)
  })

  it('lets a response go on in another lane under its own id, with one outcome, and says why', async () => {
    const elsewhere = freshLane()
    board.setLanes([lane, elsewhere])
    const forwarded = { outcome: 'forwarded', lane: elsewhere.slug, because: 'WorkloadCap' } as const
    const here = await serve({
      coalesce: { quietMs: 300, maxMs: 3000 },
      respond: async (batch) => new Map(batch.jobs.map(({ id }) => [id, forwarded])),
    })
    const jobs = await Promise.all([offer(), offer()])
    await vi.waitFor(async () => expect(await seen.getCompletedCount()).toBe(2), SOON)

    const there = await serve({ slug: elsewhere.slug, respond: async (batch) => allOf(batch, committed()) })
    await vi.waitFor(() => expect(there.settled).toHaveLength(2), SOON)

    expect(here.settled).toEqual([])
    const told = jobs.map((job) => ({ ...job, forwardedFor: 'WorkloadCap' }) as const)
    expect(there.settled.map(({ job }) => job).toSorted(byId)).toEqual(told.toSorted(byId))
    expect((await stored(jobs[0]?.id ?? '')).returnvalue).toMatchObject(forwarded)
    const receipts = await board.receipts({ limit: 9 })
    expect(receipts.map(({ outcome, lane: slug }) => [outcome, slug])).toEqual([
      ['committed', elsewhere.slug],
      ['committed', elsewhere.slug],
    ])
  })

  it('takes a response back that it has forwarded itself', async () => {
    const elsewhere = freshLane()
    const to = ({ slug }: Lane) => ({ outcome: 'forwarded', lane: slug }) as const
    let seenHere = 0
    const here = await serve({
      respond: async (batch) => {
        seenHere += 1
        const answer = seenHere === 1 ? to(elsewhere) : committed()
        return new Map(batch.jobs.map(({ id }) => [id, answer]))
      },
    })
    const there = await serve({
      slug: elsewhere.slug,
      respond: async (batch) => new Map(batch.jobs.map(({ id }) => [id, to(lane)])),
    })

    const job = await offer()
    await vi.waitFor(() => expect(here.settled).toHaveLength(1), SOON)

    expect(here.settled[0]).toMatchObject({ job, outcome: committed() })
    expect(there.batches).toHaveLength(1)
  })
})

function byId(a: ResponseJob, b: ResponseJob): number {
  return a.id.localeCompare(b.id)
}
