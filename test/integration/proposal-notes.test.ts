import { silentLog, type Lane, type Outcome } from '@saker/core'
import { LaneBoard, ProposalNotes, ResponseQueue } from '@saker/queue'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { committed, freshLane, recordingWorker, responseJob, type RecordingWorker } from '../support/lane-jobs.ts'
import { redisAvailable, startRedisServer, type RedisServer } from '../support/redis-server.ts'

const SOON = { timeout: 20_000, interval: 10 }
const PROPOSED: Outcome = { outcome: 'proposed', number: 7, url: 'https://forge.example/pull/7', branch: 'b', sha: 's' }
const AT = Date.parse('2026-05-25T13:44:05Z')

describe.skipIf(!redisAvailable)('what replicas know of proposals', () => {
  let server: RedisServer
  let lane: Lane
  let one: ProposalNotes
  let other: ProposalNotes
  let queue: ResponseQueue
  let board: LaneBoard
  const workers: RecordingWorker[] = []

  beforeAll(async () => {
    server = await startRedisServer()
  })
  afterAll(() => server.remove())
  beforeEach(async () => {
    lane = freshLane()
    const options = { redisUrl: server.url, log: silentLog }
    one = new ProposalNotes(options)
    other = new ProposalNotes(options)
    queue = new ResponseQueue(options)
    board = new LaneBoard({ ...options, basePath: '/queues', lanes: [lane] })
    await vi.waitFor(() => Promise.all([queue.checkReady(), board.states(), one.isOpen('x'), other.isOpen('x')]), SOON)
  })
  afterEach(async () => {
    await Promise.all(workers.splice(0).map(({ worker }) => worker.close({ graceMs: 0 })))
    await Promise.all([one.close(), other.close(), queue.close(), board.close()])
  })

  it('is whether one may be open in a lane, and in no other', async () => {
    await one.opened(lane.slug)

    expect([await other.isOpen(lane.slug), await other.isOpen(freshLane().slug)]).toEqual([true, false])
    await other.noneOpen(lane.slug)
    expect(await one.isOpen(lane.slug)).toBe(false)
  })

  it('is whose turn it is to look: one at a time has it', async () => {
    const turns = await Promise.all([one.takesLook(lane.slug, 60_000), other.takesLook(lane.slug, 60_000)])

    expect(turns.filter(Boolean)).toHaveLength(1)
    expect(await one.takesLook(freshLane().slug, 60_000)).toBe(true)
  })

  it('is what became of the responses, told once and shown with them', async () => {
    const slug = lane.slug
    const [proposed, direct, later] = [responseJob(), responseJob(), responseJob()]
    const endings = new Map([
      [proposed.id, PROPOSED],
      [direct.id, committed()],
      [later.id, PROPOSED],
    ])
    workers.push(await recordingWorker({ redisUrl: server.url, slug, respond: async () => endings }))
    for (const job of [proposed, direct, later]) await queue.offer(lane, job, { windowMs: 0 })
    await vi.waitFor(async () => expect(await board.receipts({ limit: 9 })).toHaveLength(3), SOON)
    const closed = { key: 'b closed', state: 'closed', at: AT, responses: [proposed.id, direct.id, 'gone'] } as const

    const first = await one.ended(slug, closed)
    const again = await other.ended(slug, closed)

    expect([first, again]).toEqual([true, false])
    const states = async () => new Map((await board.receipts({ limit: 9 })).map(({ id, state }) => [id, state]))
    expect(await states()).toEqual(
      new Map([
        [proposed.id, 'closed'],
        [direct.id, undefined],
        [later.id, undefined],
      ]),
    )
    expect(await board.receipts({ outcome: 'proposed', limit: 9 })).toContainEqual(
      expect.objectContaining({ id: proposed.id, outcome: 'proposed', url: 'https://forge.example/pull/7' }),
    )
    await other.ended(slug, { ...closed, key: 'b merged', state: 'merged' })
    expect((await states()).get(proposed.id)).toBe('merged')
  })

  it('is nothing that anybody may guess when Redis is away', async () => {
    const away = new ProposalNotes({ redisUrl: 'redis://127.0.0.1:1', log: silentLog })

    await expect(away.isOpen(lane.slug)).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' })
    await away.close()
  })
})
