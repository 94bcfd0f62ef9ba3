import { laneOf, ResponseError, silentLog, type Lane, type Outcome, type ResponseJob } from '@saker/core'
import { LaneBoard, ResponseQueue } from '@saker/queue'
import type { Queue } from 'bullmq'
import { fastify, type FastifyInstance } from 'fastify'
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
import { aRepository } from '../support/a-repository.ts'
import { redisAvailable, startRedisServer, type RedisServer } from '../support/redis-server.ts'

const SOON = { timeout: 5000, interval: 10 }

/** Every route of Bull Board 9.10.1 that is not a read. A version that has others has to be looked at before it is taken. */
const WRITES = [
  'PATCH /queues/api/queues/:queueName/:jobId/delay',
  'PATCH /queues/api/queues/:queueName/:jobId/priority',
  'PATCH /queues/api/queues/:queueName/:jobId/update-data',
  'PATCH /queues/api/queues/:queueName/job-schedulers/:schedulerId',
  'POST /queues/api/queues/:queueName/add',
  'PUT /queues/api/queues/:queueName/:jobId/clean',
  'PUT /queues/api/queues/:queueName/:jobId/promote',
  'PUT /queues/api/queues/:queueName/:jobId/remove-unprocessed-children',
  'PUT /queues/api/queues/:queueName/:jobId/retry',
  'PUT /queues/api/queues/:queueName/clean/:queueStatus',
  'PUT /queues/api/queues/:queueName/concurrency',
  'PUT /queues/api/queues/:queueName/empty',
  'PUT /queues/api/queues/:queueName/job-schedulers/:schedulerId/remove',
  'PUT /queues/api/queues/:queueName/job-schedulers/:schedulerId/run',
  'PUT /queues/api/queues/:queueName/obliterate',
  'PUT /queues/api/queues/:queueName/pause',
  'PUT /queues/api/queues/:queueName/promote',
  'PUT /queues/api/queues/:queueName/rate-limit',
  'PUT /queues/api/queues/:queueName/rate-limit/release',
  'PUT /queues/api/queues/:queueName/resume',
  'PUT /queues/api/queues/:queueName/retry/:queueStatus',
  'PUT /queues/api/queues/pause',
  'PUT /queues/api/queues/resume',
]

const ALLOWED = new Set([
  'PUT /queues/api/queues/:queueName/:jobId/promote',
  'PUT /queues/api/queues/:queueName/:jobId/retry',
  'PUT /queues/api/queues/:queueName/promote',
  'PUT /queues/api/queues/:queueName/retry/:queueStatus',
])

const DENIED = WRITES.filter((route) => !ALLOWED.has(route))

/** A lane's queue as the pages get it. */
interface ShownQueue {
  readonly name: string
  readonly displayName: string
  readonly allowCompletedRetries: boolean
  readonly jobs: readonly {
    readonly id: string
    readonly name: string
    readonly externalUrl?: object
    readonly data: object
  }[]
}

