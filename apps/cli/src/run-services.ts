import { readFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import { asResponseError, ResponseError, type Log } from '@saker/core'
import { buildIngestServer } from '@saker/ingest'
import { ResponseQueue } from '@saker/queue'
import {
  buildAdminServer,
  createLogger,
  isLoopback,
  loadTokens,
  Metrics,
  parseListenAddress,
  untilSignal,
  type ListenAddress,
  type LoadedToken,
  type ReadinessCheck,
} from '@saker/service'
import { startWorker } from '@saker/worker'
import type { ServiceFlags } from './flags.ts'
import { loadConfig, type LoadedConfig } from './load-config.ts'
import { redisForUp, sharedRedis } from './open-redis.ts'
import { VERSION } from './version.ts'

/** Which services a process runs. */
export interface Parts {
  readonly ingest: boolean
  readonly worker: boolean
}

/** Longest wait for work under way at shutdown; Kubernetes' default termination grace period is 30 s. */
const GRACE_MS = 25_000

/** Everything one process holds, closed in reverse order of opening. */
class Closers {
  readonly #closers: (() => Promise<void>)[] = []

  add(close: () => Promise<void>): void {
    this.#closers.push(close)
  }

  /** Closes everything, also when a part of it fails; rejects with the first failure. */
  async closeAll(): Promise<void> {
    const failures: unknown[] = []
    for (const close of this.#closers.toReversed()) await close().catch((thrown: unknown) => failures.push(thrown))
    this.#closers.length = 0
    if (failures.length > 0) throw asResponseError(failures[0])
  }
}

/**
 * Runs ingest, worker or both until a signal comes, and gives the exit code. Ends in `CONFIG_INVALID` or
 * `QUEUE_UNAVAILABLE` when they cannot start; nothing keeps running then.
 */
export async function runServices(parts: Parts, flags: ServiceFlags): Promise<number> {
  const log = createLogger(flags.logLevel)
  const closers = new Closers()
  try {
    await start(parts, { flags, log, closers })
  } catch (thrown) {
    await closers.closeAll().catch(() => undefined)
    throw thrown
  }
  return untilSignal(() => closers.closeAll(), { graceMs: GRACE_MS + 3000, log })
}

interface Starting {
  readonly flags: ServiceFlags
  readonly log: Log
  readonly closers: Closers
}

async function start(parts: Parts, { flags, log, closers }: Starting): Promise<void> {
  const listen = parseListenAddress(flags.listen, '--listen')
  const adminListen = parseListenAddress(flags.adminListen, '--admin-listen')
  const loaded = await loadConfig(flags, process.env)
  const tokens = await checkAccess(parts, loaded, { flags, listen, adminListen })
  const metrics = new Metrics(VERSION)
  const redis = parts.ingest && parts.worker ? await redisForUp(flags, process.env, log) : sharedRedis(process.env)
  closers.add(() => redis.close())
  const queue = new ResponseQueue({ redisUrl: redis.url, log })
  closers.add(() => queue.close())
  const checks: ReadinessCheck[] = [{ name: 'redis', check: () => queue.checkReady() }]
  if (parts.worker) {
    const { config, secrets } = loaded
    const worker = await startWorker({
      config,
      secrets,
      redisUrl: redis.url,
      dataDir: flags.dataDir,
      dryRun: flags.dryRun,
      metrics,
      log,
    })
    closers.add(() => worker.close({ graceMs: GRACE_MS }))
    checks.push({ name: 'worker', check: () => worker.checkRunning() })
  }
  const ingest = parts.ingest
    ? await startIngest({ flags, loaded, listen, tokens, queue, metrics, log }, closers)
    : undefined
  const admin = buildAdminServer({ registry: metrics.registry, checks })
  closers.add(() => admin.close())
  await listenOn(() => admin.listen(adminListen), adminListen, '--admin-listen')
  log.info(
    {
      version: VERSION,
      ...(ingest === undefined ? {} : { ingest }),
      admin: addressOf(admin.server, 'http'),
      repositories: loaded.config.repositories.map(({ name }) => name),
      responses: loaded.config.responses.map(({ name }) => name),
      dryRun: flags.dryRun,
    },
    'saker is ready',
  )
}

interface IngestParts {
  readonly flags: ServiceFlags
  readonly loaded: LoadedConfig
  readonly listen: ListenAddress
  readonly tokens: readonly LoadedToken[]
  readonly queue: ResponseQueue
  readonly metrics: Metrics
  readonly log: Log
}

/** Starts the HTTP edge and gives its address. */
async function startIngest(
  { flags, loaded, listen, tokens, queue, metrics, log }: IngestParts,
  closers: Closers,
): Promise<string> {
  const tls = await readTls(flags)
  const app = buildIngestServer({
    config: () => loaded.config,
    tokens: () => tokens,
    anonymous:
      mayBeAnonymous(flags, loaded) || (tokens.length === 0 && flags.tlsClientCa === undefined && isLoopback(listen)),
    sink: queue,
    log,
    observe: { alert: (labels) => metrics.alerts.inc({ ...labels }) },
    now: Date.now,
    dryRun: flags.dryRun,
    ...(tls === undefined ? {} : { tls }),
  })
  closers.add(() => app.close())
  await listenOn(() => app.listen(listen), listen, '--listen')
  return addressOf(app.server, tls === undefined ? 'http' : 'https')
}

function mayBeAnonymous(flags: ServiceFlags, { config }: LoadedConfig): boolean {
  return flags.allowAnonymous || config.ingest.allowAnonymous
}

/** Whoever reaches an open ingest can stop workloads, so it is refused unless somebody said so or only this machine can. */
async function checkAccess(
  parts: Parts,
  loaded: LoadedConfig,
  { flags, listen, adminListen }: { flags: ServiceFlags; listen: ListenAddress; adminListen: ListenAddress },
): Promise<readonly LoadedToken[]> {
  const { config, secrets } = loaded
  const envToken = (name: string): { env: string; value: string | undefined } => ({
    env: name,
    value: process.env[name],
  })
  const tokens = parts.ingest ? await loadTokens(config.ingest.tokens, secrets, envToken('SAKER_INGEST_TOKEN')) : []
  const adminTokens = await loadTokens(config.admin.tokens, secrets, envToken('SAKER_ADMIN_TOKEN'))
  const guarded =
    tokens.length > 0 || flags.tlsClientCa !== undefined || mayBeAnonymous(flags, loaded) || isLoopback(listen)
  if (parts.ingest && !guarded) {
    throw new ResponseError(
      'CONFIG_INVALID',
      `ingest would take alerts from anybody on ${flags.listen}: set SAKER_INGEST_TOKEN, or ingest.tokens in the config, or --tls-client-ca, or pass --allow-anonymous`,
    )
  }
  if (adminTokens.length === 0 && !isLoopback(adminListen)) {
    throw new ResponseError(
      'CONFIG_INVALID',
      `the admin server on ${flags.adminListen} needs a token: set SAKER_ADMIN_TOKEN, or admin.tokens in the config`,
    )
  }
  return tokens
}

async function readTls(flags: ServiceFlags): Promise<{ cert: string; key: string; clientCa?: string } | undefined> {
  const { tlsCert, tlsKey, tlsClientCa } = flags
  if (tlsCert === undefined && tlsKey === undefined && tlsClientCa === undefined) return undefined
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new ResponseError('CONFIG_INVALID', '--tls-cert and --tls-key go together, and --tls-client-ca needs both')
  }
  const read = async (path: string, flag: string): Promise<string> => {
    try {
      return await readFile(path, 'utf8')
    } catch (cause) {
      throw new ResponseError('CONFIG_INVALID', `${flag} ${path} cannot be read`, { cause })
    }
  }
  const [cert, key] = await Promise.all([read(tlsCert, '--tls-cert'), read(tlsKey, '--tls-key')])
  return tlsClientCa === undefined ? { cert, key } : { cert, key, clientCa: await read(tlsClientCa, '--tls-client-ca') }
}

async function listenOn(listen: () => Promise<string>, { host, port }: ListenAddress, flag: string): Promise<void> {
  try {
    await listen()
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason'
    throw new ResponseError('CONFIG_INVALID', `cannot listen on ${host}:${port} (${flag}): ${why}`, { cause })
  }
}

function addressOf(server: Server, scheme: string): string {
  const address = server.address()
  if (address === null || typeof address === 'string') return `${scheme}://unknown`
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `${scheme}://${host}:${address.port}`
}
