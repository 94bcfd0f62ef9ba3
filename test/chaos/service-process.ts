import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url))

/** Starting may be slow while everything else fights for the processor. */
const START_MS = 60_000

/** What a graceful end may take: Saker's own grace and somewhat more. */
const STOP_MS = 35_000

/** How a service of Saker is run. */
export interface ServiceStart {
  readonly service: 'ingest' | 'worker'
  /** Tells the replicas of one service apart. */
  readonly name: string
  readonly configFile: string
  readonly redisUrl: string
  /** Gets the logs, one file per life of the process, and the service's data. */
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
}

/** One replica of `saker ingest` or `saker worker`: a real process that can be killed, frozen and started again. */
export class ServiceProcess {
  readonly service: ServiceStart['service']
  readonly name: string
  /** Log files of all its lives so far. */
  readonly logs: string[] = []
  /** Where alerts are taken; undefined while it does not run, and always for a worker. */
  url: string | undefined
  /** Told when the process ends without having been asked to. */
  onSurprise: (what: string) => void = () => {}
  readonly #start: ServiceStart
  #child: ChildProcess | undefined
  #ending = false

  constructor(start: ServiceStart) {
    this.#start = start
    this.service = start.service
    this.name = start.name
  }

  /** Starts the process, which must not run, and waits until it says that it is ready. */
  async start(): Promise<void> {
    const { service, name, configFile, folder, redisUrl, env } = this.#start
    const log = join(folder, `${name}.${this.logs.length + 1}.log`)
    const dataDir = join(folder, `${name}.data`)
    mkdirSync(dataDir, { recursive: true })
    this.logs.push(log)
    const listen = service === 'ingest' ? ['--listen', '127.0.0.1:0'] : []
    const args = [service, '--config', configFile, ...listen, '--admin-listen', '127.0.0.1:0', '--data-dir', dataDir]
    // Straight into a file, so that a busy reader never slows down what is tested.
    const output = openSync(log, 'a')
    const child = spawn(process.execPath, ['--conditions=saker-source', CLI, ...args], {
      env: { ...ownEnvironment(), ...env, REDIS_URL: redisUrl },
      stdio: ['ignore', output, output],
    })
    closeSync(output)
    this.#ending = false
    this.#child = child
    child.once('exit', (code, signal) => {
      if (this.#child === child) this.url = undefined
      if (!this.#ending && signal !== 'SIGKILL')
        this.onSurprise(`${name} ended by itself with ${code ?? signal}: ${log}`)
    })
    const ready = await this.#ready(child, log)
    this.url = typeof ready['ingest'] === 'string' ? ready['ingest'] : undefined
  }

  /** Ends it as a power cut would, and waits until it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL', STOP_MS)
  }

  /** Ends it gracefully. One that does not end in time is killed; that, or another exit code than 0, is a surprise. */
  async stop(): Promise<void> {
    const child = this.#child
    if (await this.#end('SIGTERM', STOP_MS)) {
      const { exitCode, signalCode } = child ?? {}
      if (exitCode !== 0) this.onSurprise(`${this.name} ended with ${exitCode ?? signalCode} after SIGTERM`)
      return
    }
    this.onSurprise(`${this.name} did not end within ${STOP_MS / 1000} s of SIGTERM`)
    await this.kill()
  }

  /** Stops it in mid-air: connections stay open, and nothing happens any more. */
  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  /** Lets a frozen process go on. */
  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  /** For the end of this process, which can wait for nothing. */
  killNow(): void {
    this.#ending = true
    this.#child?.kill('SIGKILL')
  }

  async #end(signal: NodeJS.Signals, ms: number): Promise<boolean> {
    const child = this.#child
    this.#ending = true
    this.url = undefined
    if (child === undefined || hasEnded(child)) return true
    child.kill('SIGCONT')
    child.kill(signal)
    const deadline = Date.now() + ms
    while (!hasEnded(child) && Date.now() < deadline) await sleep(10)
    return hasEnded(child)
  }

  async #ready(child: ChildProcess, log: string): Promise<Readonly<Record<string, unknown>>> {
    const deadline = Date.now() + START_MS
    for (;;) {
      const text = readFileSync(log, 'utf8')
      const line = text.split('\n').find((one) => one.includes('"saker is ready"'))
      if (line !== undefined && text.includes(`${line}\n`)) return JSON.parse(line) as Record<string, unknown>
      if (hasEnded(child)) throw new Error(`${this.name} ended before it was ready: ${log}`)
      if (Date.now() > deadline) throw new Error(`${this.name} was not ready within ${START_MS / 1000} s: ${log}`)
      await sleep(25)
    }
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined
}

/** A Redis, a token or a flag that happens to be set where this runs must not reach the Saker that is tried. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:SAKER_|REDIS_URL$|GITHUB_TOKEN$)/u.test(name)),
  )
}
