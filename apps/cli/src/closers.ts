import { asResponseError } from '@saker/core'

/** Everything one process holds, closed in reverse order of opening. */
export class Closers {
  readonly #closers: (() => Promise<void>)[] = []

  /** Remembers how to let go of something that was just opened. */
  add(close: () => Promise<void>): void {
    this.#closers.push(close)
  }

  /** Closes everything, also when a part of it fails; rejects with the first failure. Closing twice does nothing more. */
  async closeAll(): Promise<void> {
    const failures: unknown[] = []
    for (const close of this.#closers.splice(0).toReversed()) {
      await close().catch((thrown: unknown) => failures.push(thrown))
    }
    if (failures.length > 0) throw asResponseError(failures[0])
  }
}
