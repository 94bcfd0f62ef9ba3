import { setTimeout as sleep } from 'node:timers/promises'
import {
  laneOf,
  lanesOf,
  type Config,
  type Forward,
  type Lane,
  type Log,
  type Outcome,
  type Repository,
} from '@saker/core'
import {
  BranchMemory,
  Layouts,
  respond,
  type Commit,
  type RepositoryHost,
  type RespondDependencies,
  type WorkloadGuard,
} from '@saker/engine'
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
import { LaneProposals } from './lane-proposals.ts'
import { LaneReverter, type LaneReverterOptions } from './lane-reverter.ts'
import { logSettled } from './log-settled.ts'
import type { Neighbours } from './neighbours.ts'
import { openLaneProposals, openLaneRepository } from './open-lane-hosts.ts'
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
  const worker = await startLane(lane, services, (batch) =>
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

/** What the parts of a served lane share. */
interface LaneParts {
  readonly lane: Lane
  readonly repository: Repository
  readonly config: () => Config
  readonly guard: WorkloadGuard
  readonly services: LaneServices
  readonly notify: (clusters: readonly string[]) => void
}

/** Where the responses of a lane are written. */
interface WrittenHost {
  readonly host: RepositoryHost
  /** The branch in which they take effect, where that is another one. */
  readonly applied?: RepositoryHost
  /** What the engine needs to write there, as things are. */
  readonly route: () => Pick<RespondDependencies, 'host' | 'proposals' | 'fallback' | 'overCap'>
  /** Told of each commit, with the clusters it concerns. */
  readonly committed: (clusters: readonly string[]) => void
  readonly close: () => Promise<void>
}

/** Writes to the branch itself, or nowhere; what it does not take goes on in the lane that proposes. */
function directHost({ lane, repository, config, services, notify }: LaneParts): WrittenHost {
  const host = openLaneRepository(repository, { ...services, writes: lane.delivery !== 'observe' })
  const close = (): Promise<void> => host.close()
  if (lane.delivery === 'observe') return { host, route: () => ({ host }), committed: notify, close }
  const fallback = services.fallbacks.of(repository)
  const overCap: Forward = { ...fallback.forward, because: 'WorkloadCap' }
  return {
    host,
    route: () => ({
      host,
      fallback,
      ...(config().guard.maxWorkloads.otherwise === 'pull-request' ? { overCap } : {}),
    }),
    committed: notify,
    close,
  }
}

/** Proposes; the receivers learn of it once it is merged. */
function proposingHost({ lane, repository, config, guard, services, notify }: LaneParts): WrittenHost {
  const { base, proposals } = openLaneProposals(repository, { ...services, writes: true })
  const { notes, log, metrics } = services
  const kept = new LaneProposals({
    lane,
    host: proposals,
    base,
    repository,
    config,
    guard,
    notes,
    log,
    onChanged: (state) => metrics.proposals.inc({ repository: repository.name, state }),
    onMerged: notify,
  })
  const host = kept.branch
  return {
    host,
    applied: base,
    route: () => ({ host, proposals: host }),
    committed: () => kept.committed(),
    async close() {
      await kept.close()
      await base.close()
    },
  }
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
      metrics.settled(job.response, outcome, facts)
      logSettled(log, { lane, job, outcome, facts })
    },
  })
}
