import { setTimeout as sleep } from 'node:timers/promises'
import { ResponseError, type Log } from '@saker/core'
import { KEY_PREFIX } from '../lane/lane-queue.ts'
import { connectRedis, type RedisConnection } from '../redis/redis-connection.ts'
import { TIMED_OUT, within } from '../within.ts'

/**
 * Content that GitHub lets one credential create in a minute and in an hour.
 * https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
 */
export const GITHUB_WRITES_PER_MINUTE = 80
/** See {@link GITHUB_WRITES_PER_MINUTE}. */
export const GITHUB_WRITES_PER_HOUR = 500

/** So many writes within any span of so many milliseconds, at most. */
export interface WriteLimit {
  readonly writes: number
  readonly perMs: number
}

const GITHUB_LIMITS: readonly WriteLimit[] = [
  { writes: GITHUB_WRITES_PER_MINUTE, perMs: 60_000 },
  { writes: GITHUB_WRITES_PER_HOUR, perMs: 3_600_000 },
]

/** A wait up to this is waited out here; for a longer one the whole lane sleeps. */
const SHORT_MS = 2000

/** Redis gets no longer than this to answer a question that containment waits for. */
const ANSWER_MS = 500

/** A host that asks for more than this is asked again earlier. */
const LONGEST_BLOCK_MS = 2 * 3600 * 1000

/*
 * Half of each limit may be spent at once, the other half comes back evenly over its span (a token bucket, kept as the time
 * at which it is full again: https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm). So no span of that length ever
 * holds more than the limit, and a credential that is used up waits for seconds, not for the rest of an hour.
 *
 * KEYS: blocked, then one bucket per limit, all of one credential and one slot.
 * ARGV: whether to spend, then per limit the milliseconds between two writes, and how many may be spent at once.
 * Returns the milliseconds that the host has asked for, and those until a write may be spent. When both are 0, it is spent.
 */
const ADMIT = `
local blocked = redis.call('PTTL', KEYS[1])
if blocked > 0 then return {blocked, 0} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wait = 0
local full = {}
for i = 2, #KEYS do
  local step = tonumber(ARGV[2 * i - 2])
  local burst = tonumber(ARGV[2 * i - 1])
  full[i] = math.max(tonumber(redis.call('GET', KEYS[i]) or '0'), now) + step
  wait = math.max(wait, full[i] - burst * step - now)
end
if wait > 0 then return {0, math.ceil(wait)} end
if ARGV[1] == '1' then
  for i = 2, #KEYS do
    redis.call('SET', KEYS[i], string.format('%.3f', full[i]), 'PX', math.ceil(full[i] - now))
  end
end
return {0, 0}`

/** What stands in the way of a credential, in milliseconds; 0 is nothing. */
interface Found {
  /** Until the end of the silence that the host has asked for. */
  readonly blockedMs: number
  /** Until a write may be spent. */
  readonly waitMs: number
}

/**
 * What a Git host lets a credential do, kept in Redis for all lanes and replicas that share it: how much may be written
 * now, and whether the host has asked for silence.
 *
 * When Redis cannot say, the answer is yes, and a line in the log: containment never waits for bookkeeping, and the host
 * has limits of its own.
 */
export class CredentialBudget {
  readonly #connection: RedisConnection
  readonly #log: Log
  readonly #limits: readonly WriteLimit[]
  /** When each credential may be used again, as far as this process knows (milliseconds since 1970). */
  readonly #blockedUntil = new Map<string, number>()

  constructor(options: { readonly redisUrl: string; readonly log: Log; readonly limits?: readonly WriteLimit[] }) {
    this.#connection = connectRedis(options.redisUrl, 'producer', options.log)
    this.#log = options.log
    this.#limits = options.limits ?? GITHUB_LIMITS
  }

  /**
   * Resolves when the credential may write once now, after two seconds at most, and counts that write. Ends in
   * `RATE_LIMITED` with the time to wait when that is longer, or when the host has asked for silence; rejects with the
   * signal's reason when that aborts.
   */
  async admit(credential: string, signal: AbortSignal): Promise<void> {
    const first = await this.#ask(credential, { spend: true })
    if (first.blockedMs > 0 || first.waitMs > SHORT_MS) throw limited(first)
    if (first.waitMs === 0) return
    await sleep(first.waitMs, undefined, { signal })
    const second = await this.#ask(credential, { spend: true })
    if (second.blockedMs > 0 || second.waitMs > 0) throw limited(second)
  }

  /**
   * Resolves when the host may be asked: it has not asked for silence, and, where a write is to follow, one may be spent
   * soon. Counts nothing. Ends in `RATE_LIMITED` with the time to wait.
   */
  async check(credential: string, { writing }: { readonly writing: boolean }): Promise<void> {
    const found = await this.#ask(credential, { spend: false })
    if (found.blockedMs > 0 || (writing && found.waitMs > SHORT_MS)) throw limited(found)
  }

  /** Notes for everybody that the host wants no request with this credential before `untilMs` (milliseconds since 1970). */
  async blocked(credential: string, untilMs: number): Promise<void> {
    const ms = Math.min(Math.ceil(untilMs - Date.now()), LONGEST_BLOCK_MS)
    if (ms <= 0) return
    this.#blockedUntil.set(credential, Date.now() + ms)
    const { client } = this.#connection
    const key = keyOf(credential, 'blocked')
    // Never earlier than what another replica was told a moment ago.
    await this.#attempt(async () => {
      if ((await client.pttl(key)) < ms) await client.set(key, '1', 'PX', ms)
    })
  }

  /** Closes the connection. */
  async close(): Promise<void> {
    await this.#connection.close()
  }

  async #ask(credential: string, { spend }: { readonly spend: boolean }): Promise<Found> {
    const knownMs = (this.#blockedUntil.get(credential) ?? 0) - Date.now()
    if (knownMs > 0) return { blockedMs: knownMs, waitMs: 0 }
    this.#blockedUntil.delete(credential)
    const keys = [keyOf(credential, 'blocked'), ...this.#limits.map(({ perMs }) => keyOf(credential, String(perMs)))]
    const shares = this.#limits.flatMap(({ writes, perMs }) => {
      const burst = Math.max(Math.floor(writes / 2), 1)
      return [perMs / Math.max(writes - burst, 1), burst]
    })
    const args = [spend ? '1' : '0', ...shares]
    const answer = await this.#attempt(() => this.#connection.client.eval(ADMIT, keys.length, ...keys, ...args))
    const [blockedMs = 0, waitMs = 0] = (answer ?? []) as readonly number[]
    return { blockedMs, waitMs }
  }

  async #attempt<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      const answer = await within(ANSWER_MS, action())
      if (answer !== TIMED_OUT) return answer
      this.#log.warn({ reason: `no answer in ${ANSWER_MS} ms` }, 'the budget of a credential is unknown; going on')
    } catch (thrown) {
      this.#log.warn({ reason: this.#connection.describe(thrown) }, 'the budget of a credential is unknown; going on')
    }
    return undefined
  }
}

function keyOf(credential: string, name: string): string {
  return `${KEY_PREFIX}:{budget.${credential}}:${name}`
}

/** A tenth more by chance, so that the lanes of one credential do not come back together. */
function limited({ blockedMs, waitMs }: Found): ResponseError {
  const why = blockedMs > 0 ? 'the host has asked for patience' : 'the credential has used up what the host allows'
  const retryAfterMs = Math.ceil(Math.max(blockedMs, waitMs) * (1 + Math.random() / 10))
  return new ResponseError('RATE_LIMITED', why, { retryAfterMs })
}
