import { Gauge, type Registry } from 'prom-client'

/** What a Git host said is left of a budget of requests. */
export interface RemainingBudget {
  readonly repository: string
  /** Name of the budget, from a closed set. */
  readonly resource: string
  readonly remaining: number
  /** When the budget is whole again, in milliseconds since 1970. */
  readonly resetsAt: number
}

/**
 * `saker_git_rate_limit_remaining`: what the Git host said last. From its reset on a budget has no value until the host
 * speaks again, so that one that was used up an hour ago does not look so now.
 */
export class RateLimitGauge {
  readonly #known = new Map<string, RemainingBudget>()

  constructor(registry: Registry, now: () => number = Date.now) {
    const known = this.#known
    const gauge: Gauge<'repository' | 'resource'> = new Gauge({
      name: 'saker_git_rate_limit_remaining',
      help: 'Requests that the Git host lets a repository’s credential make until the reset of its budget.',
      labelNames: ['repository', 'resource'],
      aggregator: 'min',
      registers: [registry],
      collect() {
        gauge.reset()
        for (const [key, budget] of known) {
          if (budget.resetsAt <= now()) known.delete(key)
          else gauge.set({ repository: budget.repository, resource: budget.resource }, budget.remaining)
        }
      },
    })
  }

  /** Takes what a host said. */
  heard(budget: RemainingBudget): void {
    this.#known.set(`${budget.repository} ${budget.resource}`, budget)
  }
}
