import { once } from 'node:events'
import { silentLog, type Finding } from '@saker/core'
import { Cluster } from 'ioredis'
import { connectRedis, type RedisConnection } from './redis-connection.ts'
import { whyUnfit } from './redis-health.ts'

/**
 * Asks a Redis, by whatever topology its URL names, whether it can keep alerts. Writes nothing. Ends in `CONFIG_INVALID` when
 * the URL cannot be understood.
 */
export async function probeRedis(url: string, signal: AbortSignal): Promise<readonly Finding[]> {
  const connection = connectRedis(url, 'worker', silentLog)
  let reason = 'no answer in time'
  connection.client.on('error', (error: unknown) => (reason = connection.describe(error)))
  try {
    if (connection.client.status !== 'ready') await once(connection.client, 'ready', { signal })
    return await findingsOf(connection)
  } catch {
    const message = `${connection.label} does not answer: ${reason}`
    const remedy = 'start it, or correct REDIS_URL (address, password, TLS); until then alerts are answered with 503'
    return [{ verdict: 'fail', what: 'reachable', message, remedy }]
  } finally {
    connection.client.disconnect()
  }
}

async function findingsOf({ client, label }: RedisConnection): Promise<readonly Finding[]> {
  const servers = client instanceof Cluster ? client.nodes('master') : [client]
  const [unfit, ...infos] = await Promise.all([whyUnfit(client), ...servers.map((server) => server.info())])
  const versions = [...new Set(infos.map((info) => fieldOf(info, 'redis_version') ?? 'of an unknown version'))]
  const findings: Finding[] = [{ verdict: 'ok', what: 'reachable', message: `${label}, Redis ${versions.join(', ')}` }]
  findings.push(
    unfit === undefined
      ? { verdict: 'ok', what: 'fit', message: 'writable, noeviction, memory left' }
      : { verdict: 'fail', what: 'fit', message: unfit, remedy: 'Saker takes no alert until this is mended' },
  )
  const isSafe = infos.every((info) => fieldOf(info, 'aof_enabled') === '1')
  findings.push(
    isSafe
      ? { verdict: 'ok', what: 'durable', message: 'the append-only file is on' }
      : {
          verdict: 'warn',
          what: 'durable',
          message: 'the append-only file is off: what was accepted since the last snapshot is lost when Redis ends',
          remedy: 'set appendonly yes',
        },
  )
  return findings
}

function fieldOf(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'mu').exec(info)?.[1]
}
