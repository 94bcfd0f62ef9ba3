import { ERROR_CODES } from '@saker/core'
import type { LogLine } from '@saker/demo'
import { describe, expect, it, vi } from 'vitest'
import { readMetrics, type ShownMetrics } from '../support/exposition.ts'
import { CHOSEN_BY_SENDERS, loadedWorld, sendLoad } from '../support/mixed-load.ts'
import { redisAvailable } from '../support/redis-server.ts'
import { startSaker, type RunningSaker } from '../support/saker.ts'

const REQUESTS = 300

/** A `saker up` for two clusters, which has taken the load and ended every response. */
async function loaded() {
  const { config, env, fleet } = await loadedWorld()
  const saker = await startSaker(['up', '--config', config], env)
  const answered = await sendLoad(saker.ingest, { count: REQUESTS })
  const taken = linesOf(saker, 'request answered').flatMap(
    ({ responseIds }) => (responseIds as string[] | undefined) ?? [],
  )
  await vi.waitFor(() => expect(linesOf(saker, 'response settled')).toHaveLength(taken.length), {
    timeout: 60_000,
    interval: 50,
  })
  return { saker, fleet, answered, taken, metrics: await readMetrics(saker.admin) }
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

const LANE = /^(?:file|127\.0\.0\.1)-[a-z0-9-]+-main(?:-observe)?-[0-9a-f]{6}$/u
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
  it(
    'add up, agree with the answers, the log and the repository, and hold nothing that a sender chose',
    { timeout: 180_000 },
    async () => {
      const { saker, fleet, answered, taken, metrics } = await loaded()
      const settled = linesOf(saker, 'response settled')
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

      const commits = (await fleet.log()).length - 1
      expect(metrics.by('saker_commits_total', 'repository')).toEqual({ fleet: commits })
      expect(metrics.sum('saker_responses_per_commit_count')).toBe(commits)
      expect(metrics.sum('saker_responses_per_commit_sum')).toBe(committed.length)
      expect(metrics.sum('saker_alert_to_commit_seconds_count')).toBe(committed.length)
      expect(metrics.sum('saker_alert_to_commit_seconds_sum')).toBeCloseTo(
        committed.reduce((total, { durationMs }) => total + Number(durationMs) / 1000, 0),
        1,
      )
      expect(metrics.sum('saker_git_requests_total', { operation: 'createCommitOnBranch', status: '200' })).toBe(
        commits,
      )
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
      expect(metrics.sum('saker_jobs', { state: 'held' })).toBe(
        metrics.sum('saker_responses_total', { outcome: 'held' }),
      )
      expect(metrics.sum('saker_oldest_job_age_seconds')).toBe(0)
      expect(metrics.sum('saker_config_reload_success')).toBe(1)

      expect(impossibleLabels(metrics)).toEqual([])
      expect(JSON.stringify(metrics.samples)).not.toContain(CHOSEN_BY_SENDERS)
    },
  )
})
