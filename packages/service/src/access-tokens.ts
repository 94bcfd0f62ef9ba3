import type { AccessToken, Secret } from '@saker/core'
import type { SecretReader } from './secrets.ts'

/** A credential with its secret read. */
export interface LoadedToken {
  readonly name: string
  readonly secret: Secret
  /** Clusters it may speak for. Absent: all. */
  readonly clusters?: readonly string[]
}

/** Reads the secrets of the config's tokens; without any, the one that the environment variable holds, if it holds one. */
export async function loadTokens(
  tokens: readonly AccessToken[],
  secrets: SecretReader,
  fallback: { readonly env: string; readonly value: string | undefined },
): Promise<readonly LoadedToken[]> {
  const configured =
    tokens.length === 0 && (fallback.value ?? '') !== ''
      ? [{ name: 'environment', tokenFrom: { env: fallback.env } }]
      : tokens
  return Promise.all(
    configured.map(async ({ tokenFrom, ...token }) => ({ ...token, secret: await secrets.read(tokenFrom) })),
  )
}
