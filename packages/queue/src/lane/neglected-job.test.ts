import { beforeEach, describe, expect, it } from 'vitest'
import type { RedisClient } from '../redis/redis-connection.ts'
import { NeglectedJob } from './neglected-job.ts'

/** What Redis says of the lane. */
interface LaneKeys {
  next: string | null
  active: number
  sleepMs: number
  paused: number
}

describe('a lane whose next job nobody takes', () => {
  let lane: LaneKeys
  let time: number
  let watch: NeglectedJob
  beforeEach(() => {
    lane = { next: 'first', active: 0, sleepMs: -2, paused: 0 }
    time = 0
    const client = {
      lindex: async () => lane.next,
      llen: async () => lane.active,
      pttl: async () => lane.sleepMs,
      hexists: async () => lane.paused,
    } as unknown as RedisClient
    watch = new NeglectedJob({ client, slug: 'fleet', patienceMs: 5000, now: () => time })
  })

  /** What the watch says at some later time. */
  async function after(ms: number): Promise<string | undefined> {
    time += ms
    return watch.find()
  }

  it('is told when the same job has been the next one for long, and again only after as long', async () => {
    expect(await after(0)).toBeUndefined()
    expect(await after(4999)).toBeUndefined()
    expect(await after(1)).toBe('first')
    expect(await after(1)).toBeUndefined()
    expect(await after(5000)).toBe('first')
  })

  it('is not told while jobs come and go', async () => {
    expect(await after(0)).toBeUndefined()
    lane.next = 'second'
    expect(await after(5000)).toBeUndefined()
    lane.next = null
    expect(await after(5000)).toBeUndefined()
  })

  it.each<Partial<LaneKeys>>([{ active: 1 }, { sleepMs: 800 }, { paused: 1 }])(
    'is not told while %o stands in the way, nor right after',
    async (obstacle) => {
      Object.assign(lane, obstacle)
      expect(await after(0)).toBeUndefined()
      expect(await after(6000)).toBeUndefined()
      Object.assign(lane, { active: 0, sleepMs: -2, paused: 0 })
      expect(await after(1)).toBeUndefined()
      expect(await after(5000)).toBe('first')
    },
  )
})
