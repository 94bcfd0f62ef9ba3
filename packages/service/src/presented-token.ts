import { createHash, timingSafeEqual } from 'node:crypto'
import type { LoadedToken } from './access-tokens.ts'

/** A token as a request presents it. */
export interface PresentedToken {
  /** Browsers add a Basic password by themselves, to whatever request; a bearer token is always sent on purpose. */
  readonly scheme: 'bearer' | 'basic'
  /** SHA-256 of the token: of one length, and telling nothing of it. */
  readonly digest: Buffer
}

/** Reads `Authorization: Bearer …`, or the password of `Basic …`, whoever its user is. Undefined for anything else. */
export function readPresentedToken(authorization: string | undefined): PresentedToken | undefined {
  const [, scheme, value] = /^(bearer|basic) +([^ ]+) *$/iu.exec(authorization ?? '') ?? []
  if (scheme === undefined || value === undefined) return undefined
  if (scheme.toLowerCase() === 'bearer') return { scheme: 'bearer', digest: digestOf(Buffer.from(value, 'latin1')) }
  const userinfo = Buffer.from(value, 'base64')
  const colon = userinfo.indexOf(':')
  return colon === -1 ? undefined : { scheme: 'basic', digest: digestOf(userinfo.subarray(colon + 1)) }
}

/**
 * The token that was presented, compared in constant time: every token is compared, whether or not one has matched. An
 * empty secret admits nobody.
 */
export function findToken({ digest }: PresentedToken, tokens: readonly LoadedToken[]): LoadedToken | undefined {
  const [match] = tokens.filter(({ secret }) => {
    const expected = Buffer.from(secret.reveal(), 'utf8')
    return timingSafeEqual(digestOf(expected), digest) && expected.length > 0
  })
  return match
}

function digestOf(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}
