import { composeCommitMessage, parseConfig, parseUndoneIds, silentLog, type Config } from '@saker/core'
import { BranchMemory, ProposedBranch, type RepositoryHost } from '@saker/engine'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { MemoryGuard } from '../../../test/support/memory-guard.ts'
import { MemoryForge, MemoryProposals } from '../../../test/support/memory-proposals.ts'
import { LaneReverter } from './lane-reverter.ts'

const SOON = { timeout: 20_000, interval: 10 }
const running: LaneReverter[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((reverter) => reverter.close()))
})

const text = (replicas: number): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: default}\nspec:\n  replicas: ${replicas} # all\n`

function configOf(): Config {
  const parsed = parseConfig({
    version: 1,
    repositories: { fleet: { git: { url: 'file:///fleet' }, delivery: 'pull-request' } },
    responses: [{ name: 'contain', match: {}, actions: [{ contain: {} }], revertAfter: '4h' }],
  })
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults))
  return parsed.config
}

/** A branch in which a response stands whose time is over. */
function bundle() {
  const forge = new MemoryForge({ 'web.yaml': text(3) })
  const now = Date.now()
  const message = composeCommitMessage([
    {
      id: 'r1',
      response: 'contain',
      workload: { cluster: 'prod', namespace: 'default', kind: 'Deployment', name: 'web' },
      actions: ['contain'],
      places: [
        {
          path: 'web.yaml',
          document: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'web' },
          pointer: '/spec/replicas',
        },
      ],
      alertRule: 'a rule',
      priority: 'Notice',
      time: '2026-01-01T00:00:00Z',
      count: 1,
      until: new Date(now - 1000).toISOString(),
      fields: [],
    },
  ])
  forge.base.now = now - 60_000
  forge.base.add(message, { 'web.yaml': text(0) })
  const config = configOf()
  const settings = config.repositories[0]?.pullRequest
  if (settings === undefined) throw new Error('no repository')
  const proposed = new ProposedBranch({
    host: new MemoryProposals(forge),
    base: forge.base,
    baseName: 'main',
    settings,
    muteForMs: () => 0,
    heals: true,
    onEnded: async () => {},
    onBegun: () => {},
    log: silentLog,
    now: Date.now,
  })
  const ended: string[] = []
  const met = { count: 0 }
  const start = (
    host: RepositoryHost,
    about: { readonly applied?: RepositoryHost; readonly isOn?: () => boolean },
  ): void => {
    const reverter = new LaneReverter({
      host,
      ...about,
      guard: new MemoryGuard(),
      memory: new BranchMemory(),
      config: () => config,
      repository: 'fleet',
      log: silentLog,
      now: Date.now,
      onEnded: (result) => ended.push(result),
      onCommit: () => {},
      onProtected: () => (met.count += 1),
    })
    running.push(reverter)
  }
  return { forge, proposed, ended, met, start }
}

describe('what takes responses back when their time is over', () => {
  it('proposes it for what stands in the branch that is applied', async () => {
    const { forge, proposed, ended, start } = bundle()

    start(proposed, { applied: forge.base })
    await vi.waitFor(() => expect(ended).toEqual(['undone']), SOON)

    expect(forge.pullRequests).toMatchObject([{ branch: 'saker/main-undo-r1', state: 'open' }])
    expect(parseUndoneIds(forge.pullRequests[0]?.body ?? '')).toEqual(['r1'])
    expect(forge.base.tip.files['web.yaml']).toBe(text(0))
  })

  it('says so when the branch takes no commit, and leaves it then to whoever proposes', async () => {
    const { forge, proposed, ended, met, start } = bundle()
    forge.base.faults.push({ code: 'BRANCH_PROTECTED' })
    let isProtected = false

    start(forge.base, { isOn: () => !isProtected })
    await vi.waitFor(() => expect(met.count).toBe(1), SOON)
    isProtected = true
    start(proposed, { applied: forge.base, isOn: () => isProtected })

    await vi.waitFor(() => expect(ended).toEqual(['undone']), SOON)
    expect(forge.base.history).toHaveLength(2)
  })

  it('asks nothing where another lane does it', async () => {
    const { forge, proposed, ended, start } = bundle()
    let asked = 0

    start(proposed, { applied: forge.base, isOn: () => (asked += 1) < 0 })
    await vi.waitFor(() => expect(asked).toBe(1), SOON)

    expect([forge.calls, forge.base.reads, ended]).toEqual([[], [], []])
  })
})
