import { ResponseError } from '@saker/core'

/** Where a server listens. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** Reads `0.0.0.0:8080`, `[::1]:8080`, `localhost:0`. Ends in `CONFIG_INVALID`. */
export function parseListenAddress(text: string, flag: string): ListenAddress {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):([0-9]{1,5})$/u.exec(text) ?? []
  const number = Number(port)
  if (port === undefined || number > 65_535) {
    throw new ResponseError('CONFIG_INVALID', `${flag} must be HOST:PORT, such as 0.0.0.0:8080`)
  }
  return { host: bracketed ?? (plain === undefined || plain === '' ? '0.0.0.0' : plain), port: number }
}

/** Whether only this machine can reach the address. */
export function isLoopback({ host }: ListenAddress): boolean {
  return host === 'localhost' || host === '::1' || /^127\.[0-9]+\.[0-9]+\.[0-9]+$/u.test(host)
}
