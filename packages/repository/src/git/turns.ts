/** Lets one piece of work run at a time, in the order of asking. */
export class Turns {
  #last: Promise<void> = Promise.resolve()

  /** Runs `work` when all before it have ended. Rejects with the signal's reason when it is called off while waiting. */
  async take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const { promise: done, resolve: end } = Promise.withResolvers<void>()
    const before = this.#last
    this.#last = before.then(() => done)
    try {
      await calledOff(before, signal)
      return await work()
    } finally {
      end()
    }
  }
}

async function calledOff(before: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([before, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
