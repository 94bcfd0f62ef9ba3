import { randomBytes } from 'node:crypto'
import { ResponseError, workloadKeyOf, type Log, type Mute, type MuteReason, type Workload } from '@saker/core'
import { connectRedis, type RedisClient, type RedisConnection } from '../redis/redis-connection.ts'
import { muteKey, PAUSED_KEY, stoppedKey, WRITING_KEY } from './guard-keys.ts'
import { ADMIT, CLOSE, MUTE } from './guard-scripts.ts'
import { WRITE_LIFE_MS } from './pause-switch.ts'

/** How many distinct workloads of a cluster may be stopped within a time. */
interface Cap {
  readonly count: number
  readonly perMs: number
}

/** A workload that a write is about to stop. */
export interface WantedStop {
  readonly workload: Workload
  /** Counted, but never over the cap. */
  readonly waived: boolean
}

/** Redis gets no longer than this to answer. */
const ANSWER_MS = 2000

/** How long it is remembered that a cause has muted a workload, after the mute has ended. */
const CAUSE_KEPT_MS = 7 * 24 * 3600 * 1000

/**
 * What the guard knows beyond one replica: which workloads were stopped, which are muted, which lanes are paused. It lies in
 * Redis. When Redis does not answer, everything ends in `QUEUE_UNAVAILABLE`, and nothing may be written.
 */
export class WorkloadGuards {
  readonly #connection: RedisConnection

  constructor(options: { readonly redisUrl: string; readonly log: Log }) {
    this.#connection = connectRedis(options.redisUrl, 'producer', options.log)
  }

  /** The guard as a lane sees it. */
  ofLane(slug: string): WorkloadGuard {
    return new WorkloadGuard(slug, (question) => this.#ask(question))
  }

  /** Closes the connection. */
  async close(): Promise<void> {
    await this.#connection.close()
  }

  /** A connection that is just being made is waited for, so that the first write after a start is not put off. */
  async #ask<T>(question: (client: RedisClient) => Promise<T>): Promise<T> {
    return this.#connection.askOnceReady(question, { ms: ANSWER_MS, what: 'the guard is unknown' })
  }
}

type Ask = <T>(question: (client: RedisClient) => Promise<T>) => Promise<T>

/** The guard for the writes of one lane. Everything ends in `QUEUE_UNAVAILABLE` when Redis does not answer. */
export class WorkloadGuard {
  readonly #slug: string
  readonly #ask: Ask

  constructor(slug: string, ask: Ask) {
    this.#slug = slug
    this.#ask = ask
  }

  /** The mutes that hold at `now` (milliseconds since 1970), by workload key. */
  async mutesOf(workloads: readonly Workload[], now: number): Promise<ReadonlyMap<string, Mute>> {
    const keys = [...new Set(workloads.map(workloadKeyOf))]
    if (keys.length === 0) return new Map()
    const found = await this.#ask(async (client) => {
      const pipeline = client.pipeline()
      for (const key of keys) pipeline.hmget(muteKey(key), 'reason', 'until', 'cause')
      return (await pipeline.exec()) ?? []
    })
    const mutes = new Map<string, Mute>()
    for (const [index, key] of keys.entries()) {
      const [failure, fields] = found[index] ?? [new Error('Redis left a mute out')]
      if (failure !== null) throw new ResponseError('QUEUE_UNAVAILABLE', `a mute is unknown: ${failure.message}`)
      const mute = muteFrom(fields)
      if (mute !== undefined && mute.until > now) mutes.set(key, mute)
    }
    return mutes
  }

  /**
   * Mutes a workload, and gives the mute that stands then: the same cause mutes once, and is not made longer by being seen
   * again, so that the answer may be over already; and a shorter mute does not replace a longer one.
   */
  async mute(workload: Workload, mute: Mute, now: number): Promise<Mute> {
    const key = muteKey(workloadKeyOf(workload))
    const keptMs = Math.max(1, Math.ceil(mute.until - now)) + CAUSE_KEPT_MS
    const { reason, until, cause } = mute
    const stands = await this.#ask((client) => client.eval(MUTE, 1, key, reason, Math.ceil(until), cause, keptMs))
    return muteFrom(stands) ?? mute
  }

  /** Begins what may become a write. Asks nothing of Redis before {@link WriteTicket.admit}. */
  openWrite(): WriteTicket {
    return new WriteTicket(this.#slug, this.#ask)
  }
}

