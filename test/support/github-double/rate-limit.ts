import type { FastifyRequest } from 'fastify'

const LIMIT = 5000
const HOUR_S = 3600

/**
 * Counts requests of each credential against a budget for REST and one for GraphQL, as GitHub does, and never refuses one:
 * refusals are faults that a test asks for.
 *
 * @see https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
 */
export class RateLimit {
  readonly #used = new Map<string, number>()
  readonly #reset = Math.floor(Date.now() / 1000) + HOUR_S

  /** Counts a request, and gives the headers that tell of it. */
  headersFor({ url, headers }: FastifyRequest): readonly (readonly [name: string, value: string])[] {
    const resource = url.endsWith('/graphql') ? 'graphql' : 'core'
    const key = `${resource} ${headers.authorization ?? ''}`
    const used = (this.#used.get(key) ?? 0) + 1
    this.#used.set(key, used)
    return [
      ['x-ratelimit-limit', String(LIMIT)],
      ['x-ratelimit-remaining', String(LIMIT - used)],
      ['x-ratelimit-used', String(used)],
      ['x-ratelimit-reset', String(this.#reset)],
      ['x-ratelimit-resource', resource],
    ]
  }
}
