import { parseConfig, silentLog, type Lane } from '@saker/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MemoryGuard } from '../../../test/support/memory-guard.ts'
import { MemoryForge, MemoryProposals } from '../../../test/support/memory-proposals.ts'
import { LaneProposals } from './lane-proposals.ts'

const LANE: Lane = { key: 'fleet', slug: 'fleet', repository: 'fleet', delivery: 'pull-request' }
const MESSAGE =
  'contain it\n\nSaker-Response: r1 contain prod/default/Deployment/web web.yaml#apps/v1/Deployment/default/web:/spec/replicas until=-\n'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

/** The proposals of a lane, of which one is open, and what Redis holds of them. */
async function bundle() {
  const parsed = parseConfig({
    version: 1,
    repositories: { fleet: { git: { url: 'file:///fleet' }, delivery: 'pull-request' } },
    responses: [{ name: 'contain', match: {}, actions: [{ contain: {} }] }],
  })
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults))
  const { config } = parsed
  const [repository] = config.repositories
  if (repository === undefined) throw new Error('no repository')
  const forge = new MemoryForge({ 'web.yaml': 'replicas: 3\n' })
  const redis = { isOpen: false }
  const changed: string[] = []
  const proposals = new LaneProposals({
    lane: LANE,
    host: new MemoryProposals(forge),
    base: forge.base,
    repository,
    config: () => config,
    guard: new MemoryGuard(),
    notes: {
      opened: async () => void (redis.isOpen = true),
      noneOpen: async () => void (redis.isOpen = false),
      isOpen: async () => redis.isOpen,
      takesLook: async () => true,
      ended: async () => true,
    },
    log: silentLog,
    onChanged: (state) => changed.push(state),
    onMerged: () => changed.push('notified'),
  })
  await vi.advanceTimersByTimeAsync(1)
  const { signal } = new AbortController()
  const { tree } = await proposals.branch.read({ freshness: 'current', signal })
  const edits = [{ path: 'web.yaml', before: 'replicas: 3\n', after: 'replicas: 0\n', mode: '100644' as const }]
  await proposals.branch.commit({ baseSha: tree.sha, message: MESSAGE, edits }, { signal })
  return { forge, redis, changed, proposals }
}

describe('what looks after the proposals of a lane', () => {
  it('asks nothing while none is open, and notices within two minutes that one was merged', async () => {
    const { forge, redis, changed, proposals } = await bundle()
    forge.merge(1)

    await vi.advanceTimersByTimeAsync(120_000)
    const asked = forge.calls.length
    await vi.advanceTimersByTimeAsync(600_000)

    expect(changed).toEqual(['opened', 'merged', 'notified'])
    expect(redis.isOpen).toBe(false)
    expect(forge.calls).toHaveLength(asked)
    await proposals.close()
  })

  it('does so although the note is gone that one is open', async () => {
    const { forge, redis, changed, proposals } = await bundle()
    redis.isOpen = false
    await vi.advanceTimersByTimeAsync(60_000)
    const noted = redis.isOpen
    redis.isOpen = false
    forge.merge(1)

    await vi.advanceTimersByTimeAsync(60_000)

    expect(noted).toBe(true)
    expect(changed).toEqual(['opened', 'merged', 'notified'])
    await proposals.close()
  })
})
