import type { Waiver } from '@saker/core'
import { pausesOf } from '../guard/pause-switch.ts'
import type { RedisClient } from '../redis/redis-connection.ts'
import { laneKey } from './lane-queue.ts'

/** A waiver is good until its job ends, which takes a day at most once the lane is awake and not paused. */
export const WAIVER_KEPT_MS = 60 * 24 * 3600 * 1000

/** Sleeps further back than this concern no job any more. */
const SLEEPS_KEPT_MS = 25 * 3600 * 1000

/** What all replicas know of a lane beside its jobs: whether it is paused, what people waived, how long it has slept. */
export class LaneFacts {
  readonly #client: RedisClient
  readonly #slug: string

  constructor(client: RedisClient, slug: string) {
    this.#client = client
    this.#slug = slug
  }

  /** Whether an operator has stopped the lane's writes. */
  async isPaused(): Promise<boolean> {
    const [pause] = await pausesOf(this.#client, [this.#slug])
    return pause !== null
  }

  /** Notes that a person has released this response. */
  async release(jobId: string): Promise<void> {
    const key = laneKey(this.#slug, 'waivers')
    await this.#client.hset(key, jobId, 'released' satisfies Waiver['kind'])
    await this.#client.pexpire(key, WAIVER_KEPT_MS)
  }

  /** The waivers of these jobs; those without any are left out. */
  async waiversOf(jobIds: readonly string[]): Promise<ReadonlyMap<string, Waiver>> {
    const kinds = await this.#client.hmget(laneKey(this.#slug, 'waivers'), ...jobIds)
    return new Map(
      jobIds.flatMap((id, index) => {
        const kind = kinds[index]
        return kind === 'released' || kind === 'retried' ? [[id, { kind }] as const] : []
      }),
    )
  }

  /** Forgets the waiver of a job that has ended. */
  async forgetWaiver(jobId: string): Promise<void> {
    await this.#client.hdel(laneKey(this.#slug, 'waivers'), jobId)
  }

  /** Notes that the lane sleeps because its Git host has limited us. Milliseconds. */
  async sleeps(from: number, ms: number): Promise<void> {
    const key = laneKey(this.#slug, 'sleeps')
    const until = Math.ceil(from + ms)
    await this.#client.zadd(key, until, `${Math.floor(from)} ${until}`)
    await this.#client.zremrangebyscore(key, '-inf', from - SLEEPS_KEPT_MS)
    await this.#client.pexpire(key, SLEEPS_KEPT_MS + ms)
  }

  /** How long the lane has slept so since each of these times, by that time. Milliseconds. */
  async asleepSince(times: readonly number[], now: number): Promise<ReadonlyMap<number, number>> {
    if (times.length === 0) return new Map()
    const members = await this.#client.zrangebyscore(laneKey(this.#slug, 'sleeps'), Math.min(...times), '+inf')
    const spans = disjoint(members.map((member) => member.split(' ').map(Number)))
    return new Map(
      times.map((time) => [
        time,
        spans.reduce((sum, [from, until]) => sum + Math.max(0, Math.min(until, now) - Math.max(from, time)), 0),
      ]),
    )
  }
}

/** Spans that do not overlap, with all that the given ones cover. */
function disjoint(spans: readonly (readonly number[])[]): readonly (readonly [from: number, until: number])[] {
  const sorted = spans.map(([from = 0, until = 0]) => [from, until] as const).toSorted(([a], [b]) => a - b)
  const merged: [number, number][] = []
  for (const [from, until] of sorted) {
    const last = merged.at(-1)
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], until)
    else merged.push([from, until])
  }
  return merged
}
