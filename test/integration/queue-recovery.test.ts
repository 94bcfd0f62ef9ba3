import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { silentLog, type Lane, type ResponseJob } from '@saker/core'
import { ResponseQueue } from '@saker/queue'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { freshLane, recordingWorker, responseJob, type RecordingWorker } from '../support/lane-jobs.ts'
import { redisAvailable, startRedisServer, type RedisServer } from '../support/redis-server.ts'

const SOON = { timeout: 10_000, interval: 10 }

describe.skipIf(!redisAvailable)('recovering a batch whose workers died (needs redis-server)', () => {
  let server: RedisServer
  let queue: ResponseQueue
  let lane: Lane
  const workers: RecordingWorker[] = []
  const children: ChildProcess[] = []

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
  })
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
    await Promise.all(workers.splice(0).map(({ worker }) => worker.close({ graceMs: 0 })))
  })

  async function serve(): Promise<RecordingWorker> {
    const recording = await recordingWorker({ redisUrl: server.url, slug: lane.slug })
    workers.push(recording)
    return recording
  }

  /** Has a worker process take a batch, and kills it before it answers. Gives the ids of the batch. */
  async function dieAmidBatch(): Promise<readonly string[]> {
    const program = new URL('../support/lane-worker-process.ts', import.meta.url)
    const execArgv = ['--conditions=saker-source', '--disable-warning=ExperimentalWarning']
    const child = fork(program, [server.url, lane.slug, 'hang'], { execArgv })
    children.push(child)
    await once(child, 'message')
    const [{ batch }] = (await once(child, 'message')) as [{ readonly batch: readonly string[] }]
    child.kill('SIGKILL')
    await once(child, 'exit')
    return batch
  }

  async function offer(): Promise<ResponseJob> {
    const job = responseJob()
    await queue.offer(lane, job, { windowMs: 60_000 })
    return job
  }

  it('has the history searched for the mates too, when their leader has killed two workers and runs alone', async () => {
    const [leader, mate] = [await offer(), await offer()]
    const ids = [leader.id, mate.id]
    expect(await dieAmidBatch()).toEqual(ids)
    expect(await dieAmidBatch()).toEqual(ids)

    const { batches, settled } = await serve()
    await vi.waitFor(() => expect(settled).toHaveLength(2), SOON)

    expect(batches.map(({ jobs, recovering }) => [jobs.map(({ id }) => id), recovering])).toEqual([
      [[leader.id], true],
      [[mate.id], true],
    ])
  })

  it('trusts the lane again once all endings are handed out', async () => {
    await offer()
    await dieAmidBatch()
    const { batches, settled } = await serve()
    await vi.waitFor(() => expect(settled).toHaveLength(1), SOON)

    await offer()
    await vi.waitFor(() => expect(settled).toHaveLength(2), SOON)

    expect(batches.map(({ recovering }) => recovering)).toEqual([true, false])
  })
})
