import { spawn, type ChildProcess } from 'node:child_process'
import { access, constants, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { ResponseError, type Log } from '@saker/core'
import { TIMED_OUT, within } from '../within.ts'
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

/** Longest wait for the server to write its file and end. */
const STOP_MS = 10_000

/** Last lines of the server's log, for the message of a failed start. */
const KEPT_LINES = 5

/*
 * Runs the server beside a guard that reads from this process: when it ends, in whatever way, its end of the pipe closes,
 * and the guard ends the server. Detached, because Ctrl-C goes to the whole foreground group and must not end it before us.
 */
const GUARDED = `
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
( read -r _ <&3; kill -TERM $server ) >/dev/null 2>&1 &
guard=$!
exec 3<&-
wait $server
code=$?
kill $guard 2>/dev/null
exit $code
`

/**
 * Starts a private Redis whose append-only file lies in `<dataDir>/redis`, on a socket that only this user can reach. It ends
 * with this process. Undefined when neither redis-server nor valkey-server is on the PATH.
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
  const server = new GuardedServer([program, ...serverOptions(directory, socket)], log)
  const release = async (): Promise<void> => {
    await server.end()
    await Promise.all([claim.release(), removeSocket()])
  }
  try {
    await untilItAnswers(server, socket, claim)
  } catch (thrown) {
    await release()
    throw thrown
  }
  log.info({ program, directory }, 'private Redis started')
  return { url: `unix://${encodeURI(socket)}`, persistent: true, close: release }
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

async function untilItAnswers(server: GuardedServer, socket: string, claim: Claim): Promise<void> {
  const deadline = Date.now() + START_MS
  while (Date.now() < deadline) {
    const said = await askServer(socket)
    if (said?.loading === false) {
      server.pid = said.pid
      return await claim.settle(said.pid)
    }
    if (server.ended)
      throw new ResponseError('QUEUE_UNAVAILABLE', `the private Redis did not start: ${server.lastLines}`)
    await sleep(25)
  }
  throw new ResponseError(
    'QUEUE_UNAVAILABLE',
    `the private Redis did not start in ${START_MS / 1000} s: ${server.lastLines}`,
  )
}

/** The server's process and the guard around it. */
class GuardedServer {
  /** Of the server itself, once it has said it. */
  pid: number | undefined
  readonly #child: ChildProcess
  readonly #exited: Promise<void>
  readonly #lines: string[] = []
  #closing = false

  constructor(command: readonly string[], log: Log) {
    this.#child = spawn('sh', ['-c', GUARDED, 'saker-redis', ...command], {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream === null) continue
      createInterface(stream).on('line', (line) => {
        this.#lines.push(line)
        if (this.#lines.length > KEPT_LINES) this.#lines.shift()
        log.debug({ line }, 'private Redis says')
      })
    }
    this.#child.stdin?.on('error', () => undefined)
    const exited = Promise.withResolvers<void>()
    this.#exited = exited.promise
    this.#child.on('error', () => exited.resolve())
    this.#child.on('exit', (code, signal) => {
      this.#child.stdin?.destroy()
      if (!this.#closing && this.pid !== undefined)
        log.error({ code, signal, said: this.lastLines }, 'private Redis ended by itself')
      exited.resolve()
    })
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined
  }

  get lastLines(): string {
    return this.#lines.join(' | ')
  }

  /** Has the guard end the server gracefully; one that does not end in time is killed. */
  async end(): Promise<void> {
    this.#closing = true
    this.#child.stdin?.end()
    if (this.ended || (await within(STOP_MS, this.#exited)) !== TIMED_OUT) return
    if (this.pid !== undefined) process.kill(this.pid, 'SIGKILL')
    await within(STOP_MS, this.#exited)
  }
}
