import {
  composeCommitMessage,
  parseConfig,
  parseResponseLines,
  parseUndoneIds,
  silentLog,
  type Config,
} from '@saker/core'
import { describe, expect, it } from 'vitest'
import { MemoryGuard } from '../../../../test/support/memory-guard.ts'
import { MemoryForge, MemoryProposals } from '../../../../test/support/memory-proposals.ts'
import { BranchMemory } from '../branch-memory.ts'
import { revertDue } from '../undo/revert-due.ts'
import { undo } from '../undo/undo.ts'
import { ProposedBranch } from './proposed-branch.ts'

const { signal } = new AbortController()

const text = (name: string, replicas: number): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}, namespace: default}\nspec:\n  replicas: ${replicas} # all\n`

function configOf(): Config {
  const parsed = parseConfig({
    version: 1,
    repositories: { fleet: { git: { url: 'file:///fleet' }, delivery: 'pull-request' } },
    responses: [{ name: 'contain', match: {}, actions: [{ contain: {} }], revertAfter: '4h' }],
  })
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults))
  return parsed.config
}

function message(id: string, name: string, until = 500): string {
  return composeCommitMessage([
    {
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
      until: new Date(until).toISOString(),
      fields: [],
    },
  ])
}

/** Two Deployments, of which the base has stopped one, response `r1`; and what looks at it as a worker does. */
function bundle() {
  const forge = new MemoryForge({ 'web.yaml': text('web', 3), 'api.yaml': text('api', 3) })
  forge.base.add(message('r1', 'web'), { 'web.yaml': text('web', 0) })
  const config = configOf()
  const settings = config.repositories[0]?.pullRequest
  if (settings === undefined) throw new Error('no repository')
  const open = () =>
    new ProposedBranch({
      host: new MemoryProposals(forge),
      base: forge.base,
      baseName: 'main',
      settings,
      muteForMs: () => 0,
      heals: true,
      onEnded: async () => {},
      onBegun: () => {},
      log: silentLog,
      now: () => 1000,
    })
  const take = (id: string, host = open()) =>
    undo(
      { id, all: false, dryRun: false, signal },
      { host, config, wait: async () => {}, random: () => 0.5, onProgress: () => {} },
    )
  const revert = (ids: readonly string[], host = open()) =>
    revertDue(ids, signal, {
      host,
      guard: new MemoryGuard(),
      memory: new BranchMemory(),
      config,
      repository: 'fleet',
      log: silentLog,
      now: () => 1000,
    })
  return { forge, open, take, revert }
}

/** Proposes to stop `api`, as response `r2`. */
async function propose(host: ProposedBranch): Promise<void> {
  const { tree } = await host.read({ freshness: 'current', signal })
  const edit = { path: 'api.yaml', before: text('api', 3), after: text('api', 0), mode: '100644' as const }
  await host.commit({ baseSha: tree.sha, message: message('r2', 'api'), edits: [edit] }, { signal })
}

describe('undo of what was merged', () => {
  it('begins a proposal that is named for it, and says what it does', async () => {
    const { forge, take } = bundle()

    const outcome = await take('r1')

    expect(outcome).toMatchObject({
      kind: 'undone',
      commit: { proposal: { branch: 'saker/main-undo-r1', number: 1, url: 'https://forge.example/pull/1' } },
    })
    expect(forge.branches.get('saker/main-undo-r1')?.tip.files['web.yaml']).toBe(text('web', 3))
    expect(forge.base.tip.files['web.yaml']).toBe(text('web', 0))
    expect(parseUndoneIds(forge.pullRequests[0]?.body ?? '')).toEqual(['r1'])
  })

  it('is added to the proposal that is open, and is done once', async () => {
    const { forge, open, take } = bundle()
    await propose(open())

    const outcome = await take('r1')
    const again = await take('r1')

    expect(outcome).toMatchObject({ kind: 'undone', commit: { proposal: { branch: 'saker/main-r2', number: 1 } } })
    expect(again).toMatchObject({ kind: 'already' })
    const { body = '' } = forge.pullRequests[0] ?? {}
    expect([parseResponseLines(body).map(({ id }) => id), parseUndoneIds(body)]).toEqual([['r2'], ['r1']])
  })

  it('begins another one after that was merged, though of the same response', async () => {
    const { forge, take } = bundle()
    await take('r1')
    forge.closePullRequest(1)

    expect(await take('r1')).toMatchObject({ commit: { proposal: { branch: 'saker/main-undo-r1-2', number: 2 } } })
  })
})

describe('undo of what still waits', () => {
  it('takes it back in its branch', async () => {
    const { forge, open, take } = bundle()
    await propose(open())

    expect(await take('r2')).toMatchObject({ kind: 'undone', commit: { proposal: { branch: 'saker/main-r2' } } })
    expect(forge.branches.get('saker/main-r2')?.tip.files['api.yaml']).toBe(text('api', 3))
  })
})

describe('what is due', () => {
  it('is proposed once, by however many workers', async () => {
    const { forge, revert } = bundle()

    const [one, other] = [await revert(['r1']), await revert(['r1'])]

    expect(one).toMatchObject({ commit: { proposal: { number: 1 } }, ended: [], unknown: [] })
    expect(other).toMatchObject({ undone: [], ended: ['r1'] })
    expect(forge.pullRequests).toHaveLength(1)
  })

  it('is left for later when the open proposal is older', async () => {
    const { forge, open, revert } = bundle()
    const host = open()
    await propose(host)
    forge.base.add(message('r3', 'web'), { 'web.yaml': text('web', 0) })

    expect(await revert(['r3'])).toMatchObject({ undone: [], ended: [], unknown: ['r3'] })
  })
})
