import { ResponseError } from '@saker/core'
import { isLoopback, loadTokens, type ListenAddress, type LoadedToken } from '@saker/service'
import type { ServiceFlags } from './flags.ts'
import type { LoadedConfig } from './loaded-config.ts'

/** Who may use the servers of this process. */
export interface Access {
  readonly ingestTokens: readonly LoadedToken[]
  /** Whether alerts are taken from anybody who can connect. */
  readonly anonymous: boolean
  readonly adminTokens: readonly LoadedToken[]
}

/** Where the servers listen. Without `ingest` there is none. */
export interface Listening {
  readonly ingest?: ListenAddress
  readonly admin?: ListenAddress
}

/**
 * Reads the tokens and refuses what would be open to everybody: whoever reaches an open ingest can stop workloads. Only a
 * loopback address, which only this machine reaches, needs neither token nor permission.
 *
 * Ends in `CONFIG_INVALID`.
 */
export async function checkAccess(
  flags: ServiceFlags,
  { config, secrets }: LoadedConfig,
  listening: Listening,
): Promise<Access> {
  const { ingest, admin } = listening
  const allowed = flags.allowAnonymous || config.ingest.allowAnonymous
  const ingestTokens =
    ingest === undefined ? [] : await loadTokens(config.ingest.tokens, secrets, fallback('SAKER_INGEST_TOKEN'))
  const adminTokens =
    admin === undefined ? [] : await loadTokens(config.admin.tokens, secrets, fallback('SAKER_ADMIN_TOKEN'))
  const locked = ingestTokens.length > 0 || flags.tlsClientCa !== undefined
  if (ingest !== undefined && !locked && !allowed && !isLoopback(ingest)) {
    throw new ResponseError(
      'CONFIG_INVALID',
      `ingest would take alerts from anybody on ${flags.listen}: set SAKER_INGEST_TOKEN, or ingest.tokens in the config, or --tls-client-ca, or pass --allow-anonymous`,
    )
  }
  if (admin !== undefined && adminTokens.length === 0 && !isLoopback(admin)) {
    throw new ResponseError(
      'CONFIG_INVALID',
      `the admin server on ${flags.adminListen} needs a token: set SAKER_ADMIN_TOKEN, or admin.tokens in the config`,
    )
  }
  return { ingestTokens, anonymous: allowed || !locked, adminTokens }
}

function fallback(name: string): { readonly env: string; readonly value: string | undefined } {
  return { env: name, value: process.env[name] }
}
