import { setImmediate as nextTurn } from 'node:timers/promises'

/** Others wait no longer than this for a long computation of ours. */
const SLICE_MS = 8

/** Gives the event loop away every few milliseconds of a long computation, so that requests are answered meanwhile. */
export class Pauses {
  #since = performance.now()

  /** To be awaited between small steps. Comes back at once unless a pause is due. */
  async due(): Promise<void> {
    if (performance.now() - this.#since < SLICE_MS) return
    await nextTurn()
    this.#since = performance.now()
  }
}
