import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Metrics } from '@saker/service'
import { describe, expect, it } from 'vitest'

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8')

/** What users, dashboards and alerts of others rely on. A name here is never changed, nor what labels it has. */
const PROMISED: Readonly<Record<string, readonly [type: string, ...labels: string[]]>> = {
  saker_alerts_total: ['counter', 'cluster', 'format', 'result', 'reason'],
  saker_responses_total: ['counter', 'response', 'outcome', 'code'],
  saker_actions_total: ['counter', 'action', 'outcome'],
  saker_commits_total: ['counter', 'repository', 'delivery'],
  saker_commit_conflicts_total: ['counter', 'repository'],
  saker_responses_per_commit: ['histogram'],
  saker_alert_to_commit_seconds: ['histogram'],
  saker_git_requests_total: ['counter', 'repository', 'operation', 'status'],
  saker_git_rate_limit_remaining: ['gauge', 'repository', 'resource'],
  saker_jobs: ['gauge', 'lane', 'state'],
  saker_oldest_job_age_seconds: ['gauge', 'lane'],
  saker_lane_asleep: ['gauge', 'lane'],
  saker_config_reload_success: ['gauge'],
  saker_build_info: ['gauge', 'version'],
}

/** Promised for later, because they need a look into the cluster. */
const LATER = ['saker_commit_to_applied_seconds', 'saker_alert_to_contained_seconds']

/** Saker's own metrics as they are: type and labels. */
async function registered(): Promise<Readonly<Record<string, readonly string[]>>> {
  const metrics = new Metrics('test')
  metrics.watchLanes(async () => [])
  const own = (await metrics.registry.getMetricsAsJSON()).filter(({ name }) => name.startsWith('saker_'))
  return Object.fromEntries(
    own.map(({ name, type }) => {
      const { labelNames } = metrics.registry.getSingleMetric(name) as unknown as { labelNames: readonly string[] }
      return [name, [String(type), ...labelNames]]
    }),
  )
}

/** The page's table of metrics. */
function documented(): Readonly<Record<string, readonly string[]>> {
  const rows = PAGE.matchAll(/^\| `(saker_\w+)` \| (\w+) \|([^|]*)\| [^|]+ \|$/gmu)
  return Object.fromEntries(
    Array.from(rows, ([, name = '', type = '', labels = '']) => [
      name,
      [type, ...Array.from(labels.matchAll(/`(\w+)`/gu), ([, label = '']) => label)],
    ]),
  )
}

describe('docs/metrics.md', () => {
  it('lists every metric with its type and labels, and no other', async () => {
    expect(documented()).toEqual(await registered())
  })

  it('says of every label which values it has', async () => {
    const labels = new Set(Object.values(await registered()).flatMap(([, ...names]) => names))
    const explained = new Set(Array.from(PAGE.matchAll(/^\| `(\w+)`(?: of alerts)? \| /gmu), ([, name = '']) => name))

    expect([...labels].filter((label) => label !== 'version' && !explained.has(label))).toEqual([])
  })

  it('says how a revert may end', () => {
    const source = readFileSync(join(import.meta.dirname, '../../apps/worker/src/lane-reverter.ts'), 'utf8')
    const [, union = ''] = /^type RevertResult = (.+)$/mu.exec(source) ?? []
    const [, row = ''] = /^\| `result` of reverts \| (.+) \|$/mu.exec(PAGE) ?? []
    const documentedResults = Array.from(row.matchAll(/`(\w+)`/gu), ([, name = '']) => name)

    expect(documentedResults).toEqual(Array.from(union.matchAll(/'(\w+)'/gu), ([, name = '']) => name))
    expect(documentedResults.length).toBeGreaterThan(1)
  })

  it('says of what is not there yet that it is not', async () => {
    const missing = PAGE.slice(PAGE.indexOf('## What there is not'))

    expect(LATER.filter((name) => !missing.includes(`\`${name}\``))).toEqual([])
    expect(Object.keys(await registered()).filter((name) => LATER.includes(name))).toEqual([])
  })
})

it('has every metric that was promised, under its name, with its type and its labels', async () => {
  expect(await registered()).toMatchObject(PROMISED)
})
