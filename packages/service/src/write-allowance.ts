/** Writes that a token may make at once, and the milliseconds after which it may make one more. */
const LIMIT = { atOnce: 120, everyMs: 500 }

/**
 * How fast each token may write: so many at once, then two a second. A runaway script or a stolen token can not release,
 * retry or drop everything before somebody looks.
 */
export class WriteAllowance {
  /** By token, when its allowance is full again. */
  readonly #fullAt = new Map<string, number>()

  /** Spends one write; when there is none left it gives the milliseconds until there is one, and spends nothing. */
  spend(token: string, now: number): number {
    const fullAt = Math.max(this.#fullAt.get(token) ?? 0, now) + LIMIT.everyMs
    const waitMs = Math.max(0, fullAt - now - LIMIT.atOnce * LIMIT.everyMs)
    if (waitMs === 0) this.#fullAt.set(token, fullAt)
    return waitMs
  }
}
