import { inspect } from 'node:util'

/**
 * A value that must reach a request but never a log, an error or a commit. Printing, inspecting or serialising it shows
 * `[secret]`; only {@link Secret.reveal} gives it out.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value itself; call it where it is used, and keep the result nowhere. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}
