import { readFile } from 'node:fs/promises'
import { ResponseError } from '@saker/core'
import type { ServiceFlags } from './flags.ts'

/** The certificates that ingest serves and accepts, as PEM text. */
export interface TlsFiles {
  readonly cert: string
  readonly key: string
  readonly clientCa?: string
}

/** Reads the files of the TLS flags. Undefined without any of them. Ends in `CONFIG_INVALID`. */
export async function readTls(flags: ServiceFlags): Promise<TlsFiles | undefined> {
  const { tlsCert, tlsKey, tlsClientCa } = flags
  if (tlsCert === undefined && tlsKey === undefined && tlsClientCa === undefined) return undefined
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new ResponseError('CONFIG_INVALID', '--tls-cert and --tls-key go together, and --tls-client-ca needs both')
  }
  const [cert, key] = await Promise.all([readPem(tlsCert, '--tls-cert'), readPem(tlsKey, '--tls-key')])
  return tlsClientCa === undefined
    ? { cert, key }
    : { cert, key, clientCa: await readPem(tlsClientCa, '--tls-client-ca') }
}

async function readPem(path: string, flag: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new ResponseError('CONFIG_INVALID', `${flag} ${path} cannot be read`, { cause })
  }
}
