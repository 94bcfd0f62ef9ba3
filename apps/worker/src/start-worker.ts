import { setTimeout as sleep } from 'node:timers/promises'
import { lanesOf, type Config, type Lane, type Log } from '@saker/core'
import { respond, type RepositoryHost } from '@saker/engine'
import { credentialOf, CredentialBudget, startLaneWorker, type LaneWorker, type LaneWorkerOptions } from '@saker/queue'
import { openRepository } from '@saker/repository'
import type { Metrics, SecretReader } from '@saker/service'
import { BudgetedHost } from './budgeted-host.ts'
import { logSettled } from './log-settled.ts'
import { Receivers } from './receivers.ts'

/** What a worker process is made of. */
export interface WorkerDependencies {
  readonly config: Config
  readonly redisUrl: string
  readonly dataDir: string
  readonly dryRun: boolean
  /** How long a worker that says nothing counts as alive. 15 s by default. */
  readonly lockDurationMs?: number
  /** Whether no other worker can be connected to this Redis. */
  readonly isSole?: boolean
  readonly secrets: SecretReader
  readonly metrics: Metrics
  readonly log: Log
}

/** A worker that serves every lane of the config. */
export interface RunningWorker {
  /** Rejects when a lane has no running leader, naming it. */
  checkRunning(): Promise<void>
  /** Takes no further jobs, lets the active ones end within the grace period or hands them back, then frees everything. */
  close(options: { readonly graceMs: number }): Promise<void>
}

/** Starts a leader for every lane. The lanes run side by side: one that waits for its host delays no other. */
export async function startWorker(deps: WorkerDependencies): Promise<RunningWorker> {
  const receivers = new Receivers(deps.secrets, deps.log)
  const budget = new CredentialBudget({ redisUrl: deps.redisUrl, log: deps.log })
  const beside = { receivers, budget }
  const lanes = await Promise.all(lanesOf(deps.config, deps.dryRun).map((lane) => startLane(lane, deps, beside)))
  return {
    async checkRunning() {
      const idle = lanes.filter(({ worker }) => !worker.isRunning()).map(({ worker }) => worker.slug)
      if (idle.length > 0) throw new Error(`no leader is running for ${idle.join(', ')}`)
    },
    async close(options) {
      await Promise.all(lanes.map(({ worker }) => worker.close(options)))
      await Promise.all([receivers.close(), budget.close(), ...lanes.map(({ host }) => host.close())])
    },
  }
}

/** What the lanes of a worker share. */
interface Beside {
  readonly receivers: Receivers
  readonly budget: CredentialBudget
}

async function startLane(
  lane: Lane,
  deps: WorkerDependencies,
  { receivers, budget }: Beside,
): Promise<{ worker: LaneWorker; host: RepositoryHost }> {
  const { config, metrics, log } = deps
  const repository = config.repositories.find(({ name }) => name === lane.repository)
  if (repository === undefined)
    throw new Error(`lane ${lane.slug} names repository ${lane.repository}, which the config lacks`)
  const name = repository.name
  const unlimited = openRepository(repository, {
    readSecret: (ref) => deps.secrets.read(ref),
    dataDir: deps.dataDir,
    observe: ({ operation, status }) => metrics.gitRequests.inc({ repository: name, operation, status }),
  })
  const credential = credentialOf(repository)
  const writing = lane.delivery !== 'observe'
  const host = credential === undefined ? unlimited : new BudgetedHost(unlimited, { budget, credential, writing })
  const observe = {
    conflict: (): void => metrics.conflicts.inc({ repository: name }),
    committed: (_commit: unknown, clusters: readonly string[], responses: number): void => {
      metrics.commits.inc({ repository: name, delivery: lane.delivery })
      metrics.responsesPerCommit.observe(responses)
      receivers.notify(repository, clusters)
    },
  }
  const worker = await startLaneWorker({
    redisUrl: deps.redisUrl,
    slug: lane.slug,
    coalesce: config.coalesce,
    ...lockOf(deps),
    log,
    respond: (batch) =>
      respond(batch, {
        host,
        config,
        repository: name,
        delivery: lane.delivery,
        log,
        observe,
        wait: (ms, signal) => sleep(ms, undefined, { signal }),
        random: Math.random,
      }),
    onSettled: (job, outcome, facts) => {
      metrics.settled(job.response, outcome, facts)
      logSettled(log, { lane, job, outcome, facts })
    },
  })
  return { worker, host }
}

/** How the locks of former workers are treated, as far as that was said. */
function lockOf({
  lockDurationMs,
  isSole = false,
}: WorkerDependencies): Pick<LaneWorkerOptions, 'lockDurationMs' | 'isSole'> {
  return { isSole, ...(lockDurationMs === undefined ? {} : { lockDurationMs }) }
}
