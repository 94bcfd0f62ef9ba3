import { laneOf, parseConfig, silentLog, type ResponseJob } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { MemoryGuard } from '../../../../test/support/memory-guard.ts'
import { MemoryHost } from '../../../../test/support/memory-host.ts'
import { MemoryForge, MemoryProposals } from '../../../../test/support/memory-proposals.ts'
import { BranchMemory } from '../branch-memory.ts'
import { Layouts } from '../layouts.ts'
import { respond } from '../respond.ts'
import type { RespondDependencies } from '../respond-batch.ts'
import { ProposedBranch } from './proposed-branch.ts'

const deployment = (name: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: default }
spec: { replicas: 3 }
`

function job(id: string, name: string): ResponseJob {
  return {
    version: 1,
    id,
    response: 'contain',
    cluster: 'prod',
    sighting: { namespace: 'default', podName: `${name}-77789455d6-m7flp` },
    alert: JSON.stringify({ rule: 'Terminal shell', priority: 'Notice', time: '2021-06-13T19:35:58Z' }),
    receivedAt: 1000,
    fingerprint: id,
  }
}

/** A cluster that two repositories declare; one is proposed to, the other committed to. */
function bundle(fleet: Record<string, string>, apps: Record<string, string>) {
  const repository = (name: string, delivery: string): object => ({
    git: { url: `https://git.test/${name}` },
    delivery,
    clusters: { prod: {} },
  })
  const parsed = parseConfig({
    version: 1,
    repositories: { fleet: repository('fleet', 'pull-request'), apps: repository('apps', 'commit') },
    responses: [{ name: 'contain', match: {}, actions: [{ contain: {} }] }],
  })
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults))
  const { config } = parsed
  const [ours, theirs] = config.repositories
  if (ours === undefined || theirs === undefined) throw new Error('no repositories')
  const forge = new MemoryForge(fleet)
  const { signal } = new AbortController()
  const proposals = new ProposedBranch({
    host: new MemoryProposals(forge),
    base: forge.base,
    baseName: 'main',
    settings: ours.pullRequest,
    muteForMs: () => 0,
    heals: true,
    onEnded: async () => {},
    onBegun: () => undefined,
    log: silentLog,
    now: () => 1000,
  })
  const deps: RespondDependencies = {
    host: proposals,
    proposals,
    guard: new MemoryGuard(),
    memory: new BranchMemory(),
    config,
    repository: 'fleet',
    delivery: 'pull-request',
    readNeighbour: async () => (await new MemoryHost(apps).read({ freshness: 'current', signal })).tree,
    layouts: new Layouts(),
    log: silentLog,
    observe: { conflict: () => undefined, committed: () => undefined },
    wait: async () => {},
    now: () => 1000,
    random: () => 0.5,
  }
  const run = async (one: ResponseJob) => (await respond({ jobs: [one], recovering: false, signal }, deps)).get(one.id)
  return { forge, run, apps: laneOf(theirs, 'commit').slug }
}

describe('a workload that an open proposal, older than its base, finds in another repository', () => {
  it('goes on there when it has moved there', async () => {
    const elsewhere: Record<string, string> = {}
    const { forge, run, apps } = bundle({ 'web.yaml': deployment('web'), 'api.yaml': deployment('api') }, elsewhere)
    await run(job('r1', 'api'))
    forge.base.add('move web', {})
    delete forge.base.tip.files['web.yaml']
    elsewhere['web.yaml'] = deployment('web')

    expect(await run(job('r2', 'web'))).toEqual({ outcome: 'forwarded', lane: apps })
  })

  it('does not go on there when the base says otherwise by now, which could go to and fro', async () => {
    const { forge, run } = bundle({ 'api.yaml': deployment('api') }, { 'web.yaml': deployment('web') })
    await run(job('r1', 'api'))
    forge.base.add('declare web here as well', { 'web.yaml': deployment('web') })

    expect(await run(job('r2', 'web'))).toMatchObject({ outcome: 'failed', code: 'WORKLOAD_AMBIGUOUS' })
  })
})
