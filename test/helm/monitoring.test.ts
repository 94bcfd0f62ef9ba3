import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Metrics } from '@saker/service'
import { describe, expect, it } from 'vitest'
import { CHART, find, helmAvailable, promtoolAvailable, render } from '../support/helm-chart.ts'
import { temporaryFolder } from '../support/saker.ts'

interface AlertRule {
  readonly alert: string
  readonly expr: string
  readonly annotations: Readonly<Record<string, string>>
}

interface Dashboard {
  readonly uid: string
  readonly panels: readonly {
    readonly id: number
    readonly title: string
    readonly targets?: readonly { readonly expr: string }[]
  }[]
}

const DASHBOARD = JSON.parse(readFileSync(join(CHART, 'dashboards/saker.json'), 'utf8')) as Dashboard
const QUERIES = DASHBOARD.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))

function rules(): { readonly groups: readonly { readonly name: string; readonly rules: readonly AlertRule[] }[] } {
  return find(render({ set: 'monitoring' }), 'PrometheusRule saker').spec as ReturnType<typeof rules>
}

const alerts = (): readonly AlertRule[] => rules().groups.flatMap((group) => group.rules)

/** Labels that Prometheus adds to what it scrapes in a cluster. */
const TARGET_LABELS = ['namespace', 'pod']

/** Every metric of Saker with its labels; of histograms what Prometheus makes of them. */
async function realMetrics(): Promise<ReadonlyMap<string, readonly string[]>> {
  const metrics = new Metrics('test')
  metrics.watchLanes(async () => [])
  const known = new Map<string, readonly string[]>([['up', TARGET_LABELS]])
  for (const { name, type } of await metrics.registry.getMetricsAsJSON()) {
    const { labelNames } = metrics.registry.getSingleMetric(name) as unknown as { labelNames: readonly string[] }
    const labels = [...labelNames, ...TARGET_LABELS]
    if (String(type) !== 'histogram') known.set(name, labels)
    else for (const suffix of ['_bucket', '_sum', '_count']) known.set(name + suffix, [...labels, 'le'])
  }
  return known
}

const WORDS = new Set(['sum', 'max', 'min', 'count', 'by', 'rate', 'increase', 'absent', 'or', 'unless', 'offset'])

/** Names of metrics in a query, and of the labels it asks for or groups by. */
function namesIn(query: string): { readonly metrics: readonly string[]; readonly labels: readonly string[] } {
  const plain = query.replaceAll(/"(?:[^"\\]|\\.)*"/gu, '""')
  const grouped = Array.from(plain.matchAll(/\bby \(([^)]*)\)/gu), ([, names = '']) => names.split(/,\s*/u)).flat()
  const selected = Array.from(plain.matchAll(/([a-z_]+)(?:=~|!~|!=|=)""/gu), ([, name = '']) => name)
  const bare = plain.replaceAll(/\{[^}]*\}|\[[^\]]*\]|\bby \([^)]*\)/gu, ' ')
  const words = Array.from(bare.matchAll(/[a-z_][a-z0-9_]*/gu), ([word]) => word)
  const metrics = words.filter(
    (word) => !WORDS.has(word) && word !== 'histogram_quantile' && !/^[0-9]*[smh]$/u.test(word),
  )
  return { metrics, labels: [...grouped, ...selected] }
}

/** What a query names that Saker does not have. */
async function unknownIn(query: string): Promise<readonly string[]> {
  const known = await realMetrics()
  const { metrics, labels } = namesIn(query)
  const possible = new Set(metrics.flatMap((name) => known.get(name) ?? []))
  return [...metrics.filter((name) => !known.has(name)), ...labels.filter((label) => !possible.has(label))]
}

