import { parseConfig, silentLog, type ResponseJob } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { MemoryGuard } from '../../../../test/support/memory-guard.ts'
import { MemoryHost } from '../../../../test/support/memory-host.ts'
import { BranchMemory } from '../branch-memory.ts'
import { Layouts } from '../layouts.ts'
import { respond } from '../respond.ts'
import type { RespondDependencies } from '../respond-batch.ts'
import { ProtectedFallback } from './protected-fallback.ts'

const FORWARDED = { outcome: 'forwarded', lane: 'proposals', because: 'BranchProtected' }
const MINUTE = 60_000

function job(id: string, name: string): ResponseJob {
  const alert = JSON.stringify({ rule: 'Terminal shell', priority: 'Notice', time: '2021-06-13T19:35:58Z' })
  const sighting = { namespace: 'default', podName: `${name}-77789455d6-m7flp` }
  return { version: 1, id, response: 'contain', cluster: 'default', sighting, alert, receivedAt: 1000, fingerprint: id }
}

function bundle() {
  const parsed = parseConfig({
    version: 1,
    repositories: { fleet: { git: { url: 'file:///fleet' }, delivery: 'commit' } },
    responses: [{ name: 'contain', match: {}, actions: [{ contain: {} }] }],
    guard: { maxAge: '1h' },
  })
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults))
  const manifest =
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web, namespace: default }\nspec: { replicas: 3 }\n'
  const host = new MemoryHost({ 'web.yaml': manifest, 'api.yaml': manifest.replace('web', 'api') })
  const guard = new MemoryGuard()
  const clock = { now: 1000 }
  const deps: RespondDependencies = {
    host,
    guard,
    fallback: new ProtectedFallback('proposals'),
    memory: new BranchMemory(),
    config: parsed.config,
    repository: 'fleet',
    delivery: 'commit',
    readNeighbour: async ({ name }) => Promise.reject(new Error(`nobody reads ${name}`)),
    layouts: new Layouts(),
    log: silentLog,
    observe: { conflict: () => undefined, committed: () => undefined },
    wait: async () => {},
    now: () => clock.now,
    random: () => 0.5,
  }
  const run = (jobs: ResponseJob[], recovering = false) =>
    respond({ jobs, recovering, signal: new AbortController().signal }, deps)
  return { host, guard, clock, deps, run }
}

describe('respond on a branch that is protected', () => {
  it('sends what was to be committed on, settles the rest, and counts nothing as stopped', async () => {
    const { host, guard, run } = bundle()
    host.faults.push({ code: 'BRANCH_PROTECTED' })

    const outcomes = await run([job('r1', 'web'), job('r2', 'nobody')])

    expect(outcomes.get('r1')).toEqual(FORWARDED)
    expect(outcomes.get('r2')).toMatchObject({ outcome: 'failed', code: 'WORKLOAD_NOT_FOUND' })
    expect(guard.stopped.size).toBe(0)
  })

  it('remembers it for some minutes, and tries again then', async () => {
    const { host, clock, run } = bundle()
    host.faults.push({ code: 'BRANCH_PROTECTED' })
    await run([job('r1', 'web')])
    const reads = host.reads.length

    clock.now += 9 * MINUTE
    const soon = await run([job('r2', 'web'), job('r3', 'nobody')])

    expect([soon.get('r2'), soon.get('r3')]).toEqual([FORWARDED, FORWARDED])
    expect(host.reads).toHaveLength(reads)
    clock.now += 2 * MINUTE
    expect((await run([job('r4', 'web')])).get('r4')).toMatchObject({ outcome: 'committed' })
  })

  it('looks first for what an earlier try may have committed', async () => {
    const { host, run } = bundle()
    await run([job('r1', 'web')])
    host.faults.push({ code: 'BRANCH_PROTECTED' }, { code: 'BRANCH_PROTECTED' })
    await run([job('r2', 'api')])

    const outcomes = await run([job('r1', 'web'), job('r3', 'api')], true)

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'committed', sha: 'sha-1' })
    expect(outcomes.get('r3')).toEqual(FORWARDED)
  })

  it('fails where there is nowhere to propose to', async () => {
    const { host, deps } = bundle()
    const { fallback: _, ...without } = deps
    host.faults.push({ code: 'BRANCH_PROTECTED' })
    const batch = { jobs: [job('r1', 'web')], recovering: false, signal: new AbortController().signal }

    const outcomes = await respond(batch, without)

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'failed', code: 'BRANCH_PROTECTED' })
  })
})
