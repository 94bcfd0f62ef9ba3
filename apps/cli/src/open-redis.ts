import { ResponseError, type Log } from '@saker/core'
import { startPrivateRedis, startVolatileRedis, type PrivateRedis, type VolatileRedis } from '@saker/queue'
import type { ServiceFlags } from './flags.ts'

/** A Redis to work with, and how to let go of it. */
export interface OpenRedis {
  readonly url: string
  /** Whether nobody but this process and its own worker can use it. */
  readonly isPrivate: boolean
  close(): Promise<void>
}

/** The Redis that the environment names. Ends in `CONFIG_INVALID` when it names none: two services can only meet in a shared one. */
export function sharedRedis(env: NodeJS.ProcessEnv): OpenRedis {
  const url = env['REDIS_URL'] ?? ''
  if (url === '')
    throw new ResponseError(
      'CONFIG_INVALID',
      'REDIS_URL is not set; saker ingest and saker worker meet in the Redis it names',
    )
  return { url, isPrivate: false, close: async () => {} }
}

/**
 * The Redis for `saker up`: the one that REDIS_URL names, else a private one from the PATH, else, where it is allowed, one
 * in memory. Ends in `CONFIG_INVALID` when there is none of them.
 */
export async function redisForUp(flags: ServiceFlags, env: NodeJS.ProcessEnv, log: Log): Promise<OpenRedis> {
  if ((env['REDIS_URL'] ?? '') !== '') return sharedRedis(env)
  const own = await startPrivateRedis({ dataDir: flags.dataDir, log })
  if (own !== undefined) return privately(own)
  if (!flags.allowVolatile) {
    throw new ResponseError(
      'CONFIG_INVALID',
      'no Redis: set REDIS_URL, or install redis-server or valkey-server, or pass --allow-volatile to keep alerts in memory only',
    )
  }
  log.warn({}, 'VOLATILE: alerts are kept in memory only and are lost when Saker stops; never use this in production')
  return privately(await startVolatileRedis({ log }))
}

function privately(redis: PrivateRedis | VolatileRedis): OpenRedis {
  return { url: redis.url, isPrivate: true, close: () => redis.close() }
}