describe.skipIf(!redisAvailable)('the board of the lanes', () => {
  let server: RedisServer
  let queue: ResponseQueue
  let lane: Lane
  let board: LaneBoard
  let seen: Queue
  let app: FastifyInstance
  let routes: string[]
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
  beforeEach(async () => {
    lane = freshLane()
    seen = bystander(server.url, lane)
    board = new LaneBoard({ redisUrl: server.url, basePath: '/queues', lanes: [lane], log: silentLog })
    await vi.waitFor(() => board.states(), SOON)
    routes = []
    app = fastify()
    app.addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat()) routes.push(`${one} ${url}`)
    })
    await app.register(board.pages, { prefix: '/queues' })
  })
  afterEach(async () => {
    await Promise.all(workers.splice(0).map(({ worker }) => worker.close({ graceMs: 0 })))
    await app.close()
    await board.close()
    await seen.close()
  })

  async function offer(overrides: Partial<ResponseJob> = {}): Promise<ResponseJob> {
    const job = responseJob(overrides)
    await queue.offer(lane, job, { windowMs: 60_000 })
    return job
  }

  /** A worker for which every response fails until it is told otherwise. */
  async function failingWorker(): Promise<{ recording: RecordingWorker; heal: (outcome: Outcome) => void }> {
    let healed: Outcome | undefined
    const recording = await recordingWorker({
      redisUrl: server.url,
      slug: lane.slug,
      respond: async (batch) => {
        if (healed === undefined) throw new ResponseError('REPOSITORY_NOT_FOUND', 'no repository acme/fleet')
        return allOf(batch, healed)
      },
    })
    workers.push(recording)
    return { recording, heal: (outcome) => (healed = outcome) }
  }

  async function settled({ settled: ended }: RecordingWorker, count: number): Promise<readonly string[]> {
    await vi.waitFor(() => expect(ended).toHaveLength(count), SOON)
    return ended.map(({ outcome }) => outcome.outcome)
  }

  async function shownQueues(): Promise<readonly ShownQueue[]> {
    const answer = await app.inject(`/queues/api/queues?activeQueue=${lane.slug}&page=1&jobsPerPage=10`)
    return answer.json<{ queues: ShownQueue[] }>().queues
  }

  describe('retry', () => {
    it('runs a failed response for real', async () => {
      const { recording, heal } = await failingWorker()
      const { id } = await offer()
      await settled(recording, 1)
      heal({ ...committed(), url: 'https://git.example/acme/fleet/commit/1' } as Outcome)

      const answer = await board.retry(id)

      expect(answer).toEqual({
        id,
        response: 'contain-shells',
        cluster: 'prod',
        target: 'pod default/web-0',
        lane: lane.slug,
      })
      expect(await settled(recording, 2)).toEqual(['failed', 'committed'])
      expect(recording.batches).toHaveLength(2)
      expect(recording.batches[1]?.recovering).toBe(true)
      const [receipt] = await board.receipts({ limit: 1 })
      expect(receipt).toMatchObject({
        id,
        outcome: 'committed',
        code: '',
        url: 'https://git.example/acme/fleet/commit/1',
      })
    })

    it('runs one that BullMQ had given up because its workers died', async () => {
      const { id } = await offer()
      const client = new Redis(server.url)
      await client.hset(seen.toKey(id), { stc: '11', defa: 'job stalled more than allowable limit' })
      await client.quit()
      const { recording, heal } = await failingWorker()
      heal(committed())
      await settled(recording, 1)
      expect(recording.batches).toEqual([])

      await board.retry(id)

      expect(await settled(recording, 2)).toEqual(['failed', 'committed'])
      expect(await seen.getJob(id)).toMatchObject({ stalledCounter: 2, stacktrace: [] })
    })

    it('refuses what nobody knows, what still waits and what has ended well', async () => {
      const waiting = await offer()
      const unknown = responseJob()

      await expect(board.retry(unknown.id)).rejects.toMatchObject({ code: 'RESPONSE_UNKNOWN' })
      await expect(board.retry(waiting.id)).rejects.toMatchObject({ code: 'RESPONSE_NOT_FAILED' })
      const { recording, heal } = await failingWorker()
      heal(committed())
      await settled(recording, 1)
      await expect(board.retry(waiting.id)).rejects.toMatchObject({ code: 'RESPONSE_NOT_FAILED' })
      expect(await seen.getJobCounts('completed', 'waiting')).toEqual({ completed: 1, waiting: 0 })
    })

    it('ends in QUEUE_UNAVAILABLE when Redis is away', async () => {
      const away = new LaneBoard({
        redisUrl: 'redis://127.0.0.1:1',
        basePath: '/queues',
        lanes: [lane],
        log: silentLog,
      })

      await expect(away.retry(responseJob().id)).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' })
      await away.close()
    })
  })

  it('tells what ended how, newest first', async () => {
    const { recording, heal } = await failingWorker()
    const first = await offer({ receivedAt: Date.parse('2026-01-02T03:04:05Z') })
    await settled(recording, 1)
    heal(committed())
    const second = await offer()
    await settled(recording, 2)

    const all = await board.receipts({ limit: 10 })
    const failed = await board.receipts({ outcome: 'failed', limit: 10 })
    const unchanged = await board.receipts({ outcome: 'unchanged', limit: 10 })

    expect(all.map(({ id }) => id)).toEqual([second.id, first.id])
    expect(failed).toEqual([
      {
        id: first.id,
        response: 'contain-shells',
        cluster: 'prod',
        target: 'pod default/web-0',
        outcome: 'failed',
        code: 'REPOSITORY_NOT_FOUND',
        message: 'no repository acme/fleet',
        lane: lane.slug,
        receivedAt: '2026-01-02T03:04:05.000Z',
        settledAt: expect.stringMatching(/^20\d\d-/u),
      },
    ])
    expect(unchanged).toEqual([])
    expect(await board.receipts({ limit: 1 })).toHaveLength(1)
  })

  it('tells how a lane is doing', async () => {
    await offer()
    await seen.rateLimit(60_000)

    const [state] = await board.states()

    expect(state).toMatchObject({ slug: lane.slug, repository: 'fleet', waiting: 1, active: 0, failed: 0 })
    expect(Date.parse(state?.asleepUntil ?? '')).toBeGreaterThan(Date.now() + 50_000)
    await seen.removeRateLimitKey()
    expect(await board.states()).toMatchObject([{ asleepUntil: null }])
  })

  describe('its pages', () => {
    it('show every lane, its jobs by a readable name and a link to the commit', async () => {
      const { recording, heal } = await failingWorker()
      heal({ ...committed(), url: 'https://git.example/commit/1' } as Outcome)
      await offer()
      await settled(recording, 1)

      const [shown] = await shownQueues()

      expect(shown).toMatchObject({ name: lane.slug, displayName: expect.stringContaining('example.test/repo main') })
      expect(shown?.jobs).toMatchObject([
        {
          name: 'contain-shells default/web-0',
          externalUrl: { displayText: 'commit', href: 'https://git.example/commit/1' },
          data: { alert: { rule: 'Terminal shell in container' } },
        },
      ])
    })

    it('link to the pull request of what is proposed', async () => {
      const { recording, heal } = await failingWorker()
      heal({ outcome: 'proposed', number: 7, url: 'https://git.example/pull/7', branch: 'saker/main-1', sha: 'a' })
      await offer()
      await settled(recording, 1)

      const [shown] = await shownQueues()

      expect(shown?.jobs[0]?.externalUrl).toEqual({ displayText: 'pull request', href: 'https://git.example/pull/7' })
    })

    it('link to nothing but web pages', async () => {
      const { recording, heal } = await failingWorker()
      heal({ ...committed(), url: 'javascript:alert(1)' } as Outcome)
      await offer()
      await settled(recording, 1)

      const [shown] = await shownQueues()

      expect(shown?.jobs[0]?.externalUrl).toBeUndefined()
    })

    it('follow the lanes that come and go', async () => {
      const added = laneOf(
        aRepository({ name: 'other', location: { kind: 'git', url: 'https://git.example/other.git' } }),
        'observe',
      )

      board.setLanes([lane, added])
      const both = await shownQueues()
      board.setLanes([added])
      const one = await shownQueues()

      expect(both).toHaveLength(2)
      expect(one.map(({ displayName }) => displayName)).toEqual(['git.example/other main observe'])
      expect(await board.states()).toMatchObject([{ slug: added.slug }])
    })

    it('have the writes that were looked at when this was written, and no others', () => {
      const writes = routes.filter((route) => !/^(?:GET|HEAD) /u.test(route))

      expect(writes.toSorted()).toEqual(WRITES)
    })

    it.each(DENIED)('refuse %s', async (route) => {
      const { id } = await offer()
      const [method = '', pattern = ''] = route.split(' ')
      const url = pattern
        .replace(':queueName', lane.slug)
        .replace(':jobId', id)
        .replace(':queueStatus', 'wait')
        .replace(':schedulerId', 'x')

      const answer = await app.inject({
        method: method as 'PUT',
        url,
        payload: { concurrency: 5, force: true, name: 'x' },
      })

      expect(answer.statusCode).toBe(403)
      expect(answer.headers['content-type']).toBe('application/problem+json')
      expect(answer.json()).toMatchObject({ status: 403, code: 'BOARD_WRITE_FORBIDDEN' })
      expect(await seen.getJobCounts('waiting')).toEqual({ waiting: 1 })
      expect([await seen.isPaused(), await seen.getGlobalConcurrency()]).toEqual([false, null])
    })

    it.each([
      ['one failed response', (id: string) => `${id}/retry`, 204],
      ['all failed responses', () => 'retry/failed', 200],
    ])('retry %s', async (_what, path, status) => {
      const { recording, heal } = await failingWorker()
      const { id } = await offer()
      await settled(recording, 1)
      heal(committed())

      const answer = await app.inject({ method: 'PUT', url: urlOf(path(id)) })

      expect(answer.statusCode).toBe(status)
      expect(await settled(recording, 2)).toEqual(['failed', 'committed'])
    })

    it('let nothing run again that has ended well', async () => {
      const { recording, heal } = await failingWorker()
      heal(committed())
      const { id } = await offer()
      await settled(recording, 1)

      const one = await app.inject({ method: 'PUT', url: urlOf(`${id}/retry`) })
      const all = await app.inject({ method: 'PUT', url: urlOf('retry/completed') })

      expect([one.statusCode, all.statusCode]).toEqual([409, 403])
      expect(one.json()).toMatchObject({ message: expect.stringContaining('has not failed') })
      expect(await seen.getJobCounts('completed')).toEqual({ completed: 1 })
    })

    it('promote what is delayed', async () => {
      const job = await seen.add('delayed', responseJob(), { delay: 60_000 })

      const answer = await app.inject({ method: 'PUT', url: urlOf(`${job.id}/promote`) })

      expect(answer.statusCode).toBe(204)
      expect(await seen.getJobCounts('waiting', 'delayed')).toEqual({ waiting: 1, delayed: 0 })
    })

    function urlOf(path: string): string {
      return `/queues/api/queues/${lane.slug}/${path}`
    }
  })
})
