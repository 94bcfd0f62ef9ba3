import { ResponseError } from '@saker/core'
import type { RedisOptions } from 'ioredis'

/** Where a Redis is and how to get in, read from its URL. */
export interface RedisAddress {
  /** `host:port/db` or the socket's path: names the server in logs and errors, without user and password. */
  readonly label: string
  readonly connection: Pick<RedisOptions, 'host' | 'port' | 'path' | 'username' | 'password' | 'db' | 'tls'>
}

/**
 * Reads `redis://`, `rediss://` (TLS) with user, password and `/db`, and `unix:///path/to.sock` with `?db=`.
 *
 * Ends in `CONFIG_INVALID`. The message never holds the URL, and the cause of a bad one is dropped: it would hold it.
 */
export function parseRedisUrl(written: string): RedisAddress {
  const url = URL.parse(written)
  if (url === null) throw new ResponseError('CONFIG_INVALID', 'the Redis URL is not a URL')
  if (url.protocol === 'unix:') {
    const path = decodeURIComponent(url.pathname)
    return { label: path, connection: { path, db: databaseOf(url.searchParams.get('db') ?? '') } }
  }
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') {
    throw new ResponseError('CONFIG_INVALID', 'the Redis URL must begin with redis://, rediss:// or unix://')
  }
  const host = url.hostname.replace(/^\[|\]$/gu, '')
  if (host === '') throw new ResponseError('CONFIG_INVALID', 'the Redis URL names no host')
  const port = url.port === '' ? 6379 : Number(url.port)
  const db = databaseOf(url.pathname.slice(1))
  return {
    label: `${url.hostname}:${port}/${db}`,
    connection: {
      host,
      port,
      db,
      ...(url.username === '' ? {} : { username: decoded(url.username) }),
      ...(url.password === '' ? {} : { password: decoded(url.password) }),
      ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
    },
  }
}

function databaseOf(written: string): number {
  if (!/^[0-9]*$/u.test(written))
    throw new ResponseError('CONFIG_INVALID', 'the database of the Redis URL is no number')
  return Number(written)
}

/** A password with a bare `%` is taken as it stands. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
