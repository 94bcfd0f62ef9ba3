/** Wrong tokens that an address may present before it has to wait. */
const FREE_TRIES = 5

/** The wait doubles with every further wrong token, in milliseconds. */
const WAIT_MS = { first: 1000, longest: 60_000 }

/** An address that tried nothing for this long starts anew. */
const FORGET_MS = 15 * 60_000

/** Addresses remembered at most; the one that failed longest ago is forgotten first. */
const REMEMBERED = 10_000

interface Failures {
  readonly count: number
  readonly last: string
  readonly at: number
}

/**
 * Makes guessing tokens slow: per address, each wrong one costs more time than the one before. The same wrong token again
 * is no new guess; a page that was left open with an old token would lock its whole proxy out otherwise.
 */
export class LoginBackoff {
  readonly #failures = new Map<string, Failures>()

  /** How long the address has to wait before it may try, in milliseconds; 0 when it need not. */
  waitMs(address: string, now: number): number {
    const failures = this.#of(address, now)
    if (failures === undefined || failures.count < FREE_TRIES) return 0
    const wait = Math.min(WAIT_MS.first * 2 ** (failures.count - FREE_TRIES), WAIT_MS.longest)
    return Math.max(0, failures.at + wait - now)
  }

  /** Notes a wrong token, told apart from others by `guess` (a digest of it). */
  failed(address: string, guess: string, now: number): void {
    const before = this.#of(address, now)
    if (before?.last === guess) return
    this.#failures.delete(address)
    const oldest = this.#failures.keys().next().value
    if (this.#failures.size >= REMEMBERED && oldest !== undefined) this.#failures.delete(oldest)
    this.#failures.set(address, { count: (before?.count ?? 0) + 1, last: guess, at: now })
  }

  #of(address: string, now: number): Failures | undefined {
    const failures = this.#failures.get(address)
    return failures !== undefined && now - failures.at < FORGET_MS ? failures : undefined
  }
}
