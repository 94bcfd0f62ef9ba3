/** What {@link within} answers when the time is up. */
export const TIMED_OUT = Symbol('timed out')

/**
 * The result of a promise, or {@link TIMED_OUT} when it takes longer than `ms` milliseconds. The promise goes on; should it
 * reject afterwards, nobody is told.
 */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | typeof TIMED_OUT> {
  const timer = Promise.withResolvers<typeof TIMED_OUT>()
  const timeout = setTimeout(() => timer.resolve(TIMED_OUT), ms)
  try {
    return await Promise.race([promise, timer.promise])
  } finally {
    clearTimeout(timeout)
  }
}
