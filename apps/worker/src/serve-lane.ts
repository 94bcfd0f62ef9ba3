import { setTimeout as sleep } from 'node:timers/promises'
import { laneOf, type Config, type Forward, type Lane, type Log, type Outcome, type Repository } from '@saker/core'
import { BranchMemory, Layouts, respond, type Commit, type RepositoryHost } from '@saker/engine'
import {
  credentialOf,
  startLaneWorker,
  type CredentialBudget,
  type LaneBatch,
  type LaneWorker,
  type WorkloadGuards,
} from '@saker/queue'
import { openRepository } from '@saker/repository'
import type { Metrics, SecretReader } from '@saker/service'
import { BudgetedHost } from './budgeted-host.ts'
import { LaneReverter, type LaneReverterOptions } from './lane-reverter.ts'
import { leaveLane } from './left-lanes.ts'
import { logSettled } from './log-settled.ts'
import type { Neighbours } from './neighbours.ts'
import type { Receivers } from './receivers.ts'

/** What every lane of a worker is served with. */
export interface LaneServices {
  /** The config in use; asked for each batch. */
  readonly config: () => Config
  readonly secrets: SecretReader
  readonly redisUrl: string
  readonly dataDir: string
  /** How long a worker that says nothing counts as alive. Absent: the queue's own default. */
  readonly lockDurationMs?: number
  /** Whether no other worker can be connected to this Redis. */
  readonly isSole?: boolean
  readonly receivers: Receivers
  /** The other repositories that declare something of a lane's clusters. */
  readonly neighbours: Neighbours
  readonly budget: CredentialBudget
  readonly guards: WorkloadGuards
  readonly metrics: Metrics
  readonly log: Log
}

/** A lane under service. */
export interface ServedLane {
  readonly worker: LaneWorker
  close(options: { readonly graceMs: number }): Promise<void>
}

/**
 * Serves a lane of the config: its repository is opened once and kept until the lane closes. Should the config stop leading
 * to the lane, what was accepted for it is answered by the last config that did.
 */
export async function serveLane(lane: Lane, services: LaneServices): Promise<ServedLane> {
  const { config, metrics, log, receivers } = services
  const repository = config().repositories.find(({ name }) => name === lane.repository)
  if (repository === undefined) throw new Error(`lane ${lane.slug} names a repository that the config lacks`)
  const { name } = repository
  const host = openLaneRepository(repository, { ...services, writes: lane.delivery !== 'observe' })
  const layouts = new Layouts()
  const guard = services.guards.ofLane(lane.slug)
  const memory = new BranchMemory()
  const laneConfig = lastConfigOf(lane, config)
  const notify = (clusters: readonly string[]): void =>
    receivers.notify(laneConfig().repositories.find((one) => one.name === name) ?? repository, clusters)
  const reverter = reverterOf(lane, { host, guard, memory, config: laneConfig, services, notify })
  const observe = {
    conflict: (): void => metrics.conflicts.inc({ repository: name }),
    committed: (commit: Commit, clusters: readonly string[], responses: number): void => {
      reverter?.committed(commit)
      metrics.commits.inc({ repository: name, delivery: lane.delivery })
      metrics.responsesPerCommit.observe(responses)
      notify(clusters)
    },
  }
  const worker = await startLane(lane, { ...services, config: laneConfig }, (batch) =>
    respond(batch, {
      host,
      guard,
      memory,
      config: laneConfig(),
      repository: name,
      delivery: lane.delivery,
      readNeighbour: (neighbour, signal) => services.neighbours.read(neighbour, signal),
      layouts,
      log,
      observe,
      wait: (ms, signal) => sleep(ms, undefined, { signal }),
      now: Date.now,
      random: Math.random,
    }),
  )
  return {
    worker,
    async close(options) {
      await reverter?.close()
      await worker.close(options)
      await host.close()
    },
  }
}

/**
 * Serves a lane that the config does not lead to: nothing is written there, all that it holds goes on elsewhere or ends.
 */
export async function serveLeftLane(
  lane: Lane,
  services: LaneServices & { readonly dryRun: boolean },
): Promise<ServedLane> {
  const { config, dryRun } = services
  const worker = await startLane(lane, services, async ({ jobs }) => leaveLane(jobs, { config: config(), dryRun }))
  return { worker, close: (options) => worker.close(options) }
}

/** What takes responses back when their time is over, in a lane whose commits go to the branch. */
function reverterOf(
  lane: Lane,
  parts: Pick<LaneReverterOptions, 'host' | 'guard' | 'memory' | 'config'> & {
    readonly services: LaneServices
    readonly notify: (clusters: readonly string[]) => void
  },
): LaneReverter | undefined {
  const { services, notify, ...rest } = parts
  const { metrics, log } = services
  const { repository } = lane
  if (lane.delivery !== 'commit') return undefined
  return new LaneReverter({
    ...rest,
    repository,
    log,
    now: Date.now,
    onEnded: (result) => metrics.reverts.inc({ repository, result }),
    onCommit: (_commit, clusters) => {
      metrics.commits.inc({ repository, delivery: lane.delivery })
      notify(clusters)
    },
  })
}

/** The config in use as long as it leads to the lane, and from then on the last one that did. */
function lastConfigOf(lane: Lane, config: () => Config): () => Config {
  let last = config()
  return () => {
    const now = config()
    const repository = now.repositories.find(({ name }) => name === lane.repository)
    if (repository !== undefined && laneOf(repository, lane.delivery).slug === lane.slug) last = now
    return last
  }
}

/** Opens a repository with its share of the credential's budget. Asks nothing of it yet. */
export function openLaneRepository(
  repository: Repository,
  services: Pick<LaneServices, 'secrets' | 'dataDir' | 'metrics' | 'budget'> & { readonly writes: boolean },
): RepositoryHost {
  const { secrets, dataDir, metrics, budget, writes } = services
  const host = openRepository(repository, {
    readSecret: (ref) => secrets.read(ref),
    dataDir,
    observe: (request) => metrics.gitRequest(repository.name, request),
  })
  const credential = credentialOf(repository)
  return credential === undefined ? host : new BudgetedHost(host, { budget, credential, writing: writes })
}

async function startLane(
  lane: Lane,
  { config, redisUrl, lockDurationMs, isSole = false, metrics, log }: LaneServices,
  respondTo: (batch: LaneBatch) => Promise<ReadonlyMap<string, Outcome | Forward>>,
): Promise<LaneWorker> {
  return startLaneWorker({
    redisUrl,
    slug: lane.slug,
    coalesce: config().coalesce,
    isSole,
    heldMs: () => config().outcomes.keepFailedMs,
    ...(lockDurationMs === undefined ? {} : { lockDurationMs }),
    log,
    respond: respondTo,
    onSettled: (job, outcome, facts) => {
      const { actions = [] } = config().responses.find(({ name }) => name === job.response) ?? {}
      metrics.settled({ name: job.response, actions }, outcome, facts)
      logSettled(log, { lane, job, outcome, facts })
    },
  })
}
