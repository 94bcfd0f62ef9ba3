import { ResponseError, silentLog, type Log } from '@saker/core'
import { ResponseQueue, type Offered } from '@saker/queue'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { bystander, freshLane, responseJob } from '../support/lane-jobs.ts'
import { redisAvailable, startRedisServer, type RedisServer } from '../support/redis-server.ts'

const NO_WINDOW = { windowMs: 0 }
const open: ResponseQueue[] = []

function openQueue(redisUrl: string, log: Log = silentLog): ResponseQueue {
  const queue = new ResponseQueue({ redisUrl, log })
  open.push(queue)
  return queue
}

/** A queue whose connection is up. */
async function readyQueue(server: RedisServer): Promise<ResponseQueue> {
  const queue = openQueue(server.url)
  await vi.waitFor(() => queue.checkReady(), { timeout: 5000 })
  return queue
}

/** How an offer ended, and how long it took. */
async function timedOffer(queue: ResponseQueue): Promise<{ result: unknown; ms: number }> {
  const started = performance.now()
  const result = await queue.offer(freshLane(), responseJob(), NO_WINDOW).then(
    (offered) => offered.result,
    (thrown: unknown) => thrown,
  )
  return { result, ms: performance.now() - started }
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((queue) => queue.close()))
})

describe.skipIf(!redisAvailable)('offering alerts to Redis', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedisServer()
  })
  afterAll(() => server.remove())

  it('accepts the first alert of a fingerprint and merges those that follow, naming its job', async () => {
    const queue = await readyQueue(server)
    const lane = freshLane()
    const first = responseJob()

    const answers = [
      await queue.offer(lane, first, { windowMs: 60_000 }),
      await queue.offer(lane, responseJob({ fingerprint: first.fingerprint }), { windowMs: 60_000 }),
      await queue.offer(lane, responseJob(), { windowMs: 60_000 }),
    ]

    expect(answers.map(({ result }) => result)).toEqual(['accepted', 'duplicate', 'accepted'])
    expect(answers[1]?.id).toBe(first.id)
  })

  it('accepts a fingerprint again once its window is over', async () => {
    const queue = await readyQueue(server)
    const lane = freshLane()
    const { fingerprint } = responseJob()
    const offer = async (): Promise<Offered['result']> =>
      (await queue.offer(lane, responseJob({ fingerprint }), { windowMs: 200 })).result

    expect([await offer(), await offer()]).toEqual(['accepted', 'duplicate'])

    await vi.waitFor(async () => expect(await offer()).toBe('accepted'), { timeout: 2000 })
  })

  it('merges nothing when there is no window', async () => {
    const queue = await readyQueue(server)
    const lane = freshLane()
    const { fingerprint } = responseJob()

    const answers = [
      await queue.offer(lane, responseJob({ fingerprint }), NO_WINDOW),
      await queue.offer(lane, responseJob({ fingerprint }), NO_WINDOW),
    ]

    expect(answers.map(({ result }) => result)).toEqual(['accepted', 'accepted'])
  })

  it('keeps the text of an alert byte for byte, big integers and all', async () => {
    const queue = await readyQueue(server)
    const lane = freshLane()
    const alert =
      '{"rule":"R","output_fields":{"evt.time":1763884800123456789,"ino":18446744073709551615,"x":1.0},"é":"\\u0000 "}'
    const job = responseJob({ alert })

    await queue.offer(lane, job, NO_WINDOW)

    const seen = bystander(server.url, lane)
    const stored = await seen.getJob(job.id)
    await seen.close()
    expect(stored?.data).toEqual(job)
    expect(stored?.name).toBe('contain-shells default/web-0')
  })

  it('stores every one of many concurrent alerts', async () => {
    const queue = await readyQueue(server)
    const lane = freshLane()

    const answers = await Promise.all(
      Array.from({ length: 200 }, () => queue.offer(lane, responseJob(), { windowMs: 60_000 })),
    )

    const seen = bystander(server.url, lane)
    expect(await seen.getWaitingCount()).toBe(200)
    await seen.close()
    expect(new Set(answers.map(({ result }) => result))).toEqual(new Set(['accepted']))
  })

  it('refuses a Redis URL it cannot understand without repeating it', () => {
    for (const url of ['sesame:secret', 'http://user:secret@host', 'redis://:secret@host/zero', 'not a secret']) {
      expect(() => openQueue(url)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
      expect(() => openQueue(url)).not.toThrow(/secret/u)
    }
  })
})

