import type { Log } from '@saker/core'

/** Signals that ask a process to end: from Kubernetes, from a keyboard, from a terminal that closes. */
const ENDING = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/** Signals so close to the first one, in milliseconds, are echoes of it. */
const ECHO_MS = 1000

/**
 * Waits for a signal that asks to end, then closes. Resolves with the exit code: 0 when everything closed in time, 1 when
 * the grace period ran out, closing failed, or a second signal came. A signal within a second of the first one is the same:
 * Ctrl-C reaches a process from the terminal, and again from a program around it that passes signals on.
 *
 * The listeners stay for good. Libraries that end child processes with their own (execa's signal-exit) take a process in
 * which theirs are the only ones left for one that means to be killed, and kill it.
 */
export async function untilSignal(
  close: () => Promise<void>,
  options: { readonly graceMs: number; readonly log: Log },
): Promise<number> {
  const first = Promise.withResolvers<NodeJS.Signals>()
  const second = Promise.withResolvers<number>()
  let firstAt: number | undefined
  for (const name of ENDING) {
    process.on(name, () => {
      firstAt ??= performance.now()
      first.resolve(name)
      if (performance.now() - firstAt > ECHO_MS) second.resolve(1)
    })
  }
  const signal = await first.promise
  options.log.info({ signal, graceMs: options.graceMs }, 'shutting down')
  const late = Promise.withResolvers<number>()
  const timer = setTimeout(() => {
    options.log.error({ graceMs: options.graceMs }, 'not closed in time')
    late.resolve(1)
  }, options.graceMs)
  const closed = close().then(
    () => 0,
    (thrown: unknown) => {
      options.log.error({ err: thrown }, 'closing failed')
      return 1
    },
  )
  const code = await Promise.race([closed, late.promise, second.promise])
  clearTimeout(timer)
  return code
}