describe('the dashboard', () => {
  it('asks only for metrics and labels that Saker has', async () => {
    const unknown = await Promise.all(QUERIES.map(unknownIn))

    expect(unknown.flat()).toEqual([])
    expect(QUERIES.length).toBeGreaterThan(15)
  })

  it('is looked at by a check that sees what is not there', async () => {
    expect(await unknownIn('sum by (lane, color) (rate(saker_jobs_total{lane="x"}[5m])) + saker_jobs{of="x"}')).toEqual(
      ['saker_jobs_total', 'color', 'of'],
    )
  })

  it('takes the largest of what every process shows alike, and never adds it up', () => {
    const lanes = QUERIES.filter((query) => /saker_(?:jobs|oldest_job|lane_)/u.test(query))

    expect(lanes.filter((query) => !/(?:max|count)(?: by \([^)]*\))? ?\(\s*saker_/u.test(query))).toEqual([])
    expect(lanes.length).toBeGreaterThan(4)
  })

  it('shows every metric that is Saker’s own', async () => {
    const own = [...(await realMetrics()).keys()].filter((name) => name.startsWith('saker_'))
    const families = new Set(own.map((name) => name.replace(/_(?:bucket|sum|count)$/u, '')))

    expect([...families].filter((name) => !QUERIES.some((query) => query.includes(name)))).toEqual([])
  })

  it('numbers its panels one by one', () => {
    const ids = DASHBOARD.panels.map(({ id }) => id)

    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe.skipIf(!helmAvailable)('the alerts', () => {
  it('ask only for metrics and labels that Saker has', async () => {
    const unknown = await Promise.all(alerts().map(({ expr }) => unknownIn(expr)))

    expect(unknown.flat()).toEqual([])
    expect(alerts().length).toBeGreaterThan(5)
  })

  it('each lead to a section of the runbooks, which has no other', () => {
    const page = readFileSync(join(CHART, '../../docs/runbooks.md'), 'utf8')
    const sections = Array.from(page.matchAll(/^## (Saker\w+)$/gmu), ([, name = '']) => name)

    expect(sections).toEqual(alerts().map(({ alert }) => alert))
    expect(alerts().map(({ annotations }) => annotations['runbook_url'])).toEqual(
      sections.map((name) => `https://wiki.example.com/saker/runbooks#${name.toLowerCase()}`),
    )
  })

  it('count with KEDA what exists', async () => {
    const { triggers } = find(render({ set: 'keda' }), 'ScaledObject saker-worker').spec as {
      triggers: { metadata: { query: string } }[]
    }
    const [query = ''] = triggers.map(({ metadata }) => metadata.query)

    expect(await unknownIn(query.replace('vector(0)', ''))).toEqual([])
  })
})

const withoutPromtool = !helmAvailable || !promtoolAvailable

describe.skipIf(withoutPromtool)(
  `for Prometheus${withoutPromtool ? ' (skipped: no promtool or helm here)' : ''}`,
  () => {
    function promtool(folder: string, ...args: readonly string[]): string {
      const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: folder, encoding: 'utf8' })
      return `${stdout}${stderr}ended with ${status}`
    }

    it('the alerts go off when it is time, and not before', async () => {
      const folder = await temporaryFolder()
      await writeFile(join(folder, 'rules.json'), JSON.stringify({ groups: rules().groups }))
      await copyFile(join(import.meta.dirname, 'alerts.promtool.yaml'), join(folder, 'tests.yaml'))

      expect(promtool(folder, 'check', 'rules', 'rules.json')).toMatch(/ended with 0$/u)
      expect(promtool(folder, 'test', 'rules', 'tests.yaml')).toMatch(/ended with 0$/u)
    })

    it('the tests of the alerts speak of each of them', () => {
      const tests = readFileSync(join(import.meta.dirname, 'alerts.promtool.yaml'), 'utf8')

      expect(alerts().filter(({ alert }) => !tests.includes(`alertname: ${alert}\n`))).toEqual([])
    })

    it('the dashboard’s queries can be read', async () => {
      const folder = await temporaryFolder()
      const written = QUERIES.map((query) =>
        query.replaceAll('$__rate_interval', '5m').replaceAll('$namespace', 'saker'),
      )
      const recorded = written.map((expr, at) => ({ record: `saker:query_${at}`, expr }))
      await writeFile(join(folder, 'rules.json'), JSON.stringify({ groups: [{ name: 'dashboard', rules: recorded }] }))

      expect(promtool(folder, 'check', 'rules', 'rules.json')).toMatch(/ended with 0$/u)
    })
  },
)
