import { createHash, timingSafeEqual } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { ResponseError, type Secret } from '@saker/core'

/** A token that senders may use, with its secret as it is now. An empty secret admits nobody. */
export interface IngestToken {
  readonly name: string
  readonly secret: Secret
  /** Clusters it may speak for. Absent: all. */
  readonly clusters?: readonly string[]
}

/** Who sent a request, as far as it proved that. */
export interface Sender {
  /** The token's name, `client-certificate`, or `anonymous`. */
  readonly name: string
  readonly clusters?: readonly string[]
}

/** What a request brought to prove itself. */
export interface Credentials {
  /** The `Authorization` header as Node gives it: one character per byte. */
  readonly authorization: string | undefined
  readonly certificate: 'none' | 'trusted' | 'untrusted'
}

/** Whom ingest admits. */
export interface AdmissionPolicy {
  readonly tokens: readonly IngestToken[]
  readonly anonymous: boolean
}

/** The `WWW-Authenticate` header that every 401 carries. */
export const CHALLENGE = 'Bearer realm="saker", Basic realm="saker"'

/**
 * Decides who the sender is: by its token, else by its client certificate, else as anonymous where that is allowed. What
 * is presented has to be right, so that a mistyped token shows at once even where none is needed; only when no token is
 * configured is an `Authorization` header somebody else's business.
 *
 * Ends in `TOKEN_MISSING` or `TOKEN_INVALID`.
 */
export function authenticate(credentials: Credentials, { tokens, anonymous }: AdmissionPolicy): Sender {
  const { authorization, certificate } = credentials
  if (authorization !== undefined && tokens.length > 0) return senderOfToken(authorization, tokens)
  if (certificate === 'trusted') return { name: 'client-certificate' }
  if (certificate === 'untrusted')
    throw new ResponseError('TOKEN_INVALID', 'the client certificate is not one that is trusted here')
  if (anonymous) return { name: 'anonymous' }
  if (authorization !== undefined) throw new ResponseError('TOKEN_INVALID', 'the token is not one that is known here')
  throw new ResponseError('TOKEN_MISSING', 'a bearer token, a basic password or a client certificate is needed')
}

function senderOfToken(authorization: string, tokens: readonly IngestToken[]): Sender {
  const presented = tokenIn(authorization)
  // Hashes have one length and say nothing about the secret, and every token is compared whether or not one has matched.
  const digest = digestOf(presented ?? Buffer.alloc(0))
  const matching = tokens.filter(({ secret }) => {
    const expected = Buffer.from(secret.reveal(), 'utf8')
    return timingSafeEqual(digestOf(expected), digest) && expected.length > 0
  })
  const [token] = matching
  if (token === undefined) throw new ResponseError('TOKEN_INVALID', 'the token is not one that is known here')
  return { name: token.name, ...(token.clusters === undefined ? {} : { clusters: token.clusters }) }
}

/** The bytes after `Bearer`, or the password of `Basic`, whoever the user is: URLs such as `http://x:TOKEN@host` end up there. */
function tokenIn(authorization: string): Buffer | undefined {
  const [, scheme, value] = /^(bearer|basic) +([^ ]+) *$/iu.exec(authorization) ?? []
  if (scheme === undefined || value === undefined) return undefined
  if (scheme.toLowerCase() === 'bearer') return Buffer.from(value, 'latin1')
  const userinfo = Buffer.from(value, 'base64')
  const colon = userinfo.indexOf(':')
  return colon === -1 ? undefined : userinfo.subarray(colon + 1)
}

function digestOf(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}

/**
 * What the TLS handshake says of the client's certificate. The certificate itself has to be there: Node 20.20 was seen to
 * call a resumed TLS 1.3 session `authorized` whose client never had one.
 */
export function certificateOf(socket: Socket): Credentials['certificate'] {
  if (!(socket instanceof TLSSocket) || socket.getPeerX509Certificate() === undefined) return 'none'
  return socket.authorized ? 'trusted' : 'untrusted'
}
