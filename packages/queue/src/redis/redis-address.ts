import { ResponseError } from '@saker/core'
import type { RedisOptions } from 'ioredis'
import { splitHosts, type HostAndPort } from './host-list.ts'

/** How to get into a server once it is found. */
type RedisEntry = Pick<RedisOptions, 'username' | 'password' | 'tls'>

/** Where a Redis is and how to get in, read from its URL. */
export type RedisAddress = {
  /** Names the server or servers in logs and errors, without user and password. */
  readonly label: string
} & (
  | {
      readonly topology: 'server'
      readonly connection: RedisEntry & Pick<RedisOptions, 'host' | 'port' | 'path' | 'db'>
    }
  | {
      readonly topology: 'sentinel'
      readonly connection: RedisEntry &
        Pick<
          RedisOptions,
          | 'sentinels'
          | 'name'
          | 'db'
          | 'sentinelUsername'
          | 'sentinelPassword'
          | 'sentinelTLS'
          | 'enableTLSForSentinelMode'
        >
    }
  | { readonly topology: 'cluster'; readonly nodes: readonly HostAndPort[]; readonly connection: RedisEntry }
)

const FORMS =
  'redis://, rediss://, unix://, redis-sentinel://, rediss-sentinel://, redis-cluster:// or rediss-cluster://'

/**
 * Reads where Redis is:
 *
 * - `redis://[user:password@]host[:6379][/db]`, one server or one address that leads to it
 * - `unix:///path/to.sock[?db=0]`
 * - `redis-sentinel://[user:password@]host[:26379],host…/master-name[/db]`; the sentinels themselves may ask for
 *   `?sentinelUsername=&sentinelPassword=`
 * - `redis-cluster://[user:password@]host[:6379],host…`, some nodes of a Cluster; the others are learnt from them
 *
 * With `rediss` in front, everything is TLS. Ends in `CONFIG_INVALID`; the message never holds the URL, and the cause of a
 * bad one is dropped, because it would hold it.
 */
export function parseRedisUrl(written: string): RedisAddress {
  const several = /^(rediss?)-(sentinel|cluster):\/\/(.*)$/su.exec(written)
  if (several !== null) {
    const [, scheme, topology, rest = ''] = several
    const parts = partsOf(rest)
    return topology === 'sentinel'
      ? sentinelAddress(parts, scheme === 'rediss')
      : clusterAddress(parts, scheme === 'rediss')
  }
  const url = URL.parse(written)
  if (url === null) throw new ResponseError('CONFIG_INVALID', `REDIS_URL is not a URL; it must begin with ${FORMS}`)
  if (url.protocol === 'unix:') {
    const path = decodeURIComponent(url.pathname)
    const db = databaseOf(url.searchParams.get('db') ?? '')
    return { label: path, topology: 'server', connection: { path, db } }
  }
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') {
    throw new ResponseError('CONFIG_INVALID', `REDIS_URL must begin with ${FORMS}`)
  }
  const host = url.hostname.replace(/^\[|\]$/gu, '')
  if (host === '') throw new ResponseError('CONFIG_INVALID', 'REDIS_URL names no host')
  const port = url.port === '' ? 6379 : Number(url.port)
  const db = databaseOf(url.pathname.slice(1))
  const connection = { host, port, db, ...entryOf(url, url.protocol === 'rediss:') }
  return { label: `${url.hostname}:${port}/${db}`, topology: 'server', connection }
}

/** A URL with several hosts, which `URL` cannot read. */
interface UrlParts {
  readonly username: string
  readonly password: string
  readonly hosts: string
  readonly path: readonly string[]
  readonly query: URLSearchParams
}

function partsOf(afterScheme: string): UrlParts {
  const [, location = '', query = ''] = /^([^?#]*)(?:\?([^#]*))?/su.exec(afterScheme) ?? []
  const at = location.lastIndexOf('@')
  const [hosts = '', ...path] = location.slice(at + 1).split('/')
  const [, username = '', password = ''] = /^([^:]*):?(.*)$/su.exec(location.slice(0, Math.max(at, 0))) ?? []
  return { username, password, hosts, path, query: new URLSearchParams(query) }
}

function sentinelAddress(parts: UrlParts, tls: boolean): RedisAddress {
  const [name = '', database = '', ...more] = parts.path
  if (name === '' || more.length > 0) {
    throw new ResponseError('CONFIG_INVALID', 'REDIS_URL must name the master: redis-sentinel://host:26379/name')
  }
  const sentinels = splitHosts(parts.hosts, 26_379)
  const db = databaseOf(database)
  const sentinelUsername = parts.query.get('sentinelUsername')
  const sentinelPassword = parts.query.get('sentinelPassword')
  return {
    label: `${decoded(name)}/${db} behind sentinels ${parts.hosts}`,
    topology: 'sentinel',
    connection: {
      sentinels: [...sentinels],
      name: decoded(name),
      db,
      ...entryOf(parts, tls),
      ...(sentinelUsername === null ? {} : { sentinelUsername }),
      ...(sentinelPassword === null ? {} : { sentinelPassword }),
      ...(tls ? { sentinelTLS: {}, enableTLSForSentinelMode: true } : {}),
    },
  }
}

function clusterAddress(parts: UrlParts, tls: boolean): RedisAddress {
  if (parts.path.some((segment) => segment !== '' && segment !== '0'))
    throw new ResponseError('CONFIG_INVALID', 'a Redis Cluster has only database 0')
  return {
    label: `cluster ${parts.hosts}`,
    topology: 'cluster',
    nodes: splitHosts(parts.hosts, 6379),
    connection: entryOf(parts, tls),
  }
}

function entryOf(url: { readonly username: string; readonly password: string }, tls: boolean): RedisEntry {
  return {
    ...(url.username === '' ? {} : { username: decoded(url.username) }),
    ...(url.password === '' ? {} : { password: decoded(url.password) }),
    ...(tls ? { tls: {} } : {}),
  }
}

function databaseOf(written: string): number {
  if (!/^[0-9]*$/u.test(written)) throw new ResponseError('CONFIG_INVALID', 'the database of REDIS_URL is no number')
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
