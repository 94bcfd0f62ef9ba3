import { setTimeout as sleep } from 'node:timers/promises'
import { laneOf, lanesOf, type Config, type Forward, type Lane, type Log, type Outcome } from '@saker/core'
import { BranchMemory, Layouts, respond, type Commit } from '@saker/engine'
import {
  startLaneWorker,
  type CredentialBudget,
  type LaneBatch,
  type LaneWorker,
  type ProposalNotes,
  type WorkloadGuards,
} from '@saker/queue'
import type { Metrics, SecretReader } from '@saker/service'
import type { Fallbacks } from './fallbacks.ts'
import { LaneReverter, type LaneReverterOptions } from './lane-reverter.ts'
import { leaveLane } from './left-lanes.ts'
import { logSettled } from './log-settled.ts'
import type { Neighbours } from './neighbours.ts'
import type { Receivers } from './receivers.ts'
import { directHost, proposingHost, type LaneParts, type WrittenHost } from './written-host.ts'

/** What every lane of a worker is served with. */
export interface LaneServices {
  /** The config in use; asked for each batch. */
  readonly config: () => Config
  readonly secrets: SecretReader
  readonly redisUrl: string
  readonly dataDir: string
  /** How long a worker that says nothing counts as alive. Absent: the queue's own default. */
  readonly lockDurationMs?: number
  /** How often is looked what has become of an open proposal. Absent: every minute. */
  readonly proposalIntervalMs?: number
  /** Whether no other worker can be connected to this Redis. */
  readonly isSole?: boolean
  readonly receivers: Receivers
  /** The other repositories that declare something of a lane's clusters. */
  readonly neighbours: Neighbours
  readonly budget: CredentialBudget
  readonly guards: WorkloadGuards
  readonly notes: ProposalNotes
  /** Which branches are known to be protected, for all lanes of this process. */
  readonly fallbacks: Fallbacks
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
  const repository = services.config().repositories.find(({ name }) => name === lane.repository)
  if (repository === undefined) throw new Error(`lane ${lane.slug} names a repository that the config lacks`)
  const config = lastConfigOf(lane, services.config)
  const guard = services.guards.ofLane(lane.slug)
  const notify = (clusters: readonly string[]): void =>
    services.receivers.notify(
      config().repositories.find(({ name }) => name === repository.name) ?? repository,
      clusters,
    )
  const shared = { lane, repository, config, guard, services, notify }
  const written = lane.delivery === 'pull-request' ? proposingHost(shared) : directHost(shared)
  const memory = new BranchMemory()
  const reverter = reverterOf({ ...shared, ...written, memory })
  const observe = {
    conflict: (): void => services.metrics.conflicts.inc({ repository: repository.name }),
    committed: (commit: Commit, clusters: readonly string[], responses: number): void => {
      if (lane.delivery === 'commit') reverter?.committed(commit)
      services.metrics.commits.inc({ repository: repository.name, delivery: lane.delivery })
      services.metrics.responsesPerCommit.observe(responses)
      written.committed(clusters)
    },
  }
  const layouts = new Layouts()
  const worker = await startLane(lane, { ...services, config }, (batch) =>
    respond(batch, {
      ...written.route(),
      guard,
      memory,
      config: config(),
      repository: repository.name,
      delivery: lane.delivery,
      readNeighbour: (neighbour, signal) => services.neighbours.read(neighbour, signal),
      layouts,
      log: services.log,
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
      await written.close()
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

/**
 * What takes responses back when their time is over: the lane that commits, and by a proposal the lane that proposes, where
 * there is no other or its branch is protected.
 */
function reverterOf(
  parts: LaneParts & Pick<LaneReverterOptions, 'host' | 'memory'> & Pick<WrittenHost, 'applied'>,
): LaneReverter | undefined {
  const { lane, repository, config, guard, services, notify, host, memory, applied } = parts
  const { metrics, log, fallbacks } = services
  if (lane.delivery === 'observe') return undefined
  const isProposing = lane.delivery === 'pull-request'
  const fallback = fallbacks.of(repository)
  const isDirect = (): boolean =>
    lanesOf(config(), false).some((one) => one.repository === repository.name && one.delivery === 'commit') &&
    !fallback.isKnown(Date.now())
  return new LaneReverter({
    host,
    guard,
    memory,
    config,
    ...(applied === undefined ? {} : { applied }),
    isOn: () => isProposing !== isDirect(),
    onProtected: () => isProposing || fallback.met(Date.now()),
    repository: repository.name,
    log,
    now: Date.now,
    onEnded: (result) => metrics.reverts.inc({ repository: repository.name, result }),
    onCommit: (_commit, clusters) => {
      metrics.commits.inc({ repository: repository.name, delivery: lane.delivery })
      if (!isProposing) notify(clusters)
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
