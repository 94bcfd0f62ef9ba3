import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** One structured log line of Saker. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string; readonly time: number }

const CLI = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url))
const START_TIMEOUT_MS = 30_000

/** How to start it. */
export interface SakerStart {
  /** The command and its flags, such as `up --config saker.yaml`. */
  readonly args: readonly string[]
  /** Environment beside that of this process, from which REDIS_URL and everything of Saker's is left out. */
  readonly env?: Readonly<Record<string, string>>
  /** Whether standard output is kept for {@link SakerProcess.ended} rather than shown. */
  readonly captureOutput?: boolean
}

/** A Saker in a process of its own, watched through its log. */
export class SakerProcess {
  readonly #child: ChildProcess
  readonly #lines: LogLine[] = []
  readonly #unread: string[] = []
  #wake: () => void = () => {}

  constructor({ args, env, captureOutput = false }: SakerStart) {
    this.#child = spawn(process.execPath, ['--conditions=saker-source', CLI, ...args], {
      env: { ...ownEnvironment(), ...env },
      stdio: ['ignore', captureOutput ? 'pipe' : 'inherit', 'pipe'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) createInterface(stream).on('line', (line) => this.#take(line))
    }
    this.#child.on('exit', () => this.#wake())
  }

  #take(text: string): void {
    try {
      this.#lines.push(JSON.parse(text) as LogLine)
    } catch {
      this.#unread.push(text)
    }
    this.#wake()
  }

  /** Waits for the first line that fits. Throws with what Saker printed when it ends, or says nothing of the kind in time. */
  async line(what: string, fits: (line: LogLine) => boolean): Promise<LogLine> {
    const deadline = Date.now() + START_TIMEOUT_MS
    for (;;) {
      const found = this.#lines.find(fits)
      if (found !== undefined) return found
      const printed = [...this.#unread, ...this.#lines.map((line) => JSON.stringify(line))].join('\n')
      if (this.#child.exitCode !== null)
        throw new Error(`Saker ended with ${this.#child.exitCode} before it was ${what}:\n${printed}`)
      if (Date.now() > deadline)
        throw new Error(`Saker was not ${what} within ${START_TIMEOUT_MS / 1000} s:\n${printed}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  /** Process id, for signals. */
  get pid(): number {
    return this.#child.pid ?? -1
  }

  /** Every structured line so far. */
  get lines(): readonly LogLine[] {
    return this.#lines
  }

  /** Waits until the process has ended by itself, and gives its exit code with whatever it printed outside the log. */
  async ended(): Promise<{ readonly code: number | null; readonly printed: string }> {
    if (this.#child.exitCode === null && this.#child.signalCode === null)
      await new Promise((resolve) => this.#child.once('close', resolve))
    return { code: this.#child.exitCode, printed: this.#unread.join('\n') }
  }

  /** Ends Saker and waits until it is gone. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGTERM')
    await gone
  }
}

/** A Redis, a token or a flag that happens to be set where this runs must not reach the Saker that is shown. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:SAKER_|REDIS_URL$|GITHUB_TOKEN$)/u.test(name)),
  )
}
