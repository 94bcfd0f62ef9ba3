import { access, constants, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { asResponseError, ResponseError, type Log } from '@saker/core'
import { GuardedServer } from './guarded-server.ts'
import { askServer, claimDirectory, type Claim } from './redis-claim.ts'

/** A Redis of our own that keeps what it is told on disk. */
export interface PrivateRedis {
  readonly url: string
  readonly persistent: true
  /** Ends the server and waits until everything is on disk. */
  close(): Promise<void>
}

/** Either serves; both speak the same protocol and take the same options. */
const PROGRAMS = ['redis-server', 'valkey-server'] as const

/** Longest wait for the server to load its file, which grows with what waits in it. */
const START_MS = 60_000

/** A server that ends by itself is started again at once; when it keeps ending, after a pause that doubles (milliseconds). */
const RESTART_MS = { second: 500, longest: 30_000 }

/** A server that ran this long is started again at once. */
const HEALTHY_MS = 60_000

/**
 * Starts a private Redis whose append-only file lies in `<dataDir>/redis`, on a socket that only this user can reach. It ends
 * with this process; should it end by itself, it is started again on the same socket with what it had on disk. Undefined
 * when neither redis-server nor valkey-server is on the PATH.
 *
 * What an earlier run left behind is stopped first. Ends in `CONFIG_INVALID` when another running Saker uses the directory
 * or it cannot be written, in `QUEUE_UNAVAILABLE` when the server does not start.
 */
export async function startPrivateRedis(options: {
  readonly dataDir: string
  readonly log: Log
}): Promise<PrivateRedis | undefined> {
  const { log } = options
  const program = await findProgram()
  if (program === undefined) return undefined
  const directory = await ownDirectory(join(options.dataDir, 'redis'))
  // Not in the data directory: the path of a socket may hold some hundred characters only.
  const socketDirectory = await mkdtemp(join(tmpdir(), 'saker-redis-'))
  const socket = join(socketDirectory, 'redis.sock')
  const removeSocket = (): Promise<void> => rm(socketDirectory, { recursive: true, force: true })
  const claim = await claimDirectory(directory, socket, log).catch(async (thrown: unknown) => {
    await removeSocket()
    throw thrown
  })
  const kept = new KeptServer({ command: [program, ...serverOptions(directory, socket)], socket, claim, log })
  let closed: Promise<unknown> | undefined
  const close = async (): Promise<void> => {
    closed ??= kept.end().then(() => Promise.all([claim.release(), removeSocket()]))
    await closed
  }
  try {
    await kept.start()
  } catch (thrown) {
    await close()
    throw thrown
  }
  log.info({ program, directory }, 'private Redis started')
  return { url: `unix://${encodeURI(socket)}`, persistent: true, close }
}

/** As `--name value`, the way both servers take their configuration. */
function serverOptions(directory: string, socket: string): readonly string[] {
  const settings: Readonly<Record<string, string>> = {
    port: '0',
    unixsocket: socket,
    unixsocketperm: '700',
    daemonize: 'no',
    dir: directory,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
    loglevel: 'notice',
  }
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
}

async function findProgram(): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  for (const path of PROGRAMS.flatMap((name) => folders.map((folder) => join(folder, name)))) {
    if (await mayRun(path)) return path
  }
  return undefined
}

async function mayRun(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

async function ownDirectory(path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    await access(path, constants.W_OK)
    return await realpath(path)
  } catch (cause) {
    throw new ResponseError('CONFIG_INVALID', `the data directory ${path} cannot be written`, { cause })
  }
}

/** What a server is kept running with. */
interface KeptServerOptions {
  readonly command: readonly string[]
  readonly socket: string
  readonly claim: Claim
  readonly log: Log
}

/** One server after the other on the same socket, until it is told to end. */
class KeptServer {
  readonly #options: KeptServerOptions
  readonly #ending = new AbortController()
  #server: GuardedServer | undefined
  #startedAt = 0
  #kept: Promise<void> | undefined

  constructor(options: KeptServerOptions) {
    this.#options = options
  }

  /** Resolves when the first server answers, and keeps one running from then on. Ends in `QUEUE_UNAVAILABLE`. */
  async start(): Promise<void> {
    const server = await this.#startOne()
    this.#kept = this.#keep(server)
  }

  /** Ends the server gracefully; also one that is just being started again. */
  async end(): Promise<void> {
    this.#ending.abort()
    await this.#server?.end()
    await this.#kept
    await this.#options.claim.clear()
  }

  async #startOne(): Promise<GuardedServer> {
    const server = new GuardedServer(this.#options.command, this.#options.log)
    this.#server = server
    this.#startedAt = Date.now()
    try {
      await this.#untilItAnswers(server)
      return server
    } catch (thrown) {
      await server.end()
      throw thrown
    }
  }

  async #keep(first: GuardedServer): Promise<void> {
    const { log } = this.#options
    const { signal } = this.#ending
    let server: GuardedServer | undefined = first
    let restartMs = 0
    while (!signal.aborted) {
      const ending = await server?.ended
      if (signal.aborted) return
      if (ending !== undefined) {
        if (Date.now() - this.#startedAt > HEALTHY_MS) restartMs = 0
        log.error({ ...ending, restartMs }, 'private Redis ended by itself and is started again')
      }
      await sleep(restartMs, undefined, { signal }).catch(() => undefined)
      restartMs = Math.min(Math.max(restartMs * 2, RESTART_MS.second), RESTART_MS.longest)
      server = await this.#startAgain(restartMs)
    }
  }

  /** Undefined when the server did not start, after logging why. */
  async #startAgain(restartMs: number): Promise<GuardedServer | undefined> {
    const { claim, log } = this.#options
    const { signal } = this.#ending
    try {
      // Only its guard may have ended: two servers over one file would destroy it.
      await claim.clear()
      if (signal.aborted) return undefined
      const server = await this.#startOne()
      log.warn({}, 'private Redis runs again')
      return server
    } catch (thrown) {
      if (!signal.aborted)
        log.error({ reason: asResponseError(thrown).message, restartMs }, 'private Redis could not be started again')
      return undefined
    }
  }

  async #untilItAnswers(server: GuardedServer): Promise<void> {
    const { socket, claim } = this.#options
    const deadline = Date.now() + START_MS
    while (Date.now() < deadline) {
      const said = await askServer(socket)
      if (said?.loading === false) {
        server.settled(said.pid)
        return await claim.settle(said.pid)
      }
      if (server.isOver) {
        const { code, signal, said: complaint } = await server.ended
        const why = complaint ?? `it ended with ${signal ?? code ?? 'no process'}`
        throw new ResponseError('QUEUE_UNAVAILABLE', `the private Redis did not start: ${why}`)
      }
      await sleep(25)
    }
    const limit = `${START_MS / 1000} s`
    throw new ResponseError(
      'QUEUE_UNAVAILABLE',
      `the private Redis did not start in ${limit}: ${server.complaints || 'it gives no answer'}`,
    )
  }
}
