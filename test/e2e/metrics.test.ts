import { statSync } from 'node:fs'
import { ERROR_CODES } from '@saker/core'
import type { LogLine } from '@saker/demo'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { readMetrics, type ShownMetrics } from '../support/exposition.ts'
import { helmAvailable } from '../support/helm-chart.ts'
import { CHOSEN_BY_SENDERS, loadedWorld, sendLoad } from '../support/mixed-load.ts'
import { prometheusAvailable } from '../support/prometheus.ts'
import { redisAvailable } from '../support/redis-server.ts'
import { startSaker, type RunningSaker } from '../support/saker.ts'
import { drawUnderLoad, readScraped, scrape, WITHOUT_DATA, type ScrapedSaker } from '../support/scraped-saker.ts'

/** Where a picture of the dashboard is written, under a longer load; docs/metrics.md says how. */
const PICTURE = [process.env['SAKER_TEST_PICTURE']].filter((path) => path !== undefined)

const scrapes = prometheusAvailable && helmAvailable

const SOON = { timeout: 60_000, interval: 50 }

const REQUESTS = 200

/** What a `saker up` and a Prometheus tell after the load. */
interface Told {
  readonly settled: readonly LogLine[]
  /** Ids of the responses that were taken in. */
  readonly taken: readonly string[]
  /** Alerts by what was answered. */
  readonly answered: Readonly<Record<string, number>>
  readonly commits: number
  readonly metrics: ShownMetrics
  readonly prometheus: ScrapedSaker | undefined
}

/** Sends the load to a `saker up` for two clusters that a Prometheus scrapes, and asks both when every response has ended. */
async function takeLoad(): Promise<Told> {
  const { config, env, fleet } = await loadedWorld()
  const saker = await startSaker(['up', '--config', config], env)
  const prometheus = scrapes ? await scrape({ 'saker-ingest-0': saker.admin }) : undefined
  const answered = await sendLoad(saker.ingest, { count: REQUESTS })
  const taken = linesOf(saker, 'request answered').flatMap(
    ({ responseIds }) => (responseIds as string[] | undefined) ?? [],
  )
  await vi.waitFor(() => expect(linesOf(saker, 'response settled')).toHaveLength(taken.length), SOON)
  // How the lanes are is looked at once a second at most.
  const metrics = await vi.waitFor(async () => {
    const shown = await readMetrics(saker.admin)
    expect(shown.sum('saker_oldest_job_age_seconds') + shown.sum('saker_jobs', { state: 'waiting' })).toBe(0)
    return shown
  }, SOON)
  const settled = linesOf(saker, 'response settled')
  const commits = (await fleet.log()).length - 1
  const scraped = prometheus === undefined ? undefined : await readScraped(prometheus)
  return { settled, taken, answered, commits, metrics, prometheus: scraped }
}

function linesOf({ process }: RunningSaker, message: string): readonly LogLine[] {
  return process.lines.filter(({ msg }) => msg === message)
}

/** How many of the lines there are of each value of a field. */
function counted(lines: readonly LogLine[], field: (line: LogLine) => unknown): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Map.groupBy(lines, (line) => String(field(line)))
      .entries()
      .map(([value, of]) => [value, of.length]),
  )
}

const LANE = /^(?:file|127\.0\.0\.1)-[a-z0-9-]+-main(?:-observe|-pull-request)?-[0-9a-f]{6}$/u
const REASONS = ['', 'NoResponse', 'NoWorkload', 'TestAlert', 'FalcoInternal', ...Object.keys(ERROR_CODES)]
const FORMATS = ['', 'webhook', 'falco', 'cloudevents-binary', 'cloudevents-structured', 'cloudevents-batch']
const OUTCOMES = ['committed', 'proposed', 'observed', 'unchanged', 'skipped', 'held', 'failed']
const SKIPS = ['ProtectedNamespace', 'NamespaceNotAllowed', 'Muted', 'WorkloadCap', 'TooOld']
const STATES = ['waiting', 'active', 'delayed', 'failed', 'held']

/** Every value that a label may have: names of the config, and closed sets. */
const POSSIBLE: Readonly<Record<string, readonly string[] | RegExp>> = {
  cluster: ['', 'prod', 'edge'],
  format: FORMATS,
  result: ['accepted', 'duplicate', 'ignored', 'refused', 'unavailable'],
  reason: REASONS,
  response: ['contain', 'mark-binaries'],
  outcome: OUTCOMES,
  code: ['', ...SKIPS, ...Object.keys(ERROR_CODES)],
  action: ['contain', 'label', 'annotate'],
  repository: ['fleet', 'edge'],
  delivery: ['commit', 'observe'],
  operation: /^[a-zA-Z-]{2,30}$/u,
  status: /^(?:[1-5][0-9]{2}|ok|error)$/u,
  resource: ['core', 'graphql', 'other'],
  lane: LANE,
  state: STATES,
  version: /^[0-9.]+$/u,
  le: /^(?:\+Inf|[0-9.]+)$/u,
}

