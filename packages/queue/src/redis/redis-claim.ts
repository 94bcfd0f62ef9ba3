import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ResponseError, type Log } from '@saker/core'
import { Redis } from 'ioredis'

/** Who runs a server over a directory; two servers over one append-only file would destroy it. */
interface ClaimFile {
  /** The Saker process that started the server. */
  readonly owner: number
  readonly socket: string
  /** The server's own process, once it has said it. */
  readonly server?: number
}

/** Our claim on a directory. */
export interface Claim {
  /** Notes the server's process. */
  settle(server: number): Promise<void>
  /**
   * Stops the server that was started under this claim, should it still run although its guard is gone. Ends in
   * `QUEUE_UNAVAILABLE` when it cannot be stopped.
   */
  clear(): Promise<void>
  /** Gives the directory free. */
  release(): Promise<void>
}

/** What a server says of itself. */
interface ServerFacts {
  readonly pid: number
  readonly loading: boolean
  /** The directory it keeps its file in. */
  readonly directory: string
}

const FILE = 'saker-claim.json'

/** How long a server whose owner is gone is given to end by itself, as its guard has told it to. */
const GUARD_MS = 1000

/** How long a server may take to end when it is told to. */
const STOP_MS = 10_000

/**
 * Claims a directory for a server on `socket`. A server that an earlier run left over it is stopped first, after it has
 * proved to be ours. Ends in `CONFIG_INVALID` when a running Saker holds the directory, or the leftover cannot be stopped.
 */
export async function claimDirectory(directory: string, socket: string, log: Log): Promise<Claim> {
  const path = join(directory, FILE)
  const left = await readClaim(path)
  if (left !== undefined) await stopLeftover(left, directory, log)
  const write = async (claim: ClaimFile): Promise<void> => {
    await writeFile(`${path}.new`, JSON.stringify(claim), { mode: 0o600 })
    await rename(`${path}.new`, path)
  }
  let claimed: ClaimFile = { owner: process.pid, socket }
  await write(claimed)
  return {
    async settle(server) {
      claimed = { owner: process.pid, socket, server }
      await write(claimed)
    },
    async clear() {
      if ((await untilEnded(claimed, GUARD_MS)) || (await stop(claimed, directory))) return
      throw new ResponseError('QUEUE_UNAVAILABLE', `a Redis without its guard still uses ${directory}`)
    },
    release: () => rm(path, { force: true }),
  }
}

/** Asks the server on a socket who it is. Undefined when none answers there within half a second. */
export async function askServer(socket: string): Promise<ServerFacts | undefined> {
  const client = new Redis({
    path: socket,
    lazyConnect: true,
    enableReadyCheck: false,
    connectTimeout: 500,
    commandTimeout: 500,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const info = await client.info()
    const pid = Number(/^process_id:([0-9]+)/mu.exec(info)?.[1])
    if (/^loading:1/mu.test(info)) return { pid, loading: true, directory: '' }
    const answer = await client.config('GET', 'dir')
    return { pid, loading: false, directory: Array.isArray(answer) ? String(answer[1]) : '' }
  } catch {
    return undefined
  } finally {
    client.disconnect()
  }
}

async function readClaim(path: string): Promise<ClaimFile | undefined> {
  try {
    const claim: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (typeof claim !== 'object' || claim === null || !('owner' in claim) || !('socket' in claim)) return undefined
    return claim as ClaimFile
  } catch {
    // No file, or one that a crash cut short: it was written before its server was started.
    return undefined
  }
}

async function stopLeftover(left: ClaimFile, directory: string, log: Log): Promise<void> {
  if ((await isServing(left)) && isAlive(left.owner)) {
    throw new ResponseError(
      'CONFIG_INVALID',
      `the data directory ${directory} is used by another Saker, process ${left.owner}`,
    )
  }
  if (!(await untilEnded(left, GUARD_MS))) {
    log.warn({ directory, server: left.server }, 'stopping a Redis that an earlier run left behind')
    if (!(await stop(left, directory))) {
      throw new ResponseError('CONFIG_INVALID', `a Redis left behind by an earlier run still uses ${directory}`)
    }
  }
  const folder = dirname(left.socket)
  if (/saker-redis-[^/]+$/u.test(folder)) await rm(folder, { recursive: true, force: true })
}

async function stop(left: ClaimFile, directory: string): Promise<boolean> {
  const facts = await askServer(left.socket)
  if (facts !== undefined && facts.directory === directory) {
    signal(facts.pid, 'SIGTERM')
    if (await untilEnded(left, STOP_MS)) return true
  }
  if (left.server === undefined || !(await isOurs(left.server, left.socket))) return false
  signal(left.server, 'SIGKILL')
  return untilEnded(left, STOP_MS)
}

/** A server that is frozen does not answer, but its process is there. */
async function isServing(left: ClaimFile): Promise<boolean> {
  if (left.server !== undefined && (await isOurs(left.server, left.socket))) return true
  return (await askServer(left.socket)) !== undefined
}

/** Whether a process is the server of a socket: Redis and Valkey show the socket in their process title. */
async function isOurs(pid: number, socket: string): Promise<boolean> {
  try {
    return isAlive(pid) && (await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes(socket)
  } catch {
    // No /proc (macOS): whether it answers on the socket has to do.
    return false
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM'
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // it ended in the meantime
  }
}

async function untilEnded(left: ClaimFile, ms: number): Promise<boolean> {
  const deadline = Date.now() + ms
  while (await isServing(left)) {
    if (Date.now() > deadline) return false
    await sleep(50)
  }
  return true
}
