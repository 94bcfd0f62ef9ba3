import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { ResponseError } from '@saker/core'
import { findToken, readPresentedToken, type LoadedToken } from '@saker/service'

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
  readonly tokens: readonly LoadedToken[]
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

function senderOfToken(authorization: string, tokens: readonly LoadedToken[]): Sender {
  const presented = readPresentedToken(authorization)
  const token = presented === undefined ? undefined : findToken(presented, tokens)
  if (token === undefined) throw new ResponseError('TOKEN_INVALID', 'the token is not one that is known here')
  return { name: token.name, ...(token.clusters === undefined ? {} : { clusters: token.clusters }) }
}

/**
 * What the TLS handshake says of the client's certificate. The certificate itself has to be there: Node 20.20 was seen to
 * call a resumed TLS 1.3 session `authorized` whose client never had one.
 */
export function certificateOf(socket: Socket): Credentials['certificate'] {
  if (!(socket instanceof TLSSocket) || socket.getPeerX509Certificate() === undefined) return 'none'
  return socket.authorized ? 'trusted' : 'untrusted'
}
