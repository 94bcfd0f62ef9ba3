/** Ends a transfer in which nothing comes for a while, and any that takes too long in all. */
export class Deadline {
  readonly #aborting = new AbortController()
  readonly #idle: NodeJS.Timeout
  readonly #total: NodeJS.Timeout

  constructor(idleMs: number, totalMs: number) {
    const end = (): void => this.#aborting.abort(new DOMException('nothing came for too long', 'TimeoutError'))
    this.#idle = setTimeout(end, idleMs)
    this.#total = setTimeout(end, totalMs)
  }

  get signal(): AbortSignal {
    return this.#aborting.signal
  }

  /** Passes everything on. Whatever comes puts the end off. */
  async *watch(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of body) {
      this.#idle.refresh()
      yield chunk
    }
  }

  /** To be called when the transfer is over. */
  clear(): void {
    clearTimeout(this.#idle)
    clearTimeout(this.#total)
  }
}
