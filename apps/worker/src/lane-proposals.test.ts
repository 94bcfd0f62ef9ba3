import { parseConfig, ResponseError, silentLog, type Lane } from '@saker/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MemoryGuard } from '../../../test/support/memory-guard.ts'
import { MemoryForge, MemoryProposals } from '../../../test/support/memory-proposals.ts'
import { LaneProposals } from './lane-proposals.ts'

const LANE: Lane = { key: 'fleet', slug: 'fleet', repository: 'fleet', delivery: 'pull-request' }
const messageOf = (id: string): string =>
  `contain it\n\nSaker-Response: ${id} contain prod/default/Deployment/web web.yaml#apps/v1/Deployment/default/web:/spec/replicas until=-\n`

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

const { signal } = new AbortController()

/** A forge, what Redis holds of its proposals, and as many replicas as are started. */
function bundle() {
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
  const redis = { isOpen: false, isBeginning: false }
  const changed: string[] = []
  const guard = new MemoryGuard()
  const start = () =>
    new LaneProposals({
      lane: LANE,
      host: new MemoryProposals(forge),
      base: forge.base,
      repository,
      config: () => config,
      guard,
      notes: {
        opened: async () => void (redis.isOpen = true),
        noneOpen: async () => void (redis.isOpen = false),
        isOpen: async () => redis.isOpen,
        takesLook: async () => true,
        alone: async (_slug, begin) => {
          if (redis.isBeginning) throw new ResponseError('BRANCH_MOVED', 'another one is beginning')
          redis.isBeginning = true
          return begin().finally(() => (redis.isBeginning = false))
        },
        ended: async () => true,
      },
      log: silentLog,
      onChanged: (state) => changed.push(state),
      onMerged: () => changed.push('notified'),
    })
  return { forge, redis, changed, guard, start }
}

/** Plans on what is there now, and gives what commits that. */
async function plan({ branch }: LaneProposals, id: string) {
  const { tree } = await branch.read({ freshness: 'current', signal })
  const before = tree.files.get('web.yaml')?.text ?? ''
  const edits = [{ path: 'web.yaml', before, after: `${before}# ${id}\n`, mode: '100644' as const }]
  return () => branch.commit({ baseSha: tree.sha, message: messageOf(id), edits }, { signal })
}

/** Replicas of which one has proposed something. */
async function opened() {
  const world = bundle()
  const proposals = world.start()
  await vi.advanceTimersByTimeAsync(1)
  const commit = await plan(proposals, 'r1')
  await commit()
  return { ...world, proposals }
}

describe('what looks after the proposals of a lane', () => {
  it('asks nothing while none is open, and notices within two minutes that one was merged', async () => {
    const { forge, redis, changed, proposals } = await opened()
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
    const { forge, redis, changed, proposals } = await opened()
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

  it('mutes what was in one that was closed, also when what was noted of that is lost', async () => {
    const { forge, guard, proposals } = await opened()
    forge.now = Date.now()
    forge.closePullRequest(1)
    await proposals.branch.look({ signal })
    const muted = guard.mutes.size
    guard.mutes.clear()

    await proposals.branch.look({ signal })

    expect([muted, guard.mutes.size]).toEqual([1, 1])
    await proposals.close()
  })

  it('begins one, however many replicas come to it at once or one after the other', async () => {
    const { forge, start } = bundle()
    const replicas = [start(), start(), start()]
    const [one, other, late] = await Promise.all(replicas.map((replica, at) => plan(replica, `r${at}`)))

    const atOnce = await Promise.allSettled([one?.(), other?.()])
    const after = await Promise.allSettled([late?.()])

    expect([...atOnce, ...after].map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected'])
    expect(forge.branches.size).toBe(1)
    expect(forge.pullRequests).toHaveLength(1)
    await Promise.all(replicas.map((replica) => replica.close()))
  })
})
