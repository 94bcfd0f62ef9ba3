import { ResponseError } from '@saker/core'

/** Where one server listens. */
export interface HostAndPort {
  readonly host: string
  readonly port: number
}

/** Reads `host`, `host:port` and `[::1]:port`, separated by commas. Ends in `CONFIG_INVALID` when one is none. */
export function splitHosts(written: string, defaultPort: number): readonly HostAndPort[] {
  return written.split(',').map((one) => {
    const [, bracketed, plain, port] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+))(?::([0-9]{1,5}))?$/iu.exec(one) ?? []
    const host = bracketed ?? plain
    if (host === undefined)
      throw new ResponseError('CONFIG_INVALID', 'REDIS_URL must name hosts as host:port, separated by commas')
    return { host, port: port === undefined ? defaultPort : Number(port) }
  })
}