describe.skipIf(!redisAvailable)('offering alerts while Redis is in trouble', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedisServer()
  })
  afterAll(() => server.remove())
  afterEach(async () => {
    server.thaw()
    await server.restart()
  })

  function expectUnavailable({ result, ms }: { result: unknown; ms: number }): void {
    expect(result).toMatchObject({ code: 'QUEUE_UNAVAILABLE', retryable: true })
    expect((result as ResponseError).message).toContain(`127.0.0.1:${server.port}`)
    expect(ms).toBeLessThan(3000)
  }

  it('says unavailable when Redis has gone, and accepts again by itself when it is back', async () => {
    const queue = await readyQueue(server)
    await queue.offer(freshLane(), responseJob(), NO_WINDOW)

    await server.kill()
    expectUnavailable(await timedOffer(queue))
    await expect(queue.checkReady()).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' })

    await server.restart()
    await vi.waitFor(async () => expect(await timedOffer(queue)).toMatchObject({ result: 'accepted' }), {
      timeout: 4000,
    })
  })

  it('says in plain words that it is not connected when Redis has gone', async () => {
    const doomed = await startRedisServer()
    const queue = await readyQueue(doomed)

    await doomed.remove()

    await vi.waitFor(
      async () =>
        await expect(queue.checkReady()).rejects.toThrow(
          `not ready: Redis at 127.0.0.1:${doomed.port}/0: not connected`,
        ),
      { timeout: 5000 },
    )
  })

  it('says unavailable when Redis is frozen, and accepts again by itself when it goes on', async () => {
    const queue = await readyQueue(server)
    await queue.offer(freshLane(), responseJob(), NO_WINDOW)

    server.freeze()
    const [offered, ready] = await Promise.all([
      timedOffer(queue),
      queue.checkReady().catch((thrown: unknown) => thrown),
    ])
    expectUnavailable(offered)
    expect(ready).toMatchObject({ code: 'QUEUE_UNAVAILABLE' })

    server.thaw()
    await vi.waitFor(async () => expect(await timedOffer(queue)).toMatchObject({ result: 'accepted' }), {
      timeout: 4000,
    })
  })

  it('says unavailable when Redis was away from the start, and accepts once it is there', async () => {
    await server.stop()
    const queue = openQueue(server.url)

    expectUnavailable(await timedOffer(queue))
    expectUnavailable(await timedOffer(queue))

    await server.restart()
    await vi.waitFor(async () => expect(await timedOffer(queue)).toMatchObject({ result: 'accepted' }), {
      timeout: 4000,
    })
  })

  it('says unavailable when Redis was frozen from the start', async () => {
    server.freeze()
    const queue = openQueue(server.url)

    expectUnavailable(await timedOffer(queue))
  })

  it('says unavailable on a read-only replica and names that as the reason it is not ready', async () => {
    const queue = await readyQueue(server)
    const operator = new Redis(server.url)
    await operator.replicaof('127.0.0.1', 1)

    await expect(queue.checkReady()).rejects.toThrow(/read-only replica/u)
    expectUnavailable(await timedOffer(queue))

    await operator.replicaof('NO', 'ONE')
    operator.disconnect()
    await vi.waitFor(async () => expect(await timedOffer(queue)).toMatchObject({ result: 'accepted' }), {
      timeout: 4000,
    })
  })

  it('says unavailable when the memory of Redis is full', async () => {
    const queue = await readyQueue(server)
    await queue.offer(freshLane(), responseJob(), NO_WINDOW)
    const operator = new Redis(server.url)
    await operator.config('SET', 'maxmemory', '1mb')

    await expect(queue.checkReady()).rejects.toThrow(/full/u)
    expectUnavailable(await timedOffer(queue))

    await operator.config('SET', 'maxmemory', '0')
    operator.disconnect()
    expect(await timedOffer(queue)).toMatchObject({ result: 'accepted' })
  })

  it('is not ready on a Redis that may evict alerts', async () => {
    const queue = await readyQueue(server)
    const operator = new Redis(server.url)
    await operator.config('SET', 'maxmemory-policy', 'allkeys-lru')

    await expect(queue.checkReady()).rejects.toThrow(/allkeys-lru/u)

    await operator.config('SET', 'maxmemory-policy', 'noeviction')
    operator.disconnect()
  })

  it('writes the password into no error and no log line', async () => {
    const lines: string[] = []
    const note = (fields: object, message: string): void => void lines.push(`${message} ${JSON.stringify(fields)}`)
    const log: Log = { debug: note, info: note, warn: note, error: note }
    const operator = new Redis(server.url)
    await operator.config('SET', 'requirepass', 'right')
    const queue = openQueue(server.url.replace('//', '//someone:open-sesame@'), log)

    const { result } = await timedOffer(queue)

    await vi.waitFor(() => expect(lines.join('\n')).toContain('WRONGPASS'), { timeout: 3000 })
    expect(result).toMatchObject({ code: 'QUEUE_UNAVAILABLE' })
    expect(`${(result as ResponseError).stack} ${lines.join('\n')}`).not.toContain('open-sesame')
    await operator.config('SET', 'requirepass', '')
    operator.disconnect()
  })
})
