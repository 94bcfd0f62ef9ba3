import type { Log } from '@saker/core'

/** How long the same line is not written again. */
const QUIET_MS = 60_000

/** Different lines remembered at most; beyond that the oldest may be written twice. */
const REMEMBERED = 50

/** Writes warnings that could come by the thousand, each kind at most once a minute. */
export class QuietReporter {
  readonly #log: Log
  readonly #lastWritten = new Map<string, number>()

  constructor(log: Log) {
    this.#log = log
  }

  /** Writes the line unless one with the same fields was written within the last minute. */
  warn(fields: Readonly<Record<string, unknown>>, message: string): void {
    const kind = JSON.stringify([message, fields])
    const now = Date.now()
    if (now - (this.#lastWritten.get(kind) ?? 0) < QUIET_MS) return
    const oldest = this.#lastWritten.keys().next().value
    if (this.#lastWritten.size >= REMEMBERED && oldest !== undefined) this.#lastWritten.delete(oldest)
    this.#lastWritten.set(kind, now)
    this.#log.warn(fields, message)
  }

  /** Forgets what was written, so that the next failure is news again. Says whether there was anything to forget. */
  reset(): boolean {
    const had = this.#lastWritten.size > 0
    this.#lastWritten.clear()
    return had
  }
}
