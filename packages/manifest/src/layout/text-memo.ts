/** How much a {@link TextMemo} keeps. */
export interface TextMemoLimits {
  readonly maxTexts: number
  /** Of all texts together, in UTF-16 code units. */
  readonly maxLength: number
}

/**
 * Remembers what was made of a text, and forgets the texts that were longest not asked for. The text itself is the key,
 * so what comes back always belongs to it.
 */
export class TextMemo<T> {
  readonly #limits: TextMemoLimits
  /** In the order of their last use. */
  readonly #made = new Map<string, T>()
  #length = 0

  constructor(limits: TextMemoLimits) {
    this.#limits = limits
  }

  /** What `make` gave for this text before, or gives now. Nothing is kept when it throws. */
  get(text: string, make: () => T): T {
    const kept = this.#made.has(text)
    const value = kept ? (this.#made.get(text) as T) : make()
    if (kept) this.#made.delete(text)
    else this.#length += text.length
    this.#made.set(text, value)
    this.#forget()
    return value
  }

  /** Whether something is remembered of this text. */
  has(text: string): boolean {
    return this.#made.has(text)
  }

  #forget(): void {
    for (const text of this.#made.keys()) {
      if (this.#made.size <= this.#limits.maxTexts && this.#length <= this.#limits.maxLength) return
      this.#made.delete(text)
      this.#length -= text.length
    }
  }
}
