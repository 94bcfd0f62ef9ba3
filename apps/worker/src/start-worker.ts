import { lanesOf, type Config, type Lane, type Log, type Repository } from '@saker/core'
import type { RepositoryHost } from '@saker/engine'
import { CredentialBudget, KnownLanes, ProposalNotes, WorkloadGuards } from '@saker/queue'
import { Fallbacks } from './fallbacks.ts'
import { LaneSet, type WantedLane } from './lane-set.ts'
import { LeftLanes } from './left-lanes.ts'
import { Neighbours } from './neighbours.ts'
import { openLaneRepository } from './open-lane-hosts.ts'
import { Receivers } from './receivers.ts'
import { serveLane, serveLeftLane, type LaneServices } from './serve-lane.ts'

/** How often lanes are looked for that no config leads to. */
const LOOK_MS = 30_000

/** What a worker process is made of. */
export interface WorkerDependencies extends Omit<
  LaneServices,
  'receivers' | 'budget' | 'guards' | 'notes' | 'fallbacks' | 'neighbours'
> {
  readonly dryRun: boolean
  readonly log: Log
  /** How long a lane that no config leads to has to be without anybody. Absent: two minutes. */
  readonly leftPatienceMs?: number
}

/** A worker that serves every lane of the config. */
export interface RunningWorker {
  /** Rejects when a lane has no running leader, naming it. */
  checkRunning(): Promise<void>
  /** Follows a changed config: new lanes are served, changed ones opened again, those that are gone drained. */
  apply(config: Config): void
  /** Takes no further jobs, lets the active ones end within the grace period or hands them back, then frees everything. */
  close(options: { readonly graceMs: number }): Promise<void>
}

/** Starts a leader for every lane. The lanes run side by side: one that waits for its host delays no other. */
export async function startWorker(deps: WorkerDependencies): Promise<RunningWorker> {
  const receivers = new Receivers(deps.secrets, deps.log)
  const budget = new CredentialBudget({ redisUrl: deps.redisUrl, log: deps.log })
  const guards = new WorkloadGuards({ redisUrl: deps.redisUrl, log: deps.log })
  const notes = new ProposalNotes({ redisUrl: deps.redisUrl, log: deps.log })
  const open = (repository: Repository): RepositoryHost =>
    openLaneRepository(repository, { ...deps, budget, writes: false })
  const neighbours = new Neighbours({ open, now: Date.now })
  const services = { ...deps, receivers, budget, guards, notes, fallbacks: new Fallbacks(), neighbours }
  const lanes = new LaneSet({
    serve: (lane) => serveLane(lane, services),
    serveLeft: (lane) => serveLeftLane(lane, services),
    log: deps.log,
  })
  const wanted = (config: Config): readonly WantedLane[] =>
    lanesOf(config, deps.dryRun).map((lane) => wantedLane(lane, config))
  await lanes.apply(wanted(deps.config()))
  const known = new KnownLanes({ redisUrl: deps.redisUrl, log: deps.log })
  const stopLooking = lookForLeftLanes(known, lanes, deps)
  return {
    checkRunning: async () => lanes.checkRunning(),
    apply: (config) => void lanes.apply(wanted(config)),
    async close(options) {
      stopLooking()
      await lanes.close(options)
      const shared = [known, receivers, budget, guards, notes, neighbours]
      await Promise.all(shared.map((one) => one.close()))
    },
  }
}

function wantedLane(lane: Lane, config: Config): WantedLane {
  const repository = config.repositories.find(({ name }) => name === lane.repository)
  return { lane, identity: JSON.stringify([lane, repository, config.coalesce]) }
}

/** Gives what ends the looking. */
function lookForLeftLanes(known: KnownLanes, lanes: LaneSet, { log, leftPatienceMs }: WorkerDependencies): () => void {
  const left = new LeftLanes({
    unfinishedBeside: (served) => known.unfinishedBeside(served),
    served: () => lanes.slugs,
    adopt: (lane) => lanes.adopt(lane),
    log,
    now: Date.now,
    ...(leftPatienceMs === undefined ? {} : { patienceMs: leftPatienceMs }),
  })
  const timer = setInterval(() => void left.look(), Math.min(LOOK_MS, leftPatienceMs ?? LOOK_MS)).unref()
  return () => clearInterval(timer)
}
