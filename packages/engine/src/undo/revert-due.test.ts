import { composeCommitMessage, parseConfig, parseUndoneIds, silentLog, type Config } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { MemoryGuard } from '../../../../test/support/memory-guard.ts'
import { MemoryHost } from '../../../../test/support/memory-host.ts'
import { BranchMemory } from '../branch-memory.ts'
import { DueResponses } from './due-responses.ts'
import { revertDue, type Reverted } from './revert-due.ts'

const { signal } = new AbortController()

const text = (name: string, replicas: number): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}, namespace: default}\nspec:\n  replicas: ${replicas} # all\n`

function configOf(): Config {
  const parsed = parseConfig({
    version: 1,
    repositories: { fleet: { git: { url: 'file:///fleet' }, delivery: 'commit' } },
    responses: [{ name: 'contain', match: {}, actions: [{ contain: {} }], revertAfter: '4h' }],
  })
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults))
  return parsed.config
}

interface Done {
  readonly id: string
  readonly name?: string
  readonly until?: number
}

function message(...done: readonly Done[]): string {
  return composeCommitMessage(
    done.map(({ id, name = 'web', until }) => ({
      id,
      response: 'contain',
      workload: { cluster: 'prod', namespace: 'default', kind: 'Deployment', name },
      actions: ['contain'],
      places: [
        {
          path: `${name}.yaml`,
          document: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name },
          pointer: '/spec/replicas',
        },
      ],
      alertRule: 'a rule',
      priority: 'Notice',
      time: '2026-01-01T00:00:00Z',
      count: 1,
      fields: [],
      ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    })),
  )
}

function branch(...done: readonly Done[]): MemoryHost {
  const names = [...new Set(done.map(({ name = 'web' }) => name))]
  const host = new MemoryHost(Object.fromEntries(names.map((name) => [`${name}.yaml`, text(name, 3)])))
  host.add(message(...done), Object.fromEntries(names.map((name) => [`${name}.yaml`, text(name, 0)])))
  return host
}

const guard = new MemoryGuard()

function run(
  host: MemoryHost,
  ids: readonly string[],
  about: { now?: number; guard?: MemoryGuard } = {},
): Promise<Reverted> {
  const { now = 1000 } = about
  return revertDue(ids, signal, {
    host,
    guard: about.guard ?? guard,
    memory: new BranchMemory(),
    config: configOf(),
    repository: 'fleet',
    log: silentLog,
    now: () => now,
  })
}

describe('revertDue', () => {
  it('takes back all that is due with one commit', async () => {
    const host = branch({ id: 'r1', until: 900 }, { id: 'r2', name: 'api', until: 1000 })

    const reverted = await run(host, ['r1', 'r2'])

    expect(reverted).toMatchObject({ commit: { sha: 'sha-2' }, changed: [], ended: [] })
    expect(host.tip.files).toEqual({ 'web.yaml': text('web', 3), 'api.yaml': text('api', 3) })
    expect(new Set(parseUndoneIds(host.tip.message))).toEqual(new Set(['r1', 'r2']))
    expect(host.tip.message).toContain('its time was over')
  })

  it('leaves alone what a person has changed, and takes the others back', async () => {
    const host = branch({ id: 'r1', until: 900 }, { id: 'r2', name: 'api', until: 900 })
    host.add('give web five', { 'web.yaml': text('web', 5) })

    const reverted = await run(host, ['r1', 'r2'])

    expect(reverted).toMatchObject({ undone: [{ line: { id: 'r2' } }], changed: [{ line: { id: 'r1' } }] })
    expect(host.tip.files).toEqual({ 'web.yaml': text('web', 5), 'api.yaml': text('api', 3) })
    expect(parseUndoneIds(host.tip.message)).toEqual(['r2'])
  })

  it.each([
    ['later', 5000],
    ['never', undefined],
  ])('just ends while another response wants the same, which is over %s', async (_, until) => {
    const host = branch({ id: 'r1', until: 900 }, { id: 'r2', ...(until === undefined ? {} : { until }) })

    const reverted = await run(host, ['r1'])

    expect(reverted).toEqual({ undone: [], changed: [], ended: ['r1'], unknown: [] })
    expect(host.history).toHaveLength(2)
  })

  it('ends without a commit what was undone before, what a person has restored, and what is nowhere', async () => {
    const host = branch({ id: 'r1', until: 900 })
    await run(host, ['r1'])
    const restored = branch({ id: 'r1', until: 900 })
    restored.add('start web', { 'web.yaml': text('web', 3) })

    expect(await run(host, ['r1', 'r9'])).toEqual({ undone: [], changed: [], ended: ['r1'], unknown: ['r9'] })
    expect(await run(restored, ['r1'])).toEqual({ undone: [], changed: [], ended: ['r1'], unknown: [] })
    expect([host.history.length, restored.history.length]).toEqual([3, 3])
  })

  it('writes nothing in a lane that is paused', async () => {
    const host = branch({ id: 'r1', until: 900 })
    const paused = new MemoryGuard()
    paused.paused = true

    await expect(run(host, ['r1'], { guard: paused })).rejects.toMatchObject({ code: 'LANE_PAUSED' })
    expect(host.history).toHaveLength(2)
  })
})

describe('DueResponses', () => {
  const lineOf = (id: string, until?: string) => ({
    id,
    response: 'contain',
    workload: { cluster: 'prod', namespace: 'default', kind: 'Deployment', name: 'web' },
    places: [],
    ...(until === undefined ? {} : { until }),
  })

  it('knows what is due and when the next one is, and forgets what has ended for good', () => {
    const due = new DueResponses()
    const lines = [
      lineOf('r1', '1970-01-01T00:00:01Z'),
      lineOf('r2', '1970-01-01T00:00:02Z'),
      lineOf('r3'),
      lineOf('r4', 'soon'),
    ]

    due.note(lines)
    const atOnce = due.due(1000)
    due.end(atOnce)
    due.note(lines)

    expect(atOnce).toEqual(['r1'])
    expect(due.nextAt).toBe(2000)
    expect(due.due(10_000)).toEqual(['r2'])
  })
})
