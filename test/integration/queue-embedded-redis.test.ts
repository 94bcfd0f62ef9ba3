import { execFileSync, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { silentLog, type Log, type ResponseError } from '@saker/core'
import { ResponseQueue, startPrivateRedis, startVolatileRedis } from '@saker/queue'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { committed, freshLane, recordingWorker, responseJob } from '../support/lane-jobs.ts'
import { redisAvailable } from '../support/redis-server.ts'

const SOON = { timeout: 8000, interval: 20 }

/** Offers alerts through a Redis, and waits until a worker has answered all of them. */
async function expectsToServe(redisUrl: string): Promise<void> {
  const lane = freshLane()
  const queue = new ResponseQueue({ redisUrl, log: silentLog })
  await vi.waitFor(() => queue.checkReady(), SOON)
  const first = responseJob()
  const { worker, settled } = await recordingWorker({ redisUrl, slug: lane.slug })

  const answers = [
    await queue.offer(lane, first, { windowMs: 60_000 }),
    await queue.offer(lane, responseJob({ fingerprint: first.fingerprint }), { windowMs: 60_000 }),
    await queue.offer(lane, responseJob(), { windowMs: 60_000 }),
  ]

  await vi.waitFor(() => expect(settled).toHaveLength(2), SOON)
  expect(answers.map(({ result }) => result)).toEqual(['accepted', 'duplicate', 'accepted'])
  expect(settled.map(({ outcome }) => outcome)).toEqual([committed(), committed()])
  await worker.close({ graceMs: 1000 })
  await queue.close()
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Processes that were started for a socket. */
function spawnedFor(socket: string): readonly string[] {
  const processes = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
  return processes.split('\n').filter((line) => line.includes(socket))
}

describe.skipIf(!redisAvailable)('a private Redis', () => {
  const started: { close(): Promise<void> }[] = []
  let dataDir: string
  let errors: Readonly<Record<string, unknown>>[]
  const log: Log = {
    ...silentLog,
    error: (fields, message) => void errors.push({ ...fields, message }),
  }
  beforeEach(async () => {
    errors = []
    dataDir = await mkdtemp(join(tmpdir(), 'saker-data-'))
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    await Promise.all(started.splice(0).map((redis) => redis.close()))
    await rm(dataDir, { recursive: true, force: true })
  })

  async function start(): Promise<{ url: string; socket: string; close: () => Promise<void> }> {
    const redis = await startPrivateRedis({ dataDir, log })
    if (redis === undefined) throw new Error('no redis-server')
    started.push(redis)
    return { url: redis.url, socket: decodeURI(new URL(redis.url).pathname), close: () => redis.close() }
  }

  async function pidOf(socket: string): Promise<number> {
    const client = new Redis({ path: socket })
    client.on('error', () => undefined)
    const pid = Number(/process_id:([0-9]+)/u.exec(await client.info('server'))?.[1])
    client.disconnect()
    return pid
  }

  /** Starts a Saker that owns a private Redis, in a process that can be killed. */
  async function startElsewhere(): Promise<{ kill: () => Promise<void>; socket: string }> {
    const program = new URL('../support/private-redis-process.ts', import.meta.url)
    const child = fork(program, [dataDir], {
      execArgv: ['--conditions=saker-source', '--disable-warning=ExperimentalWarning'],
    })
    const [url] = (await once(child, 'message')) as [string]
    const kill = async (): Promise<void> => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    started.push({ close: async () => void child.kill('SIGKILL') })
    return { kill, socket: decodeURI(new URL(url).pathname) }
  }

  it('serves lanes', async () => {
    const { url } = await start()

    await expectsToServe(url)
  })

  it('can be reached by its user only', async () => {
    const { socket } = await start()

    expect((await stat(dirname(socket))).mode & 0o077).toBe(0)
    expect((await stat(socket)).mode & 0o077).toBe(0)
  })

  it('keeps what it was told, and may drop nothing', async () => {
    const first = await start()
    const before = new Redis({ path: first.socket })
    await before.set('kept', 'yes')
    const policy = await before.config('GET', 'maxmemory-policy')
    before.disconnect()
    await first.close()

    const second = await start()

    const after = new Redis({ path: second.socket })
    expect(await after.get('kept')).toBe('yes')
    expect(policy).toEqual(['maxmemory-policy', 'noeviction'])
    after.disconnect()
  })

  it('is gone, with its socket, when it is closed', async () => {
    const { socket, close } = await start()
    const pid = await pidOf(socket)

    await close()

    expect(isAlive(pid)).toBe(false)
    await expect(stat(dirname(socket))).rejects.toThrow('ENOENT')
  })

  it('ends with the process that started it, however that ends, and loses nothing', async () => {
    const { kill, socket } = await startElsewhere()
    const pid = await pidOf(socket)
    const client = new Redis({ path: socket })
    await client.set('kept', 'yes')
    client.disconnect()

    await kill()

    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), SOON)
    const next = await start()
    const after = new Redis({ path: next.socket })
    expect(await after.get('kept')).toBe('yes')
    after.disconnect()
  })

  /** Waits until another process than `former` serves the socket. */
  async function successorOf(former: number, socket: string): Promise<number> {
    return vi.waitFor(async () => {
      await stat(socket)
      const pid = await pidOf(socket)
      expect(pid).not.toBe(former)
      return pid
    }, SOON)
  }

  it('is started again on the same socket when it is killed, with what it was told, and takes alerts again', async () => {
    const { url, socket } = await start()
    const lane = freshLane()
    const queue = new ResponseQueue({ redisUrl: url, log: silentLog })
    await vi.waitFor(() => queue.checkReady(), SOON)
    const job = responseJob()
    await queue.offer(lane, job, { windowMs: 60_000 })
    const pid = await pidOf(socket)

    process.kill(pid, 'SIGKILL')
    await successorOf(pid, socket)

    const again = responseJob({ fingerprint: job.fingerprint })
    const offered = await vi.waitFor(() => queue.offer(lane, again, { windowMs: 60_000 }), SOON)
    expect(offered).toEqual({ result: 'duplicate', id: job.id })
    expect(errors).toEqual([
      expect.objectContaining({
        message: 'private Redis ended by itself and is started again',
        code: 137,
        restartMs: 0,
      }),
    ])
    expect(errors[0]).not.toHaveProperty('said')
    await queue.close()
  })

  it('is started again after a pause that grows when it keeps ending', async () => {
    const { socket } = await start()
    let pid = await pidOf(socket)

    for (let death = 0; death < 3; death++) {
      process.kill(pid, 'SIGKILL')
      pid = await successorOf(pid, socket)
    }

    expect(errors.map(({ restartMs }) => restartMs)).toEqual([0, 500, 1000])
  })

  it('says what it complained about when it ended', async () => {
    const { socket } = await start()
    const pid = await pidOf(socket)

    process.kill(pid, 'SIGSEGV')
    await successorOf(pid, socket)

    expect(errors[0]).toMatchObject({ said: expect.stringMatching(/crashed by signal: 11/u) as string })
  })

  it('never runs two servers over one file, when only the guard is killed', async () => {
    const { socket } = await start()
    const pid = await pidOf(socket)
    const guard = Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }))

    process.kill(guard, 'SIGKILL')
    const next = await successorOf(pid, socket)

    const servers = spawnedFor(socket).filter((line) => !line.includes('saker-redis '))
    expect(servers.map((line) => Number.parseInt(line, 10))).toEqual([next])
  })

  it.each([0, 30, 100])('leaves nothing behind when it is closed %i ms after it was killed', async (ms) => {
    const { socket, close } = await start()
    process.kill(await pidOf(socket), 'SIGKILL')
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))

    await close()

    expect(spawnedFor(socket)).toEqual([])
    await expect(stat(dirname(socket))).rejects.toThrow('ENOENT')
    await expect(stat(join(dataDir, 'redis/saker-claim.json'))).rejects.toThrow('ENOENT')
  })

  it('stops a frozen server that a killed run left behind', async () => {
    const { kill, socket } = await startElsewhere()
    const pid = await pidOf(socket)
    process.kill(pid, 'SIGSTOP')
    await kill()

    const next = await start()

    expect(isAlive(pid)).toBe(false)
    expect(isAlive(await pidOf(next.socket))).toBe(true)
  })

  it('leaves alone what only looks left behind: a process id that belongs to somebody else now', async () => {
    const stranger = spawn('sleep', ['60'])
    const { close } = await start()
    await close()
    const claim = { owner: 1, server: stranger.pid, socket: '/tmp/saker-redis-gone/redis.sock' }
    await writeFile(join(dataDir, 'redis/saker-claim.json'), JSON.stringify(claim))

    await start()

    expect(isAlive(stranger.pid ?? 0)).toBe(true)
    stranger.kill('SIGKILL')
  })

  it('refuses a directory that a running Saker uses', async () => {
    const { socket } = await start()

    const refused: unknown = await startPrivateRedis({ dataDir, log: silentLog }).catch((thrown: unknown) => thrown)

    expect(refused).toMatchObject({ code: 'CONFIG_INVALID' })
    expect((refused as ResponseError).message).toContain(String(process.pid))
    expect(await pidOf(socket)).toBeGreaterThan(0)
  })

  it('says why it could not start', async () => {
    const { close } = await start()
    await close()
    const manifest = join(dataDir, 'redis/appendonlydir/appendonly.aof.manifest')
    await writeFile(manifest, 'nonsense')

    await expect(start()).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
      message: expect.stringMatching(/AOF|append/u) as string,
    })

    expect(await readFile(manifest, 'utf8')).toBe('nonsense')
  })

  it('is not there when neither program is on the PATH', async () => {
    vi.stubEnv('PATH', dataDir)

    expect(await startPrivateRedis({ dataDir, log: silentLog })).toBeUndefined()
  })
})

describe('a volatile Redis', () => {
  it('serves lanes without any program installed', async () => {
    const redis = await startVolatileRedis({ log: silentLog })

    await expectsToServe(redis.url)

    expect(redis.persistent).toBe(false)
    await redis.close()
  }, 30_000)

  it('listens on loopback only and asks for its password', async () => {
    const redis = await startVolatileRedis({ log: silentLog })
    const { hostname, port } = new URL(redis.url)
    const stranger = new Redis({
      host: hostname,
      port: Number(port),
      retryStrategy: () => null,
      enableReadyCheck: false,
    })
    stranger.on('error', () => undefined)

    await expect(stranger.set('key', 'value')).rejects.toThrow(/NOAUTH|closed/u)

    expect(hostname).toBe('127.0.0.1')
    stranger.disconnect()
    await redis.close()
  })

  it('is gone when it is closed', async () => {
    const redis = await startVolatileRedis({ log: silentLog })

    await redis.close()

    const client = new Redis(redis.url, { retryStrategy: () => null })
    client.on('error', () => undefined)
    await expect(client.ping()).rejects.toThrow()
  })
})
