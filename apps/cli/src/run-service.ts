import { setTimeout as sleep } from 'node:timers/promises'
import { asResponseError, lanesOf, type Log } from '@saker/core'
import { LaneBoard, ResponseQueue } from '@saker/queue'
import {
  buildAdminServer,
  createLogger,
  Metrics,
  parseListenAddress,
  untilSignal,
  type Exposition,
  type LiveConfig,
  type ListenAddress,
  type ReadinessCheck,
} from '@saker/service'
import type { Listening } from './access.ts'
import { Closers } from './closers.ts'
import type { ServiceFlags } from './flags.ts'
import { listenOn } from './listen.ts'
import { followConfig, type Service, type Setup } from './load-config.ts'
import { redisForUp, sharedRedis } from './open-redis.ts'
import { answerParent, hasParent } from './process-questions.ts'
import { readTls, type TlsFiles } from './read-tls.ts'
import { VERSION } from './version.ts'
import { isSoleWorker, WorkerProcess } from './worker-process.ts'

/** Longest wait for work under way at shutdown; Kubernetes' default termination grace period is 30 s. */
const GRACE_MS = 25_000

/** How long ingest waits for Redis before it listens; one that is away then is answered for with 503. */
const REDIS_START_MS = 2000

const REDIS_RETRY_MS = 50

/** What starting a service needs. */
interface Starting {
  readonly service: Service
  readonly flags: ServiceFlags
  /** The flags as they were written, for the process that `up` starts. */
  readonly written: readonly string[]
  readonly log: Log
  readonly closers: Closers
}

/**
 * Runs a service until a signal comes, and gives the exit code. Ends in `CONFIG_INVALID` when it cannot start; nothing
 * keeps running then.
 */
export async function runService(service: Service, flags: ServiceFlags, written: readonly string[]): Promise<number> {
  const log = createLogger(flags.logLevel)
  const closers = new Closers()
  const starting = { service, flags, written, log, closers }
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
  const metrics = new Metrics(VERSION)
  const live = await follow({ ingest: listen, admin }, metrics, starting)
  const tls = await readTls(flags)
  const redis = service === 'up' ? await redisForUp(flags, process.env, log) : sharedRedis(process.env)
  closers.add(() => redis.close())
  const queue = openQueue(redis.url, live, starting)
  const checks = [{ name: 'redis', check: () => queue.checkReady() }]
  metrics.watchLanes(() => queue.laneStates(lanesOf(live.value.config, flags.dryRun)))
  const worker = service === 'up' ? new WorkerProcess({ flags: written, redis, log }) : undefined
  if (worker !== undefined) {
    closers.add(() => worker.close({ graceMs: GRACE_MS }))
    checks.push({ name: 'worker', check: () => worker.checkRunning() })
  }
  await untilReady(queue, log)
  const ingest = await serveIngest({ live, listen, tls, queue, metrics }, starting)
  await worker?.started()
  const shown = worker === undefined ? metrics.alone() : metrics.joinedWith(() => worker.metrics())
  await serveAdmin({ admin, live, redisUrl: redis.url, metrics: shown, checks, ingest }, starting)
}

/** A worker alone: with an admin server of its own, or beside ingest in `saker up`, which asks it instead. */
async function startWorkerAlone(starting: Starting): Promise<void> {
  const { flags, log, closers } = starting
  const admin = hasParent() ? undefined : parseListenAddress(flags.adminListen, '--admin-listen')
  const metrics = new Metrics(VERSION)
  const live = await follow(admin === undefined ? {} : { admin }, metrics, starting)
  const { url: redisUrl } = sharedRedis(process.env)
  const { dataDir, dryRun, lockDuration, proposalInterval } = flags
  const lock = lockDuration === undefined ? {} : { lockDurationMs: lockDuration }
  const interval = proposalInterval === undefined ? {} : { proposalIntervalMs: proposalInterval }
  const { secrets } = live.value
  const { startWorker } = await import('@saker/worker')
  const worker = await startWorker({
    config: () => live.value.config,
    secrets,
    ...lock,
    ...interval,
    isSole: isSoleWorker(),
    redisUrl,
    dataDir,
    dryRun,
    metrics,
    log,
  })
  closers.add(() => worker.close({ graceMs: GRACE_MS }))
  live.onChange(({ config }) => worker.apply(config))
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
  const queue = openQueue(redisUrl, live, starting)
  metrics.watchLanes(() => queue.laneStates(lanesOf(live.value.config, dryRun)))
  const checks = [
    { name: 'redis', check: () => queue.checkReady() },
    { name: 'worker', check: () => worker.checkRunning() },
  ]
  await serveAdmin({ admin, live, redisUrl, metrics: metrics.alone(), checks }, starting)
}

/** Loads the config and follows it from here on. */
async function follow(
  listening: Listening,
  metrics: Metrics,
  { service, flags, log, closers }: Starting,
): Promise<LiveConfig<Setup>> {
  const observe = { reloaded: (success: boolean): void => metrics.configReload.set(success ? 1 : 0) }
  const live = await followConfig({ flags, service, listening, log, observe })
  closers.add(() => live.close())
  return live
}

/** Waits a little for Redis, so that the first alert is not refused for a connection that is just being made. */
async function untilReady(queue: ResponseQueue, log: Log): Promise<void> {
  const deadline = Date.now() + REDIS_START_MS
  for (;;) {
    const problem = await queue.checkReady().then(() => undefined, asResponseError)
    if (problem === undefined) return
    if (Date.now() > deadline) return log.error({ reason: problem.message }, 'Redis is not ready')
    await sleep(REDIS_RETRY_MS)
  }
}

function openQueue(redisUrl: string, live: LiveConfig<Setup>, { log, closers }: Starting): ResponseQueue {
  const queue = new ResponseQueue({ redisUrl, log, retention: () => live.value.config.outcomes })
  closers.add(() => queue.close())
  return queue
}

interface IngestParts {
  readonly live: LiveConfig<Setup>
  readonly listen: ListenAddress
  readonly tls: TlsFiles | undefined
  readonly queue: ResponseQueue
  readonly metrics: Metrics
}

/** Starts the HTTP edge and gives its address. */
async function serveIngest(
  { live, listen, tls, queue, metrics }: IngestParts,
  { flags, log, closers }: Starting,
): Promise<string> {
  const { buildIngestServer } = await import('@saker/ingest')
  const app = buildIngestServer({
    config: () => live.value.config,
    tokens: () => live.value.access.ingestTokens,
    anonymous: () => live.value.access.anonymous,
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
  readonly live: LiveConfig<Setup>
  readonly redisUrl: string
  readonly metrics: Exposition
  readonly checks: readonly ReadinessCheck[]
  /** Where ingest listens, when this process has one. */
  readonly ingest?: string
}

/** Starts the operators' server, and says that all is ready. */
async function serveAdmin(
  { admin, live, redisUrl, metrics, checks, ingest }: AdminParts,
  { flags, log, closers }: Starting,
): Promise<void> {
  const { config, access } = live.value
  const board = new LaneBoard({ redisUrl, basePath: '/queues', lanes: lanesOf(config, flags.dryRun), log })
  closers.add(() => board.close())
  live.onChange((setup) => board.setLanes(lanesOf(setup.config, flags.dryRun)))
  const operators = { tokens: () => live.value.access.adminTokens, desk: board, pages: board.pages, log }
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
      repositories: config.repositories.map(({ name }) => name),
      responses: config.responses.map(({ name }) => name),
      dryRun: flags.dryRun,
    },
    'saker is ready',
  )
}