function impossibleLabels(metrics: ShownMetrics): readonly string[] {
  const labels = metrics.samples
    .filter(({ name }) => name.startsWith('saker_'))
    .flatMap((sample) => Object.entries(sample.labels))
  return labels.flatMap(([label, value]) => {
    const possible = POSSIBLE[label] ?? []
    return (possible instanceof RegExp ? possible.test(value) : possible.includes(value)) ? [] : [`${label}=${value}`]
  })
}

describe.skipIf(!redisAvailable)('the metrics of saker up under load', () => {
  let told: Told
  beforeAll(async () => {
    told = await takeLoad()
  }, 180_000)

  it('add up, agree with the answers, the log and the repository, and hold nothing that a sender chose', () => {
    const { settled, taken, answered, commits, metrics } = told
    const committed = settled.filter(({ outcome }) => outcome === 'committed')

    expect(metrics.by('saker_alerts_total', 'result')).toEqual(answered)
    expect(Object.keys(answered).toSorted()).toEqual(['accepted', 'duplicate', 'ignored', 'refused'])
    expect(metrics.of('saker_alerts_total', { result: 'ignored', reason: '' })).toEqual([])
    expect(Object.keys(metrics.by('saker_alerts_total', 'format')).toSorted()).toEqual(FORMATS.toSorted())

    expect(new Set(settled.map(({ responseId }) => responseId))).toEqual(new Set(taken))
    expect(metrics.sum('saker_responses_total')).toBe(taken.length)
    expect(metrics.by('saker_responses_total', 'outcome')).toEqual(counted(settled, ({ outcome }) => outcome))
    expect(metrics.by('saker_responses_total', 'response')).toEqual(counted(settled, ({ response }) => response))
    expect(metrics.by('saker_responses_total', 'code')).toEqual(
      counted(settled, ({ code, reason }) => code ?? reason ?? ''),
    )
    for (const outcome of ['committed', 'observed', 'held', 'failed', 'skipped']) {
      expect(metrics.sum('saker_responses_total', { outcome })).toBeGreaterThan(0)
    }
    const marked = metrics.sum('saker_responses_total', { response: 'mark-binaries' })
    expect(metrics.by('saker_actions_total', 'action')).toEqual({
      contain: metrics.sum('saker_responses_total', { response: 'contain' }),
      label: marked,
      annotate: marked,
    })

    expect(metrics.by('saker_commits_total', 'repository')).toEqual({ fleet: commits })
    expect(metrics.sum('saker_responses_per_commit_count')).toBe(commits)
    expect(metrics.sum('saker_responses_per_commit_sum')).toBe(committed.length)
    expect(metrics.sum('saker_alert_to_commit_seconds_count')).toBe(committed.length)
    expect(metrics.sum('saker_alert_to_commit_seconds_sum')).toBeCloseTo(
      committed.reduce((total, { durationMs }) => total + Number(durationMs) / 1000, 0),
      1,
    )
    expect(metrics.sum('saker_git_requests_total', { operation: 'createCommitOnBranch', status: '200' })).toBe(commits)
    expect(metrics.of('saker_git_rate_limit_remaining')).toEqual([
      expect.objectContaining({
        labels: { repository: 'fleet', resource: 'graphql' },
        value: 5000 - metrics.sum('saker_git_requests_total', { repository: 'fleet' }),
      }),
    ])

    for (const state of ['waiting', 'active', 'delayed']) expect(metrics.sum('saker_jobs', { state })).toBe(0)
    expect(metrics.sum('saker_jobs', { state: 'failed' })).toBe(
      metrics.sum('saker_responses_total', { outcome: 'failed' }),
    )
    expect(metrics.sum('saker_jobs', { state: 'held' })).toBe(metrics.sum('saker_responses_total', { outcome: 'held' }))
    expect(metrics.sum('saker_oldest_job_age_seconds')).toBe(0)
    expect(metrics.sum('saker_config_reload_success')).toBe(1)

    expect(impossibleLabels(metrics)).toEqual([])
    expect(JSON.stringify(metrics.samples)).not.toContain(CHOSEN_BY_SENDERS)
  })

  it.skipIf(!scrapes)('give a real Prometheus what every panel of the dashboard asks for', () => {
    expect(told.prometheus?.withoutData).toEqual(WITHOUT_DATA)
    expect(told.prometheus?.alerts).toBe(told.metrics.sum('saker_alerts_total'))
  })

  it.skipIf(!scrapes)('raise the alerts of the chart for what the load is wrong with, and no other', () => {
    expect(told.prometheus?.unhealthy).toEqual([])
    expect(told.prometheus?.firing).toEqual(['SakerAlertsRefused', 'SakerResponsesFail', 'SakerResponsesHeld'])
  })
})

it.each(PICTURE)('are drawn into %s', { timeout: 400_000 }, async (path) => {
  await drawUnderLoad(path)

  expect(statSync(path).size).toBeGreaterThan(50_000)
})
