/** However long the dedupe window: what Redis said is believed no longer than this, in milliseconds. */
const MAX_AGE_MS = 2000

/**
 * Remembers for a moment which fingerprints Redis holds, so that a flood of one attack costs one call instead of
 * thousands. It may forget at any time; it must never remember what Redis does not have, so clear it when Redis falters.
 */
export class AcknowledgedFingerprints {
  readonly #now: () => number
  readonly #maxEntries: number
  readonly #expiries = new Map<string, number>()

  constructor(now: () => number, maxEntries = 10_000) {
    this.#now = now
    this.#maxEntries = maxEntries
  }

  /** Whether Redis acknowledged this key a moment ago. */
  has(key: string): boolean {
    const expiry = this.#expiries.get(key)
    if (expiry === undefined) return false
    if (expiry > this.#now()) return true
    this.#expiries.delete(key)
    return false
  }

  /** Remembers a key for two seconds, or for the dedupe window where that is shorter. The oldest gives way when full. */
  add(key: string, windowMs: number): void {
    this.#expiries.delete(key)
    this.#expiries.set(key, this.#now() + Math.min(windowMs, MAX_AGE_MS))
    if (this.#expiries.size <= this.#maxEntries) return
    const [oldest] = this.#expiries.keys()
    if (oldest !== undefined) this.#expiries.delete(oldest)
  }

  /** Forgets everything. */
  clear(): void {
    this.#expiries.clear()
  }
}
