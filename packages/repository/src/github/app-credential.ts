import { createHash } from 'node:crypto'
import { createAppAuth } from '@octokit/auth-app'
import { ResponseError, type Secret } from '@saker/core'
import { recordOf, textAt, valueAt } from './github-answer.ts'
import type { GitHubCredential } from './github-credential.ts'
import type { GitHubCall, GitHubExchange } from './github-exchange.ts'

/** A GitHub App and its installation on the repository's owner. */
export interface GitHubApp {
  readonly appId: string
  readonly installationId: string
  /** PEM, PKCS#1 as GitHub hands it out or PKCS#8. Asked for whenever a token is due. */
  readonly privateKey: () => Promise<Secret>
}

/** Tokens live an hour; one that is about to end is not started with. */
const RENEW_BEFORE_MS = 5 * 60_000

type AppAuth = ReturnType<typeof createAppAuth>

/**
 * Installation tokens of a GitHub App: made on demand, kept until five minutes before they end, made anew when GitHub
 * rejects one. Ends in `CREDENTIAL_INVALID` when the key does not sign or GitHub does not know app or installation.
 *
 * @see https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
 */
export class AppCredential implements GitHubCredential {
  readonly renewable = true
  readonly #app: GitHubApp
  readonly #exchange: GitHubExchange
  #signer: { readonly keyDigest: string; readonly auth: AppAuth } | undefined
  #token: { readonly value: string; readonly endsAt: number } | undefined
  #pending: Promise<string> | undefined
  #permissions: Readonly<Record<string, unknown>> | undefined

  constructor(app: GitHubApp, exchange: GitHubExchange) {
    this.#app = app
    this.#exchange = exchange
  }

  /** What the installation may do, as GitHub said with the last token: `{contents: 'write', …}`. */
  get permissions(): Readonly<Record<string, unknown>> | undefined {
    return this.#permissions
  }

  async authorization({ signal, renew }: { readonly signal: AbortSignal; readonly renew: boolean }): Promise<string> {
    const held = this.#token
    if (!renew && held !== undefined && this.#exchange.now() < held.endsAt - RENEW_BEFORE_MS)
      return `token ${held.value}`
    this.#pending ??= this.#fetchToken(signal).finally(() => {
      this.#pending = undefined
    })
    return `token ${await this.#pending}`
  }

  async #fetchToken(signal: AbortSignal): Promise<string> {
    const jwt = await this.#sign()
    const call: GitHubCall = { operation: 'createInstallationToken', purpose: 'authenticate', signal }
    const installation = encodeURIComponent(this.#app.installationId)
    const route = `POST /app/installations/${installation}/access_tokens`
    const answer = await this.#exchange.rest(call, `bearer ${jwt}`, { route })
    const value = textAt(answer, 'token')
    const endsAt = Date.parse(textAt(answer, 'expires_at') ?? '')
    if (value === undefined || Number.isNaN(endsAt)) throw this.#exchange.unreadable(call)
    this.#token = { value, endsAt }
    this.#permissions = recordOf(valueAt(answer, 'permissions'))
    return value
  }

  async #sign(): Promise<string> {
    const privateKey = (await this.#app.privateKey()).reveal()
    try {
      const keyDigest = createHash('sha256').update(privateKey).digest('hex')
      if (this.#signer?.keyDigest !== keyDigest) {
        this.#signer = { keyDigest, auth: createAppAuth({ appId: this.#app.appId, privateKey }) }
      }
      return (await this.#signer.auth({ type: 'app' })).token
    } catch {
      // The cause is dropped on purpose: a parser of keys may quote what it could not parse.
      const message = `the private key of app ${this.#app.appId} for ${this.#exchange.place} cannot sign`
      throw new ResponseError('CREDENTIAL_INVALID', message)
    }
  }
}
