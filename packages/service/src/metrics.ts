import { outcomeCode, type ActionName, type LaneFigures, type Outcome } from '@saker/core'
import { AggregatorRegistry, collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { registerLaneGauges } from './lane-gauges.ts'
import { RateLimitGauge, type RemainingBudget } from './rate-limit-gauge.ts'

/** Seconds from an alert's arrival to its commit; the settle time of a burst is a fifth of a second. */
const LATENCY_BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900]

type Budget = Omit<RemainingBudget, 'repository'>

/** Metrics as Prometheus reads them. */
export interface Exposition {
  readonly contentType: string
  readonly exposition: () => Promise<string>
}

/**
 * Saker's metrics, names and labels as documented. No label holds anything that an alert can choose: clusters, responses
 * and repositories are names of the config, everything else comes from closed sets.
 */
export class Metrics {
  readonly registry = new Registry()
  readonly alerts = this.#counter('saker_alerts_total', 'Alerts that ingest answered.', [
    'cluster',
    'format',
    'result',
    'reason',
  ])
  readonly responses = this.#counter('saker_responses_total', 'Endings of alert × response.', [
    'response',
    'outcome',
    'code',
  ])
  readonly actions = this.#counter('saker_actions_total', 'Endings of the actions of responses.', ['action', 'outcome'])
  readonly commits = this.#counter('saker_commits_total', 'Commits made.', ['repository', 'delivery'])
  readonly conflicts = this.#counter('saker_commit_conflicts_total', 'Writes that lost a race and were planned anew.', [
    'repository',
  ])
  readonly proposals = this.#counter(
    'saker_proposals_total',
    'Pull requests, or branches to be merged, by what became of them.',
    ['repository', 'state'],
  )
  readonly reverts = this.#counter('saker_reverts_total', 'Responses whose time was over.', ['repository', 'result'])
  readonly gitRequests = this.#counter('saker_git_requests_total', 'Requests to Git hosts.', [
    'repository',
    'operation',
    'status',
  ])
  readonly configReload = new Gauge({
    name: 'saker_config_reload_success',
    help: '1 when the config in use is the newest one, 0 when a newer one was refused.',
    aggregator: 'min',
    registers: [this.registry],
  })
  readonly responsesPerCommit = new Histogram({
    name: 'saker_responses_per_commit',
    help: 'Responses that one commit carried out.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 250, 500],
    registers: [this.registry],
  })
  readonly alertToCommitSeconds = new Histogram({
    name: 'saker_alert_to_commit_seconds',
    help: 'Seconds from taking an alert in to its commit.',
    buckets: LATENCY_BUCKETS,
    registers: [this.registry],
  })

  readonly #rateLimits = new RateLimitGauge(this.registry)

  constructor(version: string) {
    collectDefaultMetrics({ register: this.registry })
    const build = new Gauge({
      name: 'saker_build_info',
      help: 'Always 1.',
      labelNames: ['version'],
      aggregator: 'first',
      registers: [this.registry],
    })
    build.set({ version }, 1)
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] })
  }

  /** Shows how the lanes are doing, too. Call it once; of processes that are shown together, in one of them. */
  watchLanes(read: () => Promise<readonly LaneFigures[]>): void {
    registerLaneGauges(this.registry, read)
  }

  /** Everything counted in this process. */
  alone(): Exposition {
    return { contentType: this.registry.contentType, exposition: () => this.registry.metrics() }
  }

  /** Everything counted in this process and, as `asJson` gave it there, in another one; what both count is added up. */
  joinedWith(asJson: () => Promise<readonly object[]>): Exposition {
    const exposition = async (): Promise<string> => {
      const all = [await this.asJson(), await asJson()]
      return AggregatorRegistry.aggregate(all).metrics()
    }
    return { contentType: this.registry.contentType, exposition }
  }

  /** What another process can join its own metrics with. */
  async asJson(): Promise<readonly object[]> {
    return this.registry.getMetricsAsJSON()
  }

  /** Counts a request to a Git host, and shows what the host says is left of its budget. */
  gitRequest(
    repository: string,
    { operation, status, budget }: { readonly operation: string; readonly status: string; readonly budget?: Budget },
  ): void {
    this.gitRequests.inc({ repository, operation, status })
    if (budget !== undefined) this.#rateLimits.heard({ repository, ...budget })
  }

  /**
   * Counts how a response ended and each of its actions with it and, when it was committed, how long that took from
   * `receivedAt` (both in milliseconds).
   */
  settled(
    { name, actions }: { readonly name: string; readonly actions: readonly { readonly action: ActionName }[] },
    outcome: Outcome,
    times: { readonly receivedAt: number; readonly settledAt: number },
  ): void {
    this.responses.inc({ response: name, outcome: outcome.outcome, code: outcomeCode(outcome) })
    for (const { action } of actions) this.actions.inc({ action, outcome: outcome.outcome })
    if (outcome.outcome === 'committed') this.alertToCommitSeconds.observe((times.settledAt - times.receivedAt) / 1000)
  }
}
