import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, vi } from 'vitest'
import { drawDashboard, type Panel } from './draw-dashboard.ts'
import { CHART, find, render } from './helm-chart.ts'
import { loadedWorld, sendLoad } from './mixed-load.ts'
import { PrometheusServer } from './prometheus.ts'
import { startRedisServer } from './redis-server.ts'
import { afterThisTest, startSaker, temporaryFolder } from './saker.ts'

/** What a Prometheus has of a Saker that it scraped, with the chart's alerts. */
export interface ScrapedSaker {
  /** Panels of the dashboard one of whose queries gives nothing. */
  readonly withoutData: readonly string[]
  /** Names of alerts whose query cannot be evaluated. */
  readonly unhealthy: readonly string[]
  readonly firing: readonly string[]
  /** Alerts that were counted. */
  readonly alerts: number
}

/** What nothing of the load brings about: a race that is lost, a response whose time is over, a proposal. */
export const WITHOUT_DATA = ['Lost races, and reverts', 'Lost races, and reverts', 'Pull requests']

const SOON = { timeout: 60_000, interval: 200 }

const { panels: PANELS } = JSON.parse(readFileSync(join(CHART, 'dashboards/saker.json'), 'utf8')) as {
  readonly panels: readonly Panel[]
}

/** Starts a Prometheus with the alerts of the chart that scrapes admin servers as if they were of the pods that are named. */
export async function scrape(pods: Readonly<Record<string, string>>): Promise<PrometheusServer> {
  const { groups } = find(render({ set: 'monitoring' }), 'PrometheusRule saker').spec as { groups: readonly unknown[] }
  const targets = Object.entries(pods).map(([pod, admin]) => ({ admin, labels: { namespace: 'saker', pod } }))
  const prometheus = await PrometheusServer.start({ folder: await temporaryFolder(), targets, groups })
  afterThisTest(() => prometheus.stop())
  await vi.waitFor(async () => expect(await prometheus.query('up == 1')).toHaveLength(targets.length), SOON)
  return prometheus
}

/** Asks for every panel and every alert, once the Prometheus has scraped twice what there is now. */
export async function readScraped(prometheus: PrometheusServer): Promise<ScrapedSaker> {
  const now = Date.now() / 1000
  const valueOf = async (query: string): Promise<number> => Number((await prometheus.query(query))[0]?.value[1])
  await vi.waitFor(async () => expect(await valueOf('timestamp(up)')).toBeGreaterThan(now + 1), SOON)
  const queries = PANELS.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })))
  const answers = await Promise.all(
    queries.map(async ({ title, expr }) => {
      const query = expr.replaceAll('$__rate_interval', '1m').replaceAll('$namespace', 'saker')
      return { title, found: await prometheus.query(query) }
    }),
  )
  const withoutData = answers.filter(({ found }) => found.length === 0).map(({ title }) => title)
  const since = Date.now()
  const rules = await vi.waitFor(async () => {
    const evaluated = await prometheus.rules()
    expect(evaluated.filter(({ lastEvaluation }) => Date.parse(lastEvaluation) <= since)).toEqual([])
    return evaluated
  }, SOON)
  return {
    withoutData,
    unhealthy: rules.filter(({ health }) => health !== 'ok').map(({ name }) => name),
    firing: rules.filter(({ state }) => state === 'firing').map(({ name }) => name),
    alerts: await valueOf('sum(saker_alerts_total)'),
  }
}

/** Sends waves of alerts to an ingest beside a worker for two minutes, and draws the dashboard of that time. */
export async function drawUnderLoad(path: string): Promise<void> {
  const workloads = 400
  const { config, env } = await loadedWorld({ workloads, cap: 150 })
  const redis = await startRedisServer()
  afterThisTest(() => redis.remove())
  const [ingest, worker] = await Promise.all(
    ['ingest', 'worker'].map((service) => startSaker([service, '--config', config], { ...env, REDIS_URL: redis.url })),
  )
  if (ingest === undefined || worker === undefined) throw new Error('unreachable')
  const prometheus = await scrape({ 'saker-ingest-0': ingest.admin, 'saker-worker-0': worker.admin })
  const start = Math.floor(Date.now() / 1000)
  for (let wave = 0; Date.now() / 1000 < start + 120; wave += 1) {
    await sendLoad(ingest.ingest, { from: wave * 30, count: 10 + 8 * (wave % 4), workloads })
    await sleep(1000 + 700 * (wave % 5))
  }
  const variables = { namespace: 'saker', __rate_interval: '10s' }
  await drawDashboard({ prometheus, panels: PANELS, start, end: start + 120, variables, path })
}
