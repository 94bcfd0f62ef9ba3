import type { Log } from '@saker/core'

/**
 * Waits for SIGTERM or SIGINT, then closes. Resolves with the exit code: 0 when everything closed in time, 1 when the
 * grace period ran out, closing failed, or a second signal came.
 */
export async function untilSignal(
  close: () => Promise<void>,
  options: { readonly graceMs: number; readonly log: Log },
): Promise<number> {
  const signal = await nextSignal()
  options.log.info({ signal, graceMs: options.graceMs }, 'shutting down')
  const deadline = new Promise<number>((resolve) => {
    setTimeout(() => {
      options.log.error({ graceMs: options.graceMs }, 'not closed in time')
      resolve(1)
    }, options.graceMs).unref()
  })
  const closed = close().then(
    () => 0,
    (thrown: unknown) => {
      options.log.error({ err: thrown }, 'closing failed')
      return 1
    },
  )
  return Promise.race([closed, deadline, nextSignal().then(() => 1)])
}

function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const take = (signal: NodeJS.Signals): void => {
      process.off('SIGTERM', take)
      process.off('SIGINT', take)
      resolve(signal)
    }
    process.on('SIGTERM', take)
    process.on('SIGINT', take)
  })
}
