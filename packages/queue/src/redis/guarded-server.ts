import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Log } from '@saker/core'
import { TIMED_OUT, within } from '../within.ts'

/** How a server's process ended. */
export interface ServerEnding {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** What the server complained about just before; absent when it said nothing. */
  readonly said?: string
}

/** Longest wait for the server to write its file and end. */
const STOP_MS = 10_000

/** Complaints kept, for the message of a failed start or of an end. */
const KEPT_LINES = 5

/** What a running server said longer ago is not about its end. */
const LAST_WORDS_MS = 5000

/** How long the last lines of a server that has ended may take to arrive here. */
const READ_MS = 200

/** A line of the log of Redis and Valkey, whose levels are `.` (debug), `-`, `*` (notice) and `#` (warning). */
const LOG_LINE = /^[0-9]+:[A-Z] .*?[0-9] (?<level>[.*#-]) (?<text>.*)$/u

/** Advice about the machine, which is given as a warning at every start and says nothing about why one failed. */
const ADVICE = /overcommit|transparent huge pages|somaxconn|TCP backlog/iu

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

/** A server's process in a session of its own, and the guard that ends it with this process. */
export class GuardedServer {
  /** Resolves, once the process is gone, with how it ended. */
  readonly ended: Promise<ServerEnding>
  readonly #child: ChildProcess
  readonly #exited: Promise<void>
  #complaints: { readonly at: number; readonly text: string }[] = []
  #pid: number | undefined

  constructor(command: readonly string[], log: Log) {
    this.#child = spawn('sh', ['-c', GUARDED, 'saker-redis', ...command], {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream === null) continue
      createInterface(stream).on('line', (line) => {
        this.#listen(line)
        log.debug({ line }, 'private Redis says')
      })
    }
    this.#child.stdin?.on('error', () => undefined)
    const exited = Promise.withResolvers<void>()
    const read = Promise.withResolvers<void>()
    this.#exited = exited.promise
    this.#child.on('error', () => exited.resolve())
    this.#child.on('exit', () => {
      // Had the guard ended before the server, it would be told so by this.
      this.#child.stdin?.destroy()
      exited.resolve()
    })
    this.#child.on('close', () => read.resolve())
    this.ended = exited.promise.then(() => within(READ_MS, read.promise)).then(() => this.#ending())
  }

  /** Whether the process is gone, or was never there. */
  get isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined
  }

  /** The last complaints of the server. */
  get complaints(): string {
    return this.#complaints.map(({ text }) => text).join(' | ')
  }

  /** Told when the server answers, with its process: what it complained about at its start does not matter any more. */
  settled(pid: number): void {
    this.#pid = pid
    this.#complaints = []
  }

  /** Has the guard end the server gracefully; one that does not end in time is killed. */
  async end(): Promise<void> {
    this.#child.stdin?.end()
    if (this.isOver || (await within(STOP_MS, this.#exited)) !== TIMED_OUT) return
    if (this.#pid !== undefined) process.kill(this.#pid, 'SIGKILL')
    await within(STOP_MS, this.#exited)
  }

  #listen(line: string): void {
    const { level, text = line } = LOG_LINE.exec(line)?.groups ?? {}
    // A crash report has hundreds of lines without a level; those that say what happened have one.
    const matters = level === '#' || (level === undefined && this.#pid === undefined)
    if (!matters || text === '' || ADVICE.test(text)) return
    const at = Date.now()
    if (this.#pid === undefined) {
      // A start that fails says why at last, a crash says so at first.
      if (this.#complaints.length === KEPT_LINES) this.#complaints.shift()
    } else {
      this.#complaints = this.#complaints.filter((one) => at - one.at < LAST_WORDS_MS)
      if (this.#complaints.length === KEPT_LINES) return
    }
    this.#complaints.push({ at, text })
  }

  #ending(): ServerEnding {
    const { exitCode: code, signalCode: signal } = this.#child
    const since = this.#pid === undefined ? 0 : Date.now() - LAST_WORDS_MS
    this.#complaints = this.#complaints.filter(({ at }) => at >= since)
    return { code, signal, ...(this.complaints === '' ? {} : { said: this.complaints }) }
  }
}
