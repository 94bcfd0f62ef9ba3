import { fork, type ChildProcess } from 'node:child_process'
import { ResponseError, type Log } from '@saker/core'
import type { OpenRedis } from './open-redis.ts'
import { askProcess, hasParent, untilStarted, type ProcessAnswer } from './process-questions.ts'

/** How a worker is started beside ingest. */
export interface WorkerProcessOptions {
  /** The flags that this process was started with; the worker gets the same. */
  readonly flags: readonly string[]
  readonly redis: Pick<OpenRedis, 'url' | 'isPrivate'>
  readonly log: Log
}

/** Tells a worker that its Redis is private, so that no other one can hold its lanes: a former one has ended before. */
const SOLE_WORKER = 'SAKER_SOLE_WORKER'

/** Whether this process is the worker of a `saker up` whose Redis is private. */
export function isSoleWorker(): boolean {
  return hasParent() && process.env[SOLE_WORKER] === '1'
}

/** A worker that ends unexpectedly is started again; the pause doubles from the first to the second, in milliseconds. */
const RESTART_MS = { first: 500, longest: 30_000 }

/** A worker that ran this long was no failed start, and the next pause is short again. */
const HEALTHY_MS = 60_000

/** How long the start of everything waits for that of the worker. */
const START_MS = 10_000

/** How much longer than its own grace period a worker may take before it is killed. */
const KILL_AFTER_MS = 5000

/**
 * The worker of `saker up`, in a process of its own: planning a large burst takes the processor for seconds, and ingest
 * has to answer meanwhile. It ends when this process does, however that ends.
 */
export class WorkerProcess {
  readonly #options: WorkerProcessOptions
  #child: ChildProcess
  #startedAt = Date.now()
  #pauseMs = RESTART_MS.first
  #closing = false

  constructor(options: WorkerProcessOptions) {
    this.#options = options
    this.#child = this.#start()
  }

  /**
   * Resolves when the worker has started, or, logging so, when it has not within 10 s and goes on trying. Ends in `INTERNAL`
   * when it ended instead; it has said why.
   */
  async started(): Promise<void> {
    const { problem } = await untilStarted(this.#child, START_MS)
    if (this.#child.exitCode !== null) throw new ResponseError('INTERNAL', 'the worker could not start, see above')
    if (problem !== undefined) this.#options.log.error({ reason: problem }, 'the worker has not started yet')
  }

  /** Rejects unless the worker serves all its lanes. */
  async checkRunning(): Promise<void> {
    const { problem } = await this.#ask('running')
    if (problem !== undefined) throw new Error(problem)
  }

  /** The worker's metrics, as prom-client gives them for aggregation; none while it is away. */
  async metrics(): Promise<readonly object[]> {
    return (await this.#ask('metrics')).metrics ?? []
  }

  /** Ends the worker, which may finish what it is doing within `graceMs`. */
  async close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#closing = true
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs + KILL_AFTER_MS)
    await gone
    clearTimeout(timer)
  }

  #start(): ChildProcess {
    const { flags, redis } = this.#options
    const child = fork(process.argv[1] ?? '', ['worker', ...flags], {
      // Ctrl-C goes to the whole foreground group: the worker would take our own signal for the second one, and hurry.
      detached: true,
      env: { ...process.env, REDIS_URL: redis.url, [SOLE_WORKER]: redis.isPrivate ? '1' : '' },
    })
    child.on('error', (error) => this.#options.log.error({ err: error }, 'the worker process failed'))
    child.once('exit', (code, signal) => this.#restart({ code, signal }))
    return child
  }

  #restart(ending: { readonly code: number | null; readonly signal: string | null }): void {
    if (this.#closing) return
    if (Date.now() - this.#startedAt > HEALTHY_MS) this.#pauseMs = RESTART_MS.first
    this.#options.log.error({ ...ending, restartMs: this.#pauseMs }, 'the worker process ended and is started again')
    setTimeout(() => {
      if (this.#closing) return
      this.#startedAt = Date.now()
      this.#child = this.#start()
    }, this.#pauseMs).unref()
    this.#pauseMs = Math.min(this.#pauseMs * 2, RESTART_MS.longest)
  }

  async #ask(question: 'running' | 'metrics'): Promise<ProcessAnswer> {
    return askProcess(this.#child, question)
  }
}
