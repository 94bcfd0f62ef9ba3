import type { LaneFigures } from '@saker/core'
import { Gauge, type Registry } from 'prom-client'

/** However often somebody scrapes, the lanes are looked at no more often than this, in milliseconds. */
const FRESH_MS = 1000

const STATES = ['waiting', 'active', 'delayed', 'failed', 'held'] as const

/**
 * Shows how the lanes are doing: `saker_jobs`, `saker_oldest_job_age_seconds`, `saker_lane_asleep` and
 * `saker_lane_paused`. They are looked at
 * when somebody scrapes. While they cannot be read these metrics have no values, and all others go on.
 *
 * Every process shows the same lanes, so take `max`, never `sum`, over several of them.
 */
export function registerLaneGauges(
  registry: Registry,
  read: () => Promise<readonly LaneFigures[]>,
  now: () => number = Date.now,
): void {
  const fresh = freshFor(FRESH_MS, now, read)
  const lanes = (): Promise<readonly LaneFigures[]> => fresh().catch(() => [])
  const gauge = <Label extends string>(
    about: { readonly name: string; readonly help: string; readonly labelNames: Label[] },
    show: (gauge: Gauge<Label>, lane: LaneFigures) => void,
  ): void => {
    const made: Gauge<Label> = new Gauge({
      ...about,
      aggregator: 'max',
      registers: [registry],
      async collect() {
        const all = await lanes()
        made.reset()
        for (const lane of all) show(made, lane)
      },
    })
  }
  gauge({ name: 'saker_jobs', help: 'Responses in a lane, by state.', labelNames: ['lane', 'state'] }, (jobs, lane) => {
    for (const state of STATES) jobs.set({ lane: lane.lane, state }, lane[state])
  })
  gauge(
    {
      name: 'saker_oldest_job_age_seconds',
      help: 'Age of the oldest response of a lane that has not ended; 0 when there is none.',
      labelNames: ['lane'],
    },
    (age, { lane, oldestAgeMs }) => age.set({ lane }, oldestAgeMs / 1000),
  )
  gauge(
    {
      name: 'saker_lane_asleep',
      help: '1 while a lane waits for its Git host, else 0.',
      labelNames: ['lane'],
    },
    (asleep, { lane, asleepMs }) => asleep.set({ lane }, asleepMs > 0 ? 1 : 0),
  )
  gauge(
    {
      name: 'saker_lane_paused',
      help: '1 while an operator has stopped the writes of a lane, else 0.',
      labelNames: ['lane'],
    },
    (isPaused, { lane, paused }) => isPaused.set({ lane }, paused ? 1 : 0),
  )
}

/**
 * Asks again only when the last answer is older than `freshMs`; those who ask together get one answer. A failure is given to
 * those who wait for it, and not kept.
 */
function freshFor<T>(freshMs: number, now: () => number, ask: () => Promise<T>): () => Promise<T> {
  let asked: { readonly at: number; readonly answer: Promise<T> } | undefined
  return async () => {
    if (asked === undefined || now() - asked.at >= freshMs) asked = { at: now(), answer: ask() }
    const mine = asked
    try {
      return await mine.answer
    } catch (thrown) {
      if (asked === mine) asked = undefined
      throw thrown
    }
  }
}
