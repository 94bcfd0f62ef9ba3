import { createHash } from 'node:crypto'
import type { Repository } from '@saker/core'

/**
 * Names the credential with which a repository is read and written: the host and where the secret stands, never the secret.
 * Repositories that share it share the host's limits. Undefined for hosts that limit nobody by credential: all but GitHub.
 */
export function credentialOf({ location, auth }: Pick<Repository, 'location' | 'auth'>): string | undefined {
  if (location.kind !== 'github') return undefined
  const parts = JSON.stringify([new URL(location.apiUrl).host, auth])
  return createHash('sha256').update(parts).digest('hex').slice(0, 16)
}
