import { Cluster, type Redis } from 'ioredis'
import type { RedisClient } from './redis-connection.ts'

/**
 * Why a reachable Redis cannot keep alerts safely, or undefined when it can: a read-only replica, an eviction policy that
 * drops jobs, or no memory left. Of a Cluster every master is asked. Rejects as the client does when Redis does not answer.
 */
export async function whyUnfit(client: RedisClient): Promise<string | undefined> {
  if (!(client instanceof Cluster)) return whyServerUnfit(client)
  const masters = client.nodes('master')
  if (masters.length === 0) return 'no master of the cluster is known'
  const state = await client.cluster('INFO')
  if (!/cluster_state:ok/u.test(state)) return 'the cluster is down: not every slot has a master'
  const reasons = await Promise.all(masters.map(whyServerUnfit))
  return reasons.find((reason) => reason !== undefined)
}

async function whyServerUnfit(client: Redis): Promise<string | undefined> {
  const [replication, memory] = await Promise.all([client.info('replication'), client.info('memory'), client.ping()])
  const fields = new Map([...fieldsOf(replication), ...fieldsOf(memory)])
  if (fields.get('role') === 'slave' && fields.get('slave_read_only') !== '0') return 'it is a read-only replica'
  const policy = fields.get('maxmemory_policy') ?? 'noeviction'
  if (policy !== 'noeviction') return `its maxmemory-policy is ${policy}, which may drop alerts; set noeviction`
  const limit = Number(fields.get('maxmemory') ?? 0)
  if (limit > 0 && Number(fields.get('used_memory') ?? 0) > limit) return 'its memory is full (maxmemory)'
  return undefined
}

function fieldsOf(info: string): [string, string][] {
  return info
    .split(/\r?\n/u)
    .map((line) => line.split(':', 2))
    .filter((pair): pair is [string, string] => pair.length === 2)
}
