import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { freePort, startRedisServer, type RedisServer } from './redis-server.ts'

/** Several servers that work together, for one test file. */
export interface RedisGroup {
  readonly url: string
  readonly servers: readonly RedisServer[]
  /** Ends all of them and removes their data. */
  remove(): Promise<void>
}

/** Starts a Redis Cluster of three masters that serves every slot. */
export async function startRedisCluster(program: string): Promise<RedisGroup> {
  const servers = await Promise.all(
    [1, 2, 3].map(async () => {
      const bus = String(await freePort())
      const cluster = ['--cluster-enabled', 'yes', '--cluster-port', bus, '--cluster-node-timeout', '1000']
      return startRedisServer({ program, args: cluster })
    }),
  )
  const addresses = servers.map(({ port }) => `127.0.0.1:${port}`)
  execFileSync(cliOf(program), ['--cluster', 'create', ...addresses, '--cluster-yes'], { stdio: 'pipe' })
  const [first] = addresses
  return {
    // One node is enough to find the others.
    url: `redis-cluster://${first ?? ''}`,
    servers,
    remove: async () => void (await Promise.all(servers.map((server) => server.remove()))),
  }
}

/** A master with a replica, watched by one sentinel that fails over within a second or two. */
export interface SentinelGroup extends RedisGroup {
  readonly master: RedisServer
  /** Resolves when the replica has everything that the master has. */
  replicated(): Promise<void>
}

/** Starts a master, its replica and a sentinel of quorum 1. */
export async function startSentinelGroup(program: string): Promise<SentinelGroup> {
  const master = await startRedisServer({ program })
  const replica = await startRedisServer({ program, args: ['--replicaof', '127.0.0.1', String(master.port)] })
  const port = await freePort()
  const file = join(master.directory, 'sentinel.conf')
  writeFileSync(
    file,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${master.directory}`,
      `sentinel monitor main 127.0.0.1 ${master.port} 1`,
      'sentinel down-after-milliseconds main 500',
      'sentinel failover-timeout main 3000',
      '',
    ].join('\n'),
  )
  const sentinel = spawn(program, [file, '--sentinel'], { stdio: 'ignore' })
  process.on('exit', () => sentinel.kill('SIGKILL'))
  await until(
    async () => (await ask(port, (client) => client.call('SENTINEL', 'REPLICAS', 'main'))) as unknown[],
    (found) => found.length === 1,
  )
  return {
    url: `redis-sentinel://127.0.0.1:${port}/main`,
    servers: [master, replica],
    master,
    async replicated() {
      const offset = offsetOf(await ask(master.port, (client) => client.info('replication')), 'master_repl_offset')
      const seen = (): Promise<number> =>
        ask(replica.port, (client) => client.info('replication')).then((info) => offsetOf(info, 'slave_repl_offset'))
      await until(seen, (found) => found >= offset)
    },
    async remove() {
      sentinel.kill('SIGKILL')
      if (sentinel.exitCode === null && sentinel.signalCode === null) await once(sentinel, 'exit')
      await Promise.all([master.remove(), replica.remove()])
    },
  }
}

function cliOf(program: string): string {
  return program.replace('-server', '-cli')
}

function offsetOf(info: string, field: string): number {
  return Number(new RegExp(`${field}:([0-9]+)`, 'u').exec(info)?.[1])
}

async function ask<T>(port: number, question: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({ port, host: '127.0.0.1' })
  client.on('error', () => undefined)
  try {
    return await question(client)
  } finally {
    client.disconnect()
  }
}

async function until<T>(look: () => Promise<T>, enough: (found: T) => boolean): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (enough(await look())) return
    await sleep(20)
  }
  throw new Error('the servers did not come together')
}
