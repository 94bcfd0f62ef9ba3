import { ResponseError, type Secret } from '@saker/core'

/** What proves who we are, per request. */
export interface GitHubCredential {
  /** Whether a rejected proof can be exchanged for a fresh one. */
  readonly renewable: boolean
  /** The `authorization` header. `renew` asks for a fresh one where that is possible. */
  authorization(options: { readonly signal: AbortSignal; readonly renew: boolean }): Promise<string>
}

/**
 * A token as the config names it, asked for anew for each request, so that a rotated one is seen at once. Ends in
 * `CREDENTIAL_INVALID` when it is empty or could not stand in a header.
 */
export function tokenCredential(token: () => Promise<Secret>, place: string): GitHubCredential {
  return {
    renewable: false,
    async authorization() {
      const value = (await token()).reveal().trim()
      if (value === '') throw new ResponseError('CREDENTIAL_INVALID', `the token for ${place} is empty`)
      // fetch would quote the whole header in its error.
      if (!/^[\x21-\x7e]+$/u.test(value)) {
        throw new ResponseError('CREDENTIAL_INVALID', `the token for ${place} holds characters that no token has`)
      }
      return `token ${value}`
    },
  }
}
