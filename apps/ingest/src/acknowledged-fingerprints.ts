/** However long the dedupe window: what Redis said is believed no longer than this, in milliseconds. */
const MAX_AGE_MS = 2000

/** What Redis acknowledged, and until when that is believed. */
interface Acknowledged {
  readonly jobId: string
  readonly expiry: number
}

/**
 * Remembers for a moment which fingerprints Redis holds, and the job of each, so that a flood of one attack costs one call
 * instead of thousands. It may forget at any time; it must never remember what Redis does not have, so clear it when Redis
 * falters. For up to two seconds after a response has failed, it still answers for that one: the price of the flood.
 */
export class AcknowledgedFingerprints {
  readonly #now: () => number
  readonly #maxEntries: number
  readonly #entries = new Map<string, Acknowledged>()

  constructor(now: () => number, maxEntries = 10_000) {
    this.#now = now
    this.#maxEntries = maxEntries
  }

  /** The job that Redis named for this key a moment ago. */
  jobOf(key: string): string | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (entry.expiry > this.#now()) return entry.jobId
    this.#entries.delete(key)
    return undefined
  }

  /** Remembers a key's job for two seconds, or for the dedupe window where that is shorter. The oldest gives way when full. */
  add(key: string, jobId: string, windowMs: number): void {
    this.#entries.delete(key)
    this.#entries.set(key, { jobId, expiry: this.#now() + Math.min(windowMs, MAX_AGE_MS) })
    if (this.#entries.size <= this.#maxEntries) return
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.clear()
  }
}
