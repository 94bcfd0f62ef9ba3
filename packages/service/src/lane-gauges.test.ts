import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import type { LaneFigures } from '@saker/core'
import { registerLaneGauges } from './lane-gauges.ts'

const LANE: LaneFigures = {
  lane: 'fleet-1a2b3c',
  waiting: 3,
  active: 1,
  delayed: 0,
  failed: 2,
  held: 5,
  paused: true,
  oldestAgeMs: 1500,
  asleepMs: 700,
}

function gauges(read: () => Promise<readonly LaneFigures[]>): {
  lines: () => Promise<string[]>
  advance: (ms: number) => void
} {
  const registry = new Registry()
  let now = 0
  registerLaneGauges(registry, read, () => now)
  const lines = async (): Promise<string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return { lines, advance: (ms) => void (now += ms) }
}

describe('the metrics of lanes', () => {
  it('show the jobs of every state, the age of the oldest, whether the lane sleeps and is paused', async () => {
    const { lines } = gauges(async () => [LANE])

    expect(await lines()).toEqual([
      'saker_jobs{lane="fleet-1a2b3c",state="waiting"} 3',
      'saker_jobs{lane="fleet-1a2b3c",state="active"} 1',
      'saker_jobs{lane="fleet-1a2b3c",state="delayed"} 0',
      'saker_jobs{lane="fleet-1a2b3c",state="failed"} 2',
      'saker_jobs{lane="fleet-1a2b3c",state="held"} 5',
      'saker_oldest_job_age_seconds{lane="fleet-1a2b3c"} 1.5',
      'saker_lane_asleep{lane="fleet-1a2b3c"} 1',
      'saker_lane_paused{lane="fleet-1a2b3c"} 1',
    ])
  })

  it('are read once in a second, however often somebody looks', async () => {
    let reads = 0
    const { lines, advance } = gauges(async () => {
      reads += 1
      return [LANE]
    })

    await lines()
    advance(999)
    await lines()
    const before = reads
    advance(1)
    await lines()

    expect([before, reads]).toEqual([1, 2])
  })

  it('forget a lane that is gone', async () => {
    const readings = [[LANE], [{ ...LANE, lane: 'other' }]]
    const { lines, advance } = gauges(async () => readings.shift() ?? [])
    await lines()
    advance(5000)

    expect((await lines()).filter((line) => line.includes('fleet'))).toEqual([])
  })

  it('have no values while the lanes cannot be read, and have them again at the next look', async () => {
    const answers = [Promise.reject(new Error('Redis is gone')), Promise.resolve([LANE])]
    const { lines } = gauges(() => answers.shift() ?? Promise.resolve([]))

    const away = await lines()

    expect(away).toEqual([])
    expect(await lines()).toHaveLength(8)
  })
})
