import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'

/** The servers of this machine that speak the protocol; both take the same options. */
export const redisPrograms = ['redis-server', 'valkey-server'].filter(
  (program) => spawnSync(program, ['--version']).status === 0,
)

/** Whether this machine has a redis-server; suites that need one say so with `describe.skipIf(!redisAvailable)`. */
export const redisAvailable = redisPrograms.includes('redis-server')

const servers = new Set<RedisServer>()
process.on('exit', () => {
  for (const server of servers) server.killNow()
})

/**
 * A real redis-server for one test file: on a free port of 127.0.0.1, with an append-only file in a folder of its own, so that
 * it keeps its data over `restart`.
 */
export class RedisServer {
  readonly port: number
  /** The folder it works in. */
  readonly directory = mkdtempSync(join(tmpdir(), 'saker-test-redis-'))
  readonly #args: readonly string[]
  readonly #program: string
  #child: ChildProcess | undefined

  constructor(port: number, args: readonly string[], program = 'redis-server') {
    this.port = port
    this.#args = args
    this.#program = program
    servers.add(this)
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Starts the server, which must not run, and waits until it answers. */
  async start(): Promise<void> {
    const own = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.directory]
    const data = ['--appendonly', 'yes', '--save', '', '--maxmemory-policy', 'noeviction']
    const child = spawn(this.#program, [...own, ...data, ...this.#args], { stdio: 'ignore' })
    this.#child = child
    for (let tries = 0; tries < 200; tries++) {
      if (child.exitCode !== null) throw new Error(`${this.#program} ended with ${child.exitCode}`)
      if (await answers(this.port)) return
      await sleep(20)
    }
    throw new Error(`${this.#program} did not answer`)
  }

  /** Ends the server gracefully; its data stays for `restart`. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  /** Ends the server as a power cut would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Stops the server if it runs, and starts it on the same port with the same data. */
  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  /** Stops the server in mid-air: connections stay open and nothing is answered. */
  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  /** Lets a frozen server go on. */
  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  /** Ends the server and removes its data. */
  async remove(): Promise<void> {
    await this.kill()
    servers.delete(this)
    rmSync(this.directory, { recursive: true, force: true })
  }

  /** For the end of this process, which can wait for nothing. */
  killNow(): void {
    this.#child?.kill('SIGKILL')
    rmSync(this.directory, { recursive: true, force: true })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGCONT')
    child.kill(signal)
    await once(child, 'exit')
  }
}

/** Starts a server; `args` are added to its command line (`['--maxmemory', '5mb']`). */
export async function startRedisServer(
  options: { readonly args?: readonly string[]; readonly program?: string } = {},
): Promise<RedisServer> {
  const server = new RedisServer(await freePort(), options.args ?? [], options.program)
  await server.start()
  return server
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

async function answers(port: number): Promise<boolean> {
  const client = new Redis({
    port,
    host: '127.0.0.1',
    lazyConnect: true,
    retryStrategy: () => null,
    commandTimeout: 500,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return (await client.ping()) === 'PONG'
  } catch {
    return false
  } finally {
    client.disconnect()
  }
}
