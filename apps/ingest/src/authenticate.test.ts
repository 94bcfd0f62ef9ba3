import { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { ResponseError, Secret } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { authenticate, certificateOf, type AdmissionPolicy, type Credentials } from './authenticate.ts'

const TOKENS = [
  { name: 'empty', secret: new Secret('') },
  { name: 'prod', secret: new Secret('p'), clusters: ['prod'] },
  { name: 'all', secret: new Secret('a') },
]

function decide(credentials: Partial<Credentials>, policy: Partial<AdmissionPolicy>): string {
  try {
    const sender = authenticate(
      { authorization: undefined, certificate: 'none', ...credentials },
      { tokens: [], anonymous: false, ...policy },
    )
    return sender.clusters === undefined ? sender.name : `${sender.name}: ${sender.clusters.join()}`
  } catch (thrown) {
    return thrown instanceof ResponseError ? thrown.code : String(thrown)
  }
}

describe('authenticate', () => {
  it.each<[string, Partial<Credentials>, Partial<AdmissionPolicy>, string]>([
    ['a token', { authorization: 'Bearer a' }, { tokens: TOKENS }, 'all'],
    ['a token with clusters', { authorization: 'bearer p' }, { tokens: TOKENS }, 'prod: prod'],
    ['a token of the wrong length', { authorization: 'Bearer aa' }, { tokens: TOKENS }, 'TOKEN_INVALID'],
    ['two tokens in one header', { authorization: 'Bearer a a' }, { tokens: TOKENS }, 'TOKEN_INVALID'],
    ['an empty header where a secret is empty', { authorization: '' }, { tokens: TOKENS }, 'TOKEN_INVALID'],
    ['nothing where a secret is empty', {}, { tokens: TOKENS }, 'TOKEN_MISSING'],
    ['a token where none is configured', { authorization: 'Bearer a' }, {}, 'TOKEN_INVALID'],
    ['nothing where anybody may send', {}, { tokens: TOKENS, anonymous: true }, 'anonymous'],
    [
      'a wrong token where anybody may send',
      { authorization: 'Bearer x' },
      { tokens: TOKENS, anonymous: true },
      'TOKEN_INVALID',
    ],
    [
      'a header for somebody else where anybody may send',
      { authorization: 'Bearer x' },
      { anonymous: true },
      'anonymous',
    ],
    ['a certificate', { certificate: 'trusted' }, { tokens: TOKENS }, 'client-certificate'],
    [
      'a certificate and a bound token',
      { certificate: 'trusted', authorization: 'Bearer p' },
      { tokens: TOKENS },
      'prod: prod',
    ],
    [
      'a certificate and a wrong token',
      { certificate: 'trusted', authorization: 'Bearer x' },
      { tokens: TOKENS },
      'TOKEN_INVALID',
    ],
    ['a foreign certificate', { certificate: 'untrusted' }, { anonymous: true }, 'TOKEN_INVALID'],
    [
      'a foreign certificate and a token',
      { certificate: 'untrusted', authorization: 'Bearer a' },
      { tokens: TOKENS },
      'all',
    ],
  ])('judges %s', (_what, credentials, policy, expected) => {
    expect(decide(credentials, policy)).toBe(expected)
  })
})

describe('certificateOf', () => {
  const tlsSocket = (authorized: boolean, certificate: object | undefined): Socket =>
    Object.create(TLSSocket.prototype, {
      authorized: { value: authorized },
      getPeerX509Certificate: { value: () => certificate },
    }) as TLSSocket

  it.each([
    ['a plain connection', new Socket(), 'none'],
    ['a certificate that was verified', tlsSocket(true, {}), 'trusted'],
    ['a certificate that was not', tlsSocket(false, {}), 'untrusted'],
    ['no certificate', tlsSocket(false, undefined), 'none'],
    ['no certificate on a resumed session that Node calls authorized', tlsSocket(true, undefined), 'none'],
  ])('judges %s', (_what, socket, expected) => {
    expect(certificateOf(socket)).toBe(expected)
  })
})
