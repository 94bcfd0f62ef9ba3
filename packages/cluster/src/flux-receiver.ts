import { createHmac } from 'node:crypto'
import type { Log } from '@saker/core'

/** One receiver with its secrets read. */
export interface FluxReceiver {
  readonly url: string
  /** Key of a `generic-hmac` receiver; absent for `generic`. */
  readonly hmacKey?: string
}

const TIMEOUT_MS = 10_000
const TRIES = 3
const BODY = '{}'

/**
 * Tells a Flux Receiver that its sources have a new commit; Flux then reconciles now rather than at its interval.
 *
 * https://fluxcd.io/flux/components/notification/receivers/: `generic` takes any POST, `generic-hmac` wants
 * `X-Signature: sha256=<hex hmac of the body>`. Tried three times; true when the receiver took it. Never throws: Flux
 * finds the commit at its next interval anyway. The URL is a secret, so logs name only its host.
 */
export async function notifyFluxReceiver(receiver: FluxReceiver, log: Log, signal: AbortSignal): Promise<boolean> {
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (receiver.hmacKey !== undefined) {
    headers['x-signature'] = `sha256=${createHmac('sha256', receiver.hmacKey).update(BODY).digest('hex')}`
  }
  const host = URL.parse(receiver.url)?.host ?? 'invalid URL'
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const result = await post(receiver.url, headers, signal)
    if (result.ok) return true
    log.warn({ host, attempt, reason: result.reason }, 'receiver not notified')
    if (signal.aborted) return false
  }
  return false
}

async function post(
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<{ ok: boolean; reason: string }> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers,
      body: BODY,
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    })
    await answer.body?.cancel()
    return { ok: answer.ok, reason: `status ${answer.status}` }
  } catch (thrown) {
    // fetch's own message can hold the URL
    return { ok: false, reason: thrown instanceof Error ? thrown.name : 'unknown' }
  }
}
