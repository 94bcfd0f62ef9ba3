import { parseConfig, silentLog, type ResponseJob } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { MemoryGuard } from '../../../../test/support/memory-guard.ts'
import { MemoryForge, MemoryProposals } from '../../../../test/support/memory-proposals.ts'
import { BranchMemory } from '../branch-memory.ts'
import { Layouts } from '../layouts.ts'
import { respond } from '../respond.ts'
import type { RespondDependencies } from '../respond-batch.ts'
import { ProposedBranch } from './proposed-branch.ts'

const NAMES = ['web', 'api', 'db']

function deployment(name: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: default }
spec: { replicas: 3 }
`
}

function job(id: string, name: string): ResponseJob {
  return {
    version: 1,
    id,
    response: 'contain',
    cluster: 'default',
    sighting: { namespace: 'default', podName: `${name}-77789455d6-m7flp` },
    alert: JSON.stringify({ rule: 'Terminal shell', priority: 'Notice', time: '2021-06-13T19:35:58Z' }),
    receivedAt: 1000,
    fingerprint: id,
  }
}

/** A forge, and what answers one job there as a worker that has just started does. */
function forgeWith(options: { readonly hasPullRequests: boolean }) {
  const parsed = parseConfig({
    version: 1,
    repositories: { fleet: { git: { url: 'file:///fleet' }, delivery: 'pull-request' } },
    responses: [{ name: 'contain', match: {}, actions: [{ contain: {} }] }],
  })
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults))
  const { config } = parsed
  const [repository] = config.repositories
  if (repository === undefined) throw new Error('no repository')
  const forge = new MemoryForge(Object.fromEntries(NAMES.map((name) => [`${name}.yaml`, deployment(name)])), options)
  const guard = new MemoryGuard()
  const ended: string[] = []
  const answer = async (one: ResponseJob) => {
    const host = new ProposedBranch({
      host: new MemoryProposals(forge),
      base: forge.base,
      baseName: 'main',
      settings: repository.pullRequest,
      muteForMs: () => 1000,
      heals: true,
      onEnded: async ({ branch, state }) => void ended.push(`${branch} ${state}`),
      onBegun: () => undefined,
      log: silentLog,
      now: () => 1000,
    })
    const deps: RespondDependencies = {
      host,
      proposals: host,
      guard,
      memory: new BranchMemory(),
      config,
      repository: 'fleet',
      delivery: 'pull-request',
      readNeighbour: async ({ name }) => Promise.reject(new Error(`nobody reads ${name}`)),
      layouts: new Layouts(),
      log: silentLog,
      observe: { conflict: () => undefined, committed: () => undefined },
      wait: async () => {},
      now: () => 1000,
      random: () => 0.5,
    }
    const outcomes = await respond({ jobs: [one], recovering: false, signal: new AbortController().signal }, deps)
    return outcomes.get(one.id)
  }
  return { forge, ended, answer }
}

describe('a branch of somebody else whose name looks like ours', () => {
  it('does not stand before the open pull request of ours, though its own is older', async () => {
    const { forge, ended, answer } = forgeWith({ hasPullRequests: true })
    const theirs = forge.addBranch('saker/main-hotfix')
    theirs.add('by hand', { 'notes.txt': 'theirs' })
    await new MemoryProposals(forge).present('saker/main-hotfix', {
      title: 'by hand',
      body: 'theirs',
      labels: [],
      draft: false,
      autoMerge: false,
    })

    const outcomes = [await answer(job('r1', 'web')), await answer(job('r2', 'api')), await answer(job('r3', 'web'))]

    expect(outcomes).toMatchObject(Array.from(outcomes, () => ({ outcome: 'proposed', number: 2 })))
    expect([...forge.branches.keys()]).toEqual(['saker/main-hotfix', 'saker/main-r1'])
    expect(theirs.history).toHaveLength(2)
    expect(forge.pullRequests[0]).toMatchObject({ title: 'by hand', body: 'theirs' })
    expect(ended).toEqual([])
  })

  it('does not stand before ours where the host has no pull requests, though it sorts as newer', async () => {
    const { forge, answer } = forgeWith({ hasPullRequests: false })
    const theirs = forge.addBranch('saker/main-zoo')
    theirs.add('by hand', { 'notes.txt': 'theirs' })

    const outcomes = [await answer(job('r1', 'web')), await answer(job('r2', 'api')), await answer(job('r3', 'web'))]

    expect(outcomes).toMatchObject(Array.from(outcomes, () => ({ outcome: 'proposed', branch: 'saker/main-r1' })))
    expect([...forge.branches.keys()]).toEqual(['saker/main-zoo', 'saker/main-r1'])
    expect(theirs.history).toHaveLength(2)
  })

  it('is one that a reviewer has rewritten, beside which one more is begun, and not one for each response', async () => {
    const { forge, answer } = forgeWith({ hasPullRequests: true })
    await answer(job('r1', 'web'))
    const branch = forge.branches.get('saker/main-r1')
    if (branch === undefined) throw new Error('no branch was begun')
    branch.history.splice(1, 1, { ...branch.tip, sha: 'rewritten', message: 'in other words' })

    const outcomes = [await answer(job('r2', 'api')), await answer(job('r3', 'db')), await answer(job('r4', 'api'))]

    expect(outcomes).toMatchObject(Array.from(outcomes, () => ({ outcome: 'proposed', number: 2 })))
    expect(branch.history).toHaveLength(2)
  })
})
