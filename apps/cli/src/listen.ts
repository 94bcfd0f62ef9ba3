import type { Server } from 'node:http'
import { ResponseError } from '@saker/core'
import type { ListenAddress } from '@saker/service'

/** What can be told to listen: a fastify instance. */
export interface Listener {
  readonly server: Server
  listen(address: ListenAddress): Promise<string>
}

/** Listens, and gives the address as a URL. Ends in `CONFIG_INVALID` naming the flag when the address cannot be had. */
export async function listenOn(
  listener: Listener,
  { host, port }: ListenAddress,
  { flag, scheme }: { readonly flag: string; readonly scheme: 'http' | 'https' },
): Promise<string> {
  try {
    await listener.listen({ host, port })
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason'
    throw new ResponseError('CONFIG_INVALID', `cannot listen on ${host}:${port} (${flag}): ${why}`, { cause })
  }
  const address = listener.server.address()
  if (address === null || typeof address === 'string') return `${scheme}://${host}:${port}`
  return `${scheme}://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`
}
