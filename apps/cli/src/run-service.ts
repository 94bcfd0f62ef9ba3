import { setTimeout as sleep } from 'node:timers/promises'
import { asResponseError, lanesOf, type Log } from '@saker/core'
import { buildIngestServer } from '@saker/ingest'
import { LaneBoard, ResponseQueue } from '@saker/queue'
import {
  buildAdminServer,
  createLogger,
  Metrics,
  parseListenAddress,
  untilSignal,
  type Exposition,
  type ListenAddress,
  type ReadinessCheck,
} from '@saker/service'
import { startWorker } from '@saker/worker'
import { checkAccess, type Access } from './access.ts'
import { Closers } from './closers.ts'
import type { ServiceFlags } from './flags.ts'
import { listenOn } from './listen.ts'
import { loadConfig, type LoadedConfig } from './load-config.ts'
import { redisForUp, sharedRedis } from './open-redis.ts'
import { answerParent, hasParent } from './process-questions.ts'
import { readTls, type TlsFiles } from './read-tls.ts'
import { VERSION } from './version.ts'
import { isSoleWorker, WorkerProcess } from './worker-process.ts'

/** Longest wait for work under way at shutdown; Kubernetes' default termination grace period is 30 s. */
const GRACE_MS = 25_000

/** How long ingest waits for Redis before it listens; without it, alerts are answered with 503 until it is there. */
const REDIS_START_MS = 2000

const REDIS_RETRY_MS = 50

/** What starting a service needs. */
interface Starting {
  readonly flags: ServiceFlags
  /** The flags as they were written, for the process that `up` starts. */
  readonly written: readonly string[]
  readonly log: Log
  readonly closers: Closers
}

/** A service of the command line. */
export type Service = 'up' | 'ingest' | 'worker'

/**
 * Runs a service until a signal comes, and gives the exit code. Ends in `CONFIG_INVALID` when it cannot start; nothing
 * keeps running then.
 */
export async function runService(service: Service, flags: ServiceFlags, written: readonly string[]): Promise<number> {
  const log = createLogger(flags.logLevel)
  const closers = new Closers()
  const starting = { flags, written, log, closers }
  try {
    await (service === 'worker' ? startWorkerAlone(starting) : startIngest(service, starting))
  } catch (thrown) {
    await closers.closeAll().catch(() => undefined)
    throw thrown
  }
  return untilSignal(() => closers.closeAll(), { graceMs: GRACE_MS + 3000, log })
}

/** Ingest, and for `up` a Redis where none is named and a worker in a process beside. */
async function startIngest(service: 'up' | 'ingest', starting: Starting): Promise<void> {
  const { flags, written, log, closers } = starting
  const listen = parseListenAddress(flags.listen, '--listen')
  const admin = parseListenAddress(flags.adminListen, '--admin-listen')
  const loaded = await loadConfig(flags, process.env)
  const access = await checkAccess(flags, loaded, { ingest: listen, admin })
  const tls = await readTls(flags)
  const redis = service === 'up' ? await redisForUp(flags, process.env, log) : sharedRedis(process.env)
  closers.add(() => redis.close())
  const queue = openQueue(redis.url, loaded, starting)
  const checks = [{ name: 'redis', check: () => queue.checkReady() }]
  const metrics = new Metrics(VERSION)
  metrics.watchLanes(() => queue.laneStates(lanesOf(loaded.config, flags.dryRun)))
  const worker = service === 'up' ? new WorkerProcess({ flags: written, redis, log }) : undefined
  if (worker !== undefined) {
    closers.add(() => worker.close({ graceMs: GRACE_MS }))
    checks.push({ name: 'worker', check: () => worker.checkRunning() })
  }
  await untilReady(queue, log)
  const ingest = await serveIngest({ loaded, listen, access, tls, queue, metrics }, starting)
  await worker?.started()
  const shown = worker === undefined ? metrics.alone() : metrics.joinedWith(() => worker.metrics())
  await serveAdmin({ admin, loaded, access, redisUrl: redis.url, metrics: shown, checks, ingest }, starting)
}

