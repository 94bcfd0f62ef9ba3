import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { extname } from 'node:path'
import { ResponseError, type Log } from '@saker/core'
import { TIMED_OUT, within } from '../within.ts'

/** A stand-in for Redis that forgets everything when it ends. */
export interface VolatileRedis {
  readonly url: string
  readonly persistent: false
  close(): Promise<void>
}

const START_MS = 10_000
const STOP_MS = 2000

/**
 * Starts js-redis-server, Redis in JavaScript and in memory, in a process of its own that ends with this one. It listens on
 * loopback, behind a random password, and takes some 250 alerts a second. Ends in `QUEUE_UNAVAILABLE` when it does not start.
 */
export async function startVolatileRedis({ log }: { readonly log: Log }): Promise<VolatileRedis> {
  // Run as source (.ts) or compiled (.js), the program lies beside this file.
  const program = new URL(`./volatile-redis-server${extname(import.meta.url)}`, import.meta.url)
  // Detached, because Ctrl-C goes to the whole foreground group and must not end it before us.
  const child = fork(program, [], { detached: true, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const exited = Promise.withResolvers<void>()
  let closing = false
  child.on('error', () => exited.resolve())
  child.on('exit', (code, signal) => {
    if (!closing) log.error({ code, signal }, 'the volatile Redis ended; what it held is lost')
    exited.resolve()
  })
  const close = async (): Promise<void> => {
    closing = true
    if (child.connected) child.disconnect()
    if ((await within(STOP_MS, exited.promise)) === TIMED_OUT) child.kill('SIGKILL')
    await exited.promise
  }
  const password = randomBytes(24).toString('base64url')
  child.send({ password })
  const said: unknown = await Promise.race([within(START_MS, once(child, 'message')), exited.promise])
  const port: unknown = Array.isArray(said) ? said[0] : undefined
  if (typeof port !== 'number') {
    await close()
    throw new ResponseError('QUEUE_UNAVAILABLE', 'the volatile Redis did not start')
  }
  return { url: `redis://:${password}@127.0.0.1:${port}`, persistent: false, close }
}
