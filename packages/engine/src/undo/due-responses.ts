import type { ResponseLine } from '@saker/core'

/** Responses that are to be taken back at a time, as far as this process knows. */
export class DueResponses {
  readonly #until = new Map<string, number>()
  /** Those that have ended, in whatever way: a history that is read again must not bring them back. */
  readonly #ended = new Set<string>()

  /** Takes over what commits have carried out. A line whose time cannot be understood is never due. */
  note(lines: readonly ResponseLine[]): void {
    for (const { id, until } of lines) {
      const at = Date.parse(until ?? '')
      if (!Number.isNaN(at) && !this.#ended.has(id)) this.#until.set(id, at)
    }
  }

  /** Forgets responses for good. */
  end(ids: Iterable<string>): void {
    for (const id of ids) {
      this.#until.delete(id)
      this.#ended.add(id)
    }
  }

  /** Ids of those whose time is over; milliseconds since 1970. */
  due(now: number): readonly string[] {
    return [...this.#until].filter(([, at]) => at <= now).map(([id]) => id)
  }

  /** When the next one is due; undefined when none is known. */
  get nextAt(): number | undefined {
    return this.#until.size === 0 ? undefined : Math.min(...this.#until.values())
  }
}
