import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { RedisClient } from '../redis/redis-connection.ts'
import { MergedCounts } from './merged-counts.ts'

/** A client that writes down each pipeline, and answers it as the test wants. */
function fakeClient(answer: { failing: boolean }) {
  const bursts: string[][] = []
  const client = {
    pipeline() {
      const burst: string[] = []
      return {
        hincrby: (key: string, field: string, count: number) => burst.push(`${key} ${field} +${count}`),
        pexpire: (key: string, ms: number) => burst.push(`${key} for ${ms / 3_600_000} h`),
        exec: async () => {
          if (answer.failing) throw new Error('Redis is gone')
          bursts.push(burst)
          return burst.map(() => [null, 1])
        },
      }
    },
  } as unknown as RedisClient
  return { client, bursts }
}

describe('counting merged alerts', () => {
  const answer = { failing: false }
  let bursts: string[][]
  let counts: MergedCounts
  let failures: number
  beforeEach(() => {
    vi.useFakeTimers()
    answer.failing = false
    failures = 0
    const fake = fakeClient(answer)
    bursts = fake.bursts
    counts = new MergedCounts(fake.client, () => (failures += 1))
  })
  afterEach(() => vi.useRealTimers())

  it('tells the first soon, and all that follow once a second, in one burst per lane', async () => {
    for (let flood = 0; flood < 5000; flood += 1) counts.add('fleet', '0123456789-a')
    await vi.advanceTimersByTimeAsync(50)
    for (let flood = 0; flood < 5000; flood += 1) {
      counts.add('fleet', '0123456789-a')
      counts.add('fleet', '0123456789-b')
    }
    await vi.advanceTimersByTimeAsync(940)
    const before = bursts.length
    await vi.advanceTimersByTimeAsync(60)

    const key = 'saker:{lane.fleet}:merged:012345'
    expect(before).toBe(1)
    expect(bursts).toEqual([
      [`${key} 0123456789-a +5000`, `${key} for 25 h`],
      [`${key} 0123456789-a +5000`, `${key} 0123456789-b +5000`, `${key} for 25 h`],
    ])
  })

  it('keeps what Redis does not take for the next time', async () => {
    answer.failing = true
    counts.add('fleet', '0123456789-a')
    await vi.advanceTimersByTimeAsync(50)
    answer.failing = false
    counts.add('fleet', '0123456789-a')

    await vi.advanceTimersByTimeAsync(1000)

    expect(failures).toBe(1)
    expect(bursts.map(([first]) => first)).toEqual(['saker:{lane.fleet}:merged:012345 0123456789-a +2'])
  })

  it('keeps counts for ten thousand jobs at most', async () => {
    answer.failing = true
    for (let job = 0; job < 10_005; job += 1) counts.add('fleet', String(job).padStart(10, '0'))
    await vi.advanceTimersByTimeAsync(50)
    answer.failing = false

    await counts.flush()

    expect(bursts.flat().filter((command) => command.includes('+1'))).toHaveLength(10_000)
  })

  it('does nothing while nothing is merged', async () => {
    await vi.advanceTimersByTimeAsync(60_000)

    expect(vi.getTimerCount()).toBe(0)
    expect(bursts).toEqual([])
  })
})
