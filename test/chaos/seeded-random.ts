/** The letters that Kubernetes puts into generated names. */
const NAME_LETTERS = Array.from('bcdfghjklmnpqrstvwxz2456789')

/** Chance that can be repeated: the same seed gives the same numbers. mulberry32 over a hash of the seed. */
export class SeededRandom {
  readonly #seed: string
  #state: number

  constructor(seed: string) {
    this.#seed = seed
    // FNV-1a
    let hash = 0x811c9dc5
    for (const byte of Buffer.from(seed)) hash = Math.imul(hash ^ byte, 0x01000193)
    this.#state = hash >>> 0
  }

  /** Chance of its own for one part of a run, so that the parts do not disturb each other's numbers. */
  fork(part: string): SeededRandom {
    return new SeededRandom(`${this.#seed}/${part}`)
  }

  /** A number from 0 to 1, without 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  /** One of a list, which must not be empty. */
  pick<T>(list: readonly T[]): T {
    const found = list[Math.floor(this.next() * list.length)]
    if (found === undefined) throw new Error('there is nothing to pick from')
    return found
  }

  /** A time to the next of many independent happenings, in the unit of `mean`; at most eight times that. */
  pause(mean: number): number {
    return Math.min(-Math.log(1 - this.next()) * mean, 8 * mean)
  }

  /** A generated part of a pod's name. */
  suffix(length: number): string {
    return Array.from({ length }, () => this.pick(NAME_LETTERS)).join('')
  }
}
