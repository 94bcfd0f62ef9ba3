import { randomBytes, verify, type KeyObject } from 'node:crypto'

/** What the bearer of a token may do. `none`: repositories are hidden from it. */
export interface TokenGrant {
  readonly contents: 'none' | 'read' | 'write'
  /** As `contents` by default. */
  readonly pullRequests?: 'none' | 'read' | 'write'
  /** Installation tokens are refused in other words. */
  readonly kind: 'personal' | 'installation'
}

/** A GitHub App that the double knows. */
export interface DoubleApp {
  readonly appId: string
  readonly installationId: string
  readonly publicKey: KeyObject
  /** What it may do beside reading; `contents: write` by default. */
  readonly permissions?: Readonly<Record<string, 'read' | 'write'>>
  /** Milliseconds that its tokens live; an hour by default. */
  readonly tokenLifeMs?: number
}

/** The tokens and Apps that a double accepts. */
export class DoubleCredentials {
  /** Personal tokens; a test may add and take away. */
  readonly tokens: Map<string, TokenGrant>
  readonly #app: DoubleApp | undefined
  readonly #installationTokens = new Map<string, number>()

  constructor(tokens: Readonly<Record<string, TokenGrant>>, app: DoubleApp | undefined) {
    this.tokens = new Map(Object.entries(tokens))
    this.#app = app
  }

  /** What an `authorization` header grants, or undefined when GitHub would answer 401. */
  grantOf(header: string | undefined): TokenGrant | undefined {
    const [, token = ''] = /^(?:token|bearer) (\S+)$/iu.exec(header ?? '') ?? []
    const endsAt = this.#installationTokens.get(token)
    if (endsAt !== undefined) return endsAt > Date.now() ? { contents: 'write', kind: 'installation' } : undefined
    return this.tokens.get(token)
  }

  /** Ends all installation tokens, as GitHub does when an installation changes. */
  revokeInstallationTokens(): void {
    this.#installationTokens.clear()
  }

  /** Exchanges an App's JSON web token for an installation token. */
  createInstallationToken(
    header: string | undefined,
    installationId: string,
  ):
    | { readonly token: string; readonly expiresAt: string; readonly permissions: Readonly<Record<string, string>> }
    | { readonly status: 401 | 404; readonly message: string } {
    const [, jwt = ''] = /^bearer (\S+)$/iu.exec(header ?? '') ?? []
    const fault = this.#faultOf(jwt)
    if (fault !== undefined) return { status: 401, message: fault }
    if (installationId !== this.#app?.installationId) return { status: 404, message: 'Not Found' }
    const token = `ghs_${randomBytes(18).toString('hex')}`
    const endsAt = Date.now() + (this.#app.tokenLifeMs ?? 3_600_000)
    this.#installationTokens.set(token, endsAt)
    const permissions = { ...(this.#app.permissions ?? { contents: 'write' }), metadata: 'read' }
    return { token, permissions, expiresAt: new Date(endsAt).toISOString().replace(/\.\d+Z$/u, 'Z') }
  }

  #faultOf(jwt: string): string | undefined {
    const undecodable = 'A JSON web token could not be decoded'
    const [head = '', body = '', signature = ''] = jwt.split('.')
    const app = this.#app
    if (app === undefined || signature === '') return undecodable
    const signed = Buffer.from(`${head}.${body}`)
    const { alg } = decode(head)
    if (alg !== 'RS256' || !verify('RSA-SHA256', signed, app.publicKey, Buffer.from(signature, 'base64url'))) {
      return undecodable
    }
    const { iss, iat, exp } = decode(body)
    const now = Date.now() / 1000
    if (String(iss) !== app.appId) return "'Issuer' claim ('iss') must be an Integer"
    if (typeof iat !== 'number' || iat > now) {
      return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
    }
    if (typeof exp !== 'number' || exp < now) {
      return "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
    }
    return exp > now + 600 ? "'Expiration time' claim ('exp') is too far in the future" : undefined
  }
}

function decode(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>
}