/** A worker alone: with an admin server of its own, or beside ingest in `saker up`, which asks it instead. */
async function startWorkerAlone(starting: Starting): Promise<void> {
  const { flags, log, closers } = starting
  const admin = hasParent() ? undefined : parseListenAddress(flags.adminListen, '--admin-listen')
  const loaded = await loadConfig(flags, process.env)
  const access = await checkAccess(flags, loaded, admin === undefined ? {} : { admin })
  const { url: redisUrl } = sharedRedis(process.env)
  const metrics = new Metrics(VERSION)
  const { dataDir, dryRun, lockDuration } = flags
  const lock = lockDuration === undefined ? {} : { lockDurationMs: lockDuration }
  const isSole = isSoleWorker()
  const worker = await startWorker({ ...loaded, ...lock, isSole, redisUrl, dataDir, dryRun, metrics, log })
  closers.add(() => worker.close({ graceMs: GRACE_MS }))
  if (admin === undefined) {
    answerParent(
      {
        running: () =>
          worker.checkRunning().then(
            () => ({}),
            (thrown: Error) => ({ problem: thrown.message }),
          ),
        metrics: async () => ({ metrics: await metrics.asJson() }),
      },
      () => process.kill(process.pid, 'SIGTERM'),
    )
    log.info({ version: VERSION }, 'worker is ready')
    return
  }
  const queue = openQueue(redisUrl, loaded, starting)
  metrics.watchLanes(() => queue.laneStates(lanesOf(loaded.config, dryRun)))
  const checks = [
    { name: 'redis', check: () => queue.checkReady() },
    { name: 'worker', check: () => worker.checkRunning() },
  ]
  await serveAdmin({ admin, loaded, access, redisUrl, metrics: metrics.alone(), checks }, starting)
}

/** Waits a little for Redis, so that the first alert is not refused for a connection that is just being made. */
async function untilReady(queue: ResponseQueue, log: Log): Promise<void> {
  const deadline = Date.now() + REDIS_START_MS
  for (;;) {
    const problem = await queue.checkReady().then(() => undefined, asResponseError)
    if (problem === undefined) return
    if (Date.now() > deadline)
      return log.error({ reason: problem.message }, 'Redis is not ready; alerts are refused until it is')
    await sleep(REDIS_RETRY_MS)
  }
}

function openQueue(redisUrl: string, { config }: LoadedConfig, { log, closers }: Starting): ResponseQueue {
  const queue = new ResponseQueue({ redisUrl, log, retention: config.outcomes })
  closers.add(() => queue.close())
  return queue
}

interface IngestParts {
  readonly loaded: LoadedConfig
  readonly listen: ListenAddress
  readonly access: Access
  readonly tls: TlsFiles | undefined
  readonly queue: ResponseQueue
  readonly metrics: Metrics
}

/** Starts the HTTP edge and gives its address. */
async function serveIngest(
  { loaded, listen, access, tls, queue, metrics }: IngestParts,
  { flags, log, closers }: Starting,
): Promise<string> {
  const app = buildIngestServer({
    config: () => loaded.config,
    tokens: () => access.ingestTokens,
    anonymous: access.anonymous,
    sink: queue,
    log,
    observe: { alert: (labels) => metrics.alerts.inc({ ...labels }) },
    now: Date.now,
    dryRun: flags.dryRun,
    ...(tls === undefined ? {} : { tls }),
  })
  closers.add(() => app.close())
  return listenOn(app, listen, { flag: '--listen', scheme: tls === undefined ? 'http' : 'https' })
}

interface AdminParts {
  readonly admin: ListenAddress
  readonly loaded: LoadedConfig
  readonly access: Access
  readonly redisUrl: string
  readonly metrics: Exposition
  readonly checks: readonly ReadinessCheck[]
  /** Where ingest listens, when this process has one. */
  readonly ingest?: string
}

/** Starts the operators' server, and says that all is ready. */
async function serveAdmin(
  { admin, loaded, access, redisUrl, metrics, checks, ingest }: AdminParts,
  { flags, log, closers }: Starting,
): Promise<void> {
  const lanes = lanesOf(loaded.config, flags.dryRun)
  const board = new LaneBoard({ redisUrl, basePath: '/queues', lanes, log })
  closers.add(() => board.close())
  const operators = { tokens: () => access.adminTokens, desk: board, pages: board.pages, log }
  const server = buildAdminServer({ metrics, checks, operators })
  closers.add(() => server.close())
  const address = await listenOn(server, admin, { flag: '--admin-listen', scheme: 'http' })
  if (access.adminTokens.length === 0)
    log.warn({ admin: address }, 'no admin token is set: everybody on this machine may use /queues and /api')
  log.info(
    {
      version: VERSION,
      ...(ingest === undefined ? {} : { ingest }),
      admin: address,
      repositories: loaded.config.repositories.map(({ name }) => name),
      responses: loaded.config.responses.map(({ name }) => name),
      dryRun: flags.dryRun,
    },
    'saker is ready',
  )
}