function muteFrom(fields: unknown): Mute | undefined {
  const [reason, until, cause] = Array.isArray(fields) ? (fields as readonly unknown[]) : []
  if (typeof reason !== 'string' || typeof until !== 'string' || typeof cause !== 'string') return undefined
  return { reason: reason as MuteReason, until: Number(until), cause }
}

/** A workload that this write counts as stopped. */
interface Counted {
  readonly workload: Workload
  readonly at: string
  /** When it was stopped before; empty for never. */
  readonly before: string
}

/** One write from before it is made until it has ended. */
export class WriteTicket {
  readonly #slug: string
  readonly #ask: Ask
  readonly #id = randomBytes(9).toString('base64url')
  readonly #counted = new Map<string, Counted>()
  #admitted = false

  constructor(slug: string, ask: Ask) {
    this.#slug = slug
    this.#ask = ask
  }

  /**
   * Asks, right before the write, whether it may be made. Ends in `LANE_PAUSED` when nobody may write in the lane; gives the
   * keys of those workloads that would exceed the cap of their cluster, and counts all others as stopped, each once, however
   * often it is asked for.
   */
  async admit(stops: readonly WantedStop[], cap: Cap): Promise<ReadonlySet<string>> {
    const wanted = [...new Map(stops.map((stop) => [workloadKeyOf(stop.workload), stop])).values()]
    const clusters = [...new Set(wanted.map(({ workload }) => workload.cluster))]
    const keys = [PAUSED_KEY, WRITING_KEY, ...clusters.map(stoppedKey)]
    const span = [cap.count, cap.perMs * 1000, WRITE_LIFE_MS * 1000]
    const each = wanted.flatMap(({ workload, waived }) => [
      clusters.indexOf(workload.cluster) + 3,
      workloadKeyOf(workload),
      waived ? '1' : '0',
    ])
    const answer = await this.#ask((client) =>
      client.eval(ADMIT, keys.length, ...keys, this.#slug, this.#id, ...span, ...each),
    )
    const [at, ...fates] = answer as readonly string[]
    if (at === undefined) throw new ResponseError('LANE_PAUSED', 'an operator has paused the lane')
    this.#admitted = true
    const over = new Set<string>()
    for (const [index, { workload }] of wanted.entries()) {
      const key = workloadKeyOf(workload)
      const fate = fates[index] ?? 'over'
      if (fate === 'over') over.add(key)
      else this.#counted.set(key, { workload, at, before: this.#counted.get(key)?.before ?? fate })
    }
    return over
  }

  /**
   * Ends the write. Workloads that were counted and are not among those it has `stopped` count no more; when nobody knows
   * what became of the write, all of them stay counted. Where Redis does not answer they stay counted too.
   */
  async close(stopped: readonly Workload[] | 'unknown'): Promise<void> {
    if (!this.#admitted) return
    this.#admitted = false
    const kept = stopped === 'unknown' ? undefined : new Set(stopped.map(workloadKeyOf))
    const freed = [...this.#counted].filter(([key]) => kept !== undefined && !kept.has(key))
    const clusters = [...new Set(freed.map(([, { workload }]) => workload.cluster))]
    const keys = [WRITING_KEY, ...clusters.map(stoppedKey)]
    const each = freed.flatMap(([key, { workload, at, before }]) => [
      clusters.indexOf(workload.cluster) + 2,
      key,
      at,
      before,
    ])
    await this.#ask((client) => client.eval(CLOSE, keys.length, ...keys, this.#slug, this.#id, ...each))
  }
}
