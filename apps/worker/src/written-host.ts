import type { Config, Forward, Lane, Log, Repository } from '@saker/core'
import type { RepositoryHost, RespondDependencies, WorkloadGuard } from '@saker/engine'
import type { ProposalNotes } from '@saker/queue'
import type { Fallbacks } from './fallbacks.ts'
import { LaneProposals } from './lane-proposals.ts'
import { openLaneProposals, openLaneRepository, type HostServices } from './open-lane-hosts.ts'

/** What the parts of a served lane share. */
export interface LaneParts {
  readonly lane: Lane
  readonly repository: Repository
  readonly config: () => Config
  readonly guard: WorkloadGuard
  readonly services: Omit<HostServices, 'writes'> & {
    readonly fallbacks: Fallbacks
    readonly notes: ProposalNotes
    readonly log: Log
    /** As in `LaneProposalsOptions`. */
    readonly proposalIntervalMs?: number
  }
  readonly notify: (clusters: readonly string[]) => void
}

/** Where the responses of a lane are written. */
export interface WrittenHost {
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
export function directHost({ lane, repository, config, services, notify }: LaneParts): WrittenHost {
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
export function proposingHost({ lane, repository, config, guard, services, notify }: LaneParts): WrittenHost {
  const { base, proposals } = openLaneProposals(repository, { ...services, writes: true })
  const { notes, log, metrics, proposalIntervalMs } = services
  const kept = new LaneProposals({
    lane,
    host: proposals,
    base,
    repository,
    config,
    guard,
    notes,
    log,
    ...(proposalIntervalMs === undefined ? {} : { intervalMs: proposalIntervalMs }),
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
