import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { drawDashboard, type Panel } from '../support/draw-dashboard.ts'
import { readMetrics } from '../support/exposition.ts'
import { CHART, find, helmAvailable, render } from '../support/helm-chart.ts'
import { loadedWorld, sendLoad } from '../support/mixed-load.ts'
import { prometheusAvailable, PrometheusServer } from '../support/prometheus.ts'
import { redisAvailable, startRedisServer } from '../support/redis-server.ts'
import { afterThisTest, startSaker, temporaryFolder } from '../support/saker.ts'

const SOON = { timeout: 60_000, interval: 200 }

/** Where a picture of the dashboard is written, after a longer load; docs/metrics.md says how. */
const PICTURE = process.env['SAKER_TEST_PICTURE']

const DASHBOARD = JSON.parse(readFileSync(join(CHART, 'dashboards/saker.json'), 'utf8')) as {
  readonly panels: readonly Panel[]
}
const QUERIES = DASHBOARD.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({
    title,
    query: expr.replaceAll('$__rate_interval', '30s').replaceAll('$namespace', 'saker'),
  })),
)

/** What nothing of the load brings about: a race that is lost, a response whose time is over. */
const WITHOUT_DATA = ['Lost races, and reverts', 'Lost races, and reverts']

/** Ingest and worker as the chart starts them, the load on its way through them, and a Prometheus that scrapes both. */
async function scraped() {
  const { config, env } = await loadedWorld(PICTURE === undefined ? undefined : { workloads: 400, cap: 150 })
  const redis = await startRedisServer()
  afterThisTest(() => redis.remove())
  const all = { ...env, REDIS_URL: redis.url }
  const [ingest, worker] = await Promise.all([
    startSaker(['ingest', '--config', config], all),
    startSaker(['worker', '--config', config], all),
  ])
  const labelled = (admin: string, pod: string) => ({ admin, labels: { namespace: 'saker', pod } })
  const { groups } = find(render({ set: 'monitoring' }), 'PrometheusRule saker').spec as { groups: readonly unknown[] }
  const prometheus = await PrometheusServer.start({
    folder: await temporaryFolder(),
    targets: [labelled(ingest.admin, 'saker-ingest-0'), labelled(worker.admin, 'saker-worker-0')],
    groups,
  })
  afterThisTest(() => prometheus.stop())
  return { ingest, worker, prometheus }
}

/** Sends waves of alerts for two minutes, and draws the dashboard of that time. */
async function draw(ingest: string, prometheus: PrometheusServer, path: string): Promise<void> {
  const start = Math.floor(Date.now() / 1000)
  for (let wave = 0; Date.now() / 1000 < start + 120; wave += 1) {
    await sendLoad(ingest, { from: 200 + wave * 30, count: 10 + 8 * (wave % 4), workloads: 400 })
    await sleep(1000 + 700 * (wave % 5))
  }
  const variables = { namespace: 'saker', __rate_interval: '10s' }
  await drawDashboard({ prometheus, panels: DASHBOARD.panels, start, end: start + 120, variables, path })
}

const missing = !helmAvailable || !prometheusAvailable || !redisAvailable

describe.skipIf(missing)(
  `a real Prometheus${missing ? ' (skipped: no helm, prometheus or redis-server here)' : ''}`,
  () => {
    it(
      'that scrapes Saker under load has what every panel asks for, and raises what is wrong',
      { timeout: 300_000 },
      async () => {
        const { ingest, worker, prometheus } = await scraped()
        await vi.waitFor(async () => expect(await prometheus.query('up == 1')).toHaveLength(2), SOON)
        const valueOf = async (query: string): Promise<number> => Number((await prometheus.query(query))[0]?.value[1])
        const empty = async (): Promise<readonly string[]> => {
          const answers = await Promise.all(
            QUERIES.map(async (one) => ({ ...one, found: await prometheus.query(one.query) })),
          )
          return answers.filter(({ found }) => found.length === 0).map(({ title }) => title)
        }

        await sendLoad(ingest.ingest, { count: 90 })
        await vi.waitFor(
          async () => expect((await readMetrics(worker.admin)).sum('saker_oldest_job_age_seconds')).toBe(0),
          SOON,
        )
        await sendLoad(ingest.ingest, { from: 90, count: 30 })
        await vi.waitFor(
          async () =>
            expect(await valueOf('sum(saker_alerts_total)')).toBe(
              (await readMetrics(ingest.admin)).sum('saker_alerts_total'),
            ),
          SOON,
        )

        if (PICTURE !== undefined) await draw(ingest.ingest, prometheus, PICTURE)
        await vi.waitFor(async () => expect(await empty()).toEqual(WITHOUT_DATA), SOON)
        await vi.waitFor(async () => {
          const rules = await prometheus.rules()
          expect(rules.filter(({ health }) => health !== 'ok')).toEqual([])
          expect(rules.filter(({ state }) => state === 'firing').map(({ name }) => name)).toEqual([
            'SakerAlertsRefused',
            'SakerResponsesFail',
            'SakerResponsesHeld',
          ])
        }, SOON)
      },
    )
  },
)
