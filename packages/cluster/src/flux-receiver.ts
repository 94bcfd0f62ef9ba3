import { createHmac } from 'node:crypto'
import type { Log } from '@saker/core'

/** One receiver with its secrets read. */
export interface FluxReceiver {
  readonly url: string
  /** Key of a `generic-hmac` receiver; absent for `generic`. */
  readonly hmacKey?: string
}

const TIMEOUT_MS = 10_000
/** Pauses before the second, third and fourth try. */
const PAUSES_MS = [500, 2000, 5000]
const BODY = '{}'

/**
 * Tells a Flux Receiver that its sources have a new commit; Flux then reconciles now rather than at its interval.
 *
 * https://fluxcd.io/flux/components/notification/receivers/: `generic` takes any POST, `generic-hmac` wants
 * `X-Signature: sha256=<hex hmac of the body>`. Tried four times over some seven seconds, unless the receiver says that it
 * never will take it (a status of 4xx but 408 and 429); true when it took it. Never throws: Flux finds the commit at its
 * next interval anyway. The URL is a secret, so logs name only its host.
 */
export async function notifyFluxReceiver(
  receiver: FluxReceiver,
  log: Log,
  { signal, wait }: NotifyOptions,
): Promise<boolean> {
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (receiver.hmacKey !== undefined) {
    headers['x-signature'] = `sha256=${createHmac('sha256', receiver.hmacKey).update(BODY).digest('hex')}`
  }
  const host = URL.parse(receiver.url)?.host ?? 'invalid URL'
  for (const pauseMs of [...PAUSES_MS, undefined]) {
    const result = await post(receiver.url, headers, signal)
    if (result.ok) return true
    const last = result.final || pauseMs === undefined || signal.aborted
    log.warn({ host, reason: result.reason, ...(last ? {} : { againInMs: pauseMs }) }, 'receiver not notified')
    if (last) return false
    await wait(pauseMs, signal).catch(() => undefined)
  }
  return false
}

/** How to wait, and when to stop. */
export interface NotifyOptions {
  readonly signal: AbortSignal
  /** Waits; ends early, by rejecting, when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<unknown>
}

interface Answer {
  readonly ok: boolean
  /** Whether trying again is of no use. */
  readonly final: boolean
  readonly reason: string
}

async function post(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<Answer> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers,
      body: BODY,
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    })
    await answer.body?.cancel()
    const { status } = answer
    const final = status >= 400 && status < 500 && status !== 408 && status !== 429
    return { ok: answer.ok, final, reason: `status ${status}` }
  } catch (thrown) {
    return { ok: false, final: false, reason: reasonOf(thrown) }
  }
}

/** The code of the network's error. fetch's own message can hold the URL, and says less. */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown failure'
  const { cause } = thrown
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : thrown.name
}
