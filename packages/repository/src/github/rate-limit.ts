import type { RequestBudget } from '@saker/engine'

/** GitHub's advice where an answer names no time: wait at least a minute. */
const DEFAULT_WAIT_MS = 60_000
const MIN_WAIT_MS = 1000

/** What is needed of an answer to tell whether it turns us away for asking too often. */
export interface LimitedAnswer {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string>>
  /** GitHub's own words. */
  readonly said: string
  /** `type` of each GraphQL error. */
  readonly types: readonly string[]
}

/**
 * Whether an answer is a rate limit. GitHub uses 403 for that too, so a 403 counts only with a sign of it: a time to
 * wait, a budget used up, or the words.
 *
 * @see https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
 */
export function isRateLimited({ status, headers, said, types }: LimitedAnswer): boolean {
  if (status === 429 || types.some((type) => type === 'RATE_LIMITED' || type === 'RATE_LIMIT')) return true
  const spoken = /secondary rate limit|rate limit (?:already )?exceeded|abuse detection/iu.test(said)
  if (status !== 403) return spoken && status !== undefined && status < 400
  return spoken || headers['retry-after'] !== undefined || headers['x-ratelimit-remaining'] === '0'
}

/** The time to wait that `retry-after` names, in milliseconds: seconds or a date. Undefined when it names none. */
export function retryAfterOf(headers: Readonly<Record<string, string>>, now: () => number): number | undefined {
  const written = headers['retry-after']
  if (written === undefined) return undefined
  const seconds = Number(written)
  if (Number.isFinite(seconds)) return Math.max(seconds * 1000, 0)
  const date = Date.parse(written)
  return Number.isNaN(date) ? undefined : Math.max(date - clockOf(headers, now), 0)
}

/**
 * How long to stay away after a rate limit, in milliseconds: what `retry-after` says, else until a second past the reset
 * of a budget that is used up, else a minute. The reset is compared with the answer's own `date`, so that a wrong clock
 * here does not matter.
 */
export function rateLimitWaitMs(headers: Readonly<Record<string, string>>, now: () => number): number {
  const asked = retryAfterOf(headers, now)
  if (asked !== undefined) return Math.max(asked, MIN_WAIT_MS)
  const reset = Number(headers['x-ratelimit-reset'])
  if (headers['x-ratelimit-remaining'] !== '0' || !Number.isFinite(reset)) return DEFAULT_WAIT_MS
  return Math.max((reset + 1) * 1000 - clockOf(headers, now), MIN_WAIT_MS)
}

/**
 * What an answer says is left of the budget it was paid from, or undefined when it names none, as GitHub Enterprise does
 * where rate limits are off. The reset is moved from GitHub's clock to ours.
 */
export function budgetOf(headers: Readonly<Record<string, string>>, now: () => number): RequestBudget | undefined {
  const remaining = Number(headers['x-ratelimit-remaining'] ?? Number.NaN)
  const reset = Number(headers['x-ratelimit-reset'] ?? Number.NaN)
  if (!Number.isFinite(remaining) || !Number.isFinite(reset)) return undefined
  const named = headers['x-ratelimit-resource']
  const resource = named === 'core' || named === 'graphql' ? named : 'other'
  return { resource, remaining, resetsAt: now() + reset * 1000 - clockOf(headers, now) }
}

function clockOf(headers: Readonly<Record<string, string>>, now: () => number): number {
  const date = Date.parse(headers['date'] ?? '')
  return Number.isNaN(date) ? now() : date
}
