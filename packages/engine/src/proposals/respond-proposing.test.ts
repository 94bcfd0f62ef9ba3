import { parseConfig, parseResponseLines, silentLog, workloadKeyOf, type Config, type ResponseJob } from '@saker/core'
import { describe, expect, it, vi } from 'vitest'
import { MemoryGuard } from '../../../../test/support/memory-guard.ts'
import { MemoryForge, MemoryProposals } from '../../../../test/support/memory-proposals.ts'
import { BranchMemory } from '../branch-memory.ts'
import { Layouts } from '../layouts.ts'
import { respond } from '../respond.ts'
import type { RespondDependencies } from '../respond-batch.ts'
import { muteRejected } from './mute-rejected.ts'
import { ProposedBranch } from './proposed-branch.ts'

const HOUR = 3_600_000

function deployment(name: string, replicas = 3): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: default }
spec: { replicas: ${replicas} }
`
}

function configOf(pullRequest: object = {}, guard: object = {}): Config {
  const parsed = parseConfig({
    version: 1,
    repositories: { fleet: { git: { url: 'file:///fleet' }, delivery: 'pull-request', pullRequest } },
    responses: [
      { name: 'contain', match: {}, actions: [{ contain: {} }] },
      { name: 'stop', match: {}, actions: [{ scale: { replicas: 0 } }] },
      { name: 'mark', match: {}, actions: [{ annotate: { 'acme.example/seen': 'yes' } }] },
    ],
    guard,
  })
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults))
  return parsed.config
}

function job(id: string, name: string, overrides: Partial<ResponseJob> = {}): ResponseJob {
  return {
    version: 1,
    id,
    response: 'contain',
    cluster: 'default',
    sighting: { namespace: 'default', podName: `${name}-77789455d6-m7flp` },
    alert: JSON.stringify({ rule: 'Terminal shell', priority: 'Notice', time: '2021-06-13T19:35:58Z' }),
    receivedAt: 1000,
    fingerprint: id,
    ...overrides,
  }
}

/** A forge with some workloads, and a worker that answers in its lane; `again` starts another one. */
function bundle(names: readonly string[], config: Config = configOf(), hasPullRequests = true) {
  const files = Object.fromEntries(names.map((name) => [`${name}.yaml`, deployment(name)]))
  const forge = new MemoryForge(files, { hasPullRequests })
  const guard = new MemoryGuard()
  const clock = { now: 1000 }
  const begun: string[] = []
  const ended: string[] = []
  const again = (heals = true) => workerOn({ forge, guard, clock, begun, ended, config, heals })
  const first = again()
  return { forge, guard, clock, begun, ended, again, ...first }
}

function workerOn(world: {
  forge: MemoryForge
  guard: MemoryGuard
  clock: { now: number }
  begun: string[]
  ended: string[]
  config: Config
  heals: boolean
}) {
  const { forge, guard, clock, begun, ended, config, heals } = world
  const settings = config.repositories[0]?.pullRequest
  if (settings === undefined) throw new Error('no repository')
  const { muteForMs } = config.guard
  const proposals = new ProposedBranch({
    host: new MemoryProposals(forge),
    base: forge.base,
    baseName: 'main',
    settings,
    muteForMs: () => muteForMs,
    heals,
    admitted: async (write) => {
      await guard.openWrite().admit([], config.guard.maxWorkloads)
      return write()
    },
    onEnded: async (one) => {
      const told = `${one.branch} ${one.state}`
      if (!ended.includes(told)) ended.push(told)
      await muteRejected(one, { guard, muteForMs, now: clock.now })
    },
    onBegun: (branch) => begun.push(branch),
    log: silentLog,
    now: () => clock.now,
  })
  const deps: RespondDependencies = {
    host: proposals,
    proposals,
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
    now: () => clock.now,
    random: () => 0.5,
  }
  const run = (jobs: ResponseJob[], recovering = false) =>
    respond({ jobs, recovering, signal: new AbortController().signal }, deps)
  return { deps, run, proposals }
}

describe('respond in a lane of pull requests', () => {
  it('answers a burst with one branch of one commit and one pull request, and leaves the base alone', async () => {
    const { forge, run, begun } = bundle(['web', 'api'])

    const outcomes = await run([job('r1', 'web'), job('r2', 'api')])

    expect(outcomes.get('r1')).toEqual({
      outcome: 'proposed',
      number: 1,
      url: 'https://forge.example/pull/1',
      branch: 'saker/main-r1',
      sha: 'saker/main-r1-1',
      workload: { cluster: 'default', namespace: 'default', kind: 'Deployment', name: 'web' },
      path: 'web.yaml',
    })
    expect(outcomes.get('r2')).toMatchObject({ outcome: 'proposed', number: 1, path: 'api.yaml' })
    expect([...forge.branches.keys()]).toEqual(['saker/main-r1'])
    expect(forge.branches.get('saker/main-r1')?.history).toHaveLength(2)
    expect(forge.base.history).toHaveLength(1)
    expect(forge.pullRequests).toMatchObject([
      { title: 'respond to 2 workloads (contain)', state: 'open', labels: ['saker'], draft: false, autoMerge: false },
    ])
    expect(parseResponseLines(forge.pullRequests[0]?.body ?? '').map(({ id }) => id)).toEqual(['r1', 'r2'])
    expect(begun).toEqual(['saker/main-r1'])
  })

  it('adds to the open pull request with two requests, and tells it there', async () => {
    const { forge, run } = bundle(['web', 'api'])
    await run([job('r1', 'web')])
    forge.calls.length = 0

    const outcomes = await run([job('r2', 'api')])

    expect(forge.calls).toEqual(['commit', 'present'])
    expect(outcomes.get('r2')).toMatchObject({ outcome: 'proposed', number: 1, branch: 'saker/main-r1' })
    expect(forge.pullRequests).toHaveLength(1)
    expect(parseResponseLines(forge.pullRequests[0]?.body ?? '').map(({ id }) => id)).toEqual(['r1', 'r2'])
  })

  it('opens one with a look, a read, a commit and the opening', async () => {
    const { forge, run } = bundle(['web'])

    await run([job('r1', 'web')])

    expect(forge.calls).toEqual(['list', 'read', 'commit', 'present'])
  })

  it('proposes a target that is in the pull request already with the same one, and makes no commit', async () => {
    const { forge, run } = bundle(['web'])
    const first = await run([job('r1', 'web')])
    forge.calls.length = 0

    const outcomes = await run([job('r2', 'web'), job('r3', 'web', { response: 'stop' })])

    expect(outcomes.get('r2')).toEqual(first.get('r1'))
    expect(outcomes.get('r3')).toEqual(first.get('r1'))
    expect(forge.calls).toEqual(['list'])
  })

  it('leaves unchanged what is as wanted on the base', async () => {
    const { forge, run } = bundle(['web', 'api'])
    forge.base.add('somebody stops api', { 'api.yaml': deployment('api', 0) })

    const alone = await run([job('r1', 'api')])
    await run([job('r2', 'web')])
    const beside = await run([job('r3', 'api')])

    expect(alone.get('r1')).toMatchObject({ outcome: 'unchanged', sha: 'sha-1' })
    expect(beside.get('r3')).toMatchObject({ outcome: 'unchanged', sha: 'sha-1' })
  })

  it('does not take what another response proposes for a workload for what this one wants', async () => {
    const { forge, run } = bundle(['web', 'api'])
    forge.base.add('somebody stops web', { 'web.yaml': deployment('web', 0) })
    await run([job('r1', 'web', { response: 'mark' })])

    const outcomes = await run([job('r2', 'web')])

    expect(outcomes.get('r2')).toMatchObject({ outcome: 'unchanged' })
  })

  it('adds to a branch that is older than the base, and says what it cannot do there', async () => {
    const { forge, run } = bundle(['web', 'api'])
    await run([job('r1', 'web')])
    forge.base.add('a new app', { 'new.yaml': deployment('new') })
    forge.base.add('somebody stops and starts api', { 'api.yaml': deployment('api', 4) })

    const outcomes = await run([job('r2', 'api'), job('r3', 'new'), job('r4', 'nobody')])

    expect(outcomes.get('r2')).toMatchObject({ outcome: 'proposed', number: 1 })
    expect(outcomes.get('r3')).toMatchObject({ outcome: 'failed', code: 'PROPOSAL_BEHIND' })
    expect(outcomes.get('r4')).toMatchObject({ outcome: 'failed', code: 'WORKLOAD_NOT_FOUND' })
    expect(forge.pullRequests).toHaveLength(1)
  })

  it('does not call stopped what somebody has started since on the base', async () => {
    const { forge, run } = bundle(['web', 'api'])
    forge.base.add('somebody stops api', { 'api.yaml': deployment('api', 0) })
    await run([job('r1', 'web')])
    forge.base.add('somebody starts api', { 'api.yaml': deployment('api') })

    const outcomes = await run([job('r2', 'api')])

    expect(outcomes.get('r2')).toMatchObject({ outcome: 'failed', code: 'PROPOSAL_BEHIND' })
  })

  it('plans on top of what somebody else has pushed to the branch, and overwrites nothing', async () => {
    const { forge, run } = bundle(['web', 'api'])
    await run([job('r1', 'web')])
    const branch = forge.branches.get('saker/main-r1')
    branch?.add('a reviewer adds a note', { 'api.yaml': `# why\n${deployment('api')}` })

    const outcomes = await run([job('r2', 'api')])

    expect(outcomes.get('r2')).toMatchObject({ outcome: 'proposed', number: 1 })
    expect(branch?.tip.files['api.yaml']).toBe(`# why\n${deployment('api', 0)}`)
    expect(branch?.history.map(({ message }) => message.split('\n')[0])).toEqual([
      'first',
      'contain default/Deployment/web',
      'a reviewer adds a note',
      'contain default/Deployment/api',
    ])
  })

  it('leaves alone what a reviewer has taken out of the branch', async () => {
    const { forge, run } = bundle(['web', 'api'])
    await run([job('r1', 'web'), job('r2', 'api')])
    forge.branches.get('saker/main-r1')?.add('not this one', { 'web.yaml': deployment('web') })

    const outcomes = await run([job('r3', 'web')])

    expect(outcomes.get('r3')).toMatchObject({ outcome: 'skipped', mute: { reason: 'ForeignRevert' } })
  })

  it.each(['merge', 'squash'] as const)('begins anew after a %s, on a branch of another name', async (method) => {
    const { forge, run, ended } = bundle(['web', 'api'])
    await run([job('r1', 'web')])
    forge.merge(1, method)

    const outcomes = await run([job('r2', 'api'), job('r3', 'web')])

    expect(outcomes.get('r2')).toMatchObject({ outcome: 'proposed', number: 2, branch: 'saker/main-r2' })
    expect(outcomes.get('r3')).toMatchObject({ outcome: 'unchanged' })
    expect(ended).toEqual(['saker/main-r1 merged'])
    expect(parseResponseLines(forge.pullRequests[1]?.body ?? '').map(({ id }) => id)).toEqual(['r2'])
  })

  it('plans anew what it has committed to a branch that was merged at that moment', async () => {
    const { forge, run } = bundle(['web', 'api'])
    await run([job('r1', 'web')])
    forge.merge(1)
    forge.calls.length = 0

    const outcomes = await run([job('r2', 'api')])

    expect(outcomes.get('r2')).toMatchObject({ outcome: 'proposed', number: 2, branch: 'saker/main-r2' })
    expect(forge.calls).toEqual(['commit', 'present', 'list', 'read', 'commit', 'present'])
  })

  it('mutes what was in a pull request that was closed, but not what came too late for it', async () => {
    const { forge, guard, run, clock, ended } = bundle(['web', 'api'])
    await run([job('r1', 'web')])
    forge.now = 2000
    forge.closePullRequest(1)
    clock.now = 3000

    const late = await run([job('r2', 'api')])
    const again = await run([job('r3', 'web')])

    expect(ended).toEqual(['saker/main-r1 closed'])
    expect(late.get('r2')).toMatchObject({ outcome: 'proposed', number: 2 })
    expect(again.get('r3')).toMatchObject({
      outcome: 'skipped',
      reason: 'Muted',
      mute: { reason: 'PullRequestClosed', until: new Date(2000 + HOUR).toISOString() },
    })
    expect([...guard.mutes.keys()]).toEqual(['default/default/Deployment/web'])
  })

  it('mutes all that was in one that was closed, also after a restart and where the body does not hold it', async () => {
    const names = Array.from({ length: 400 }, (_, at) => `app-${at}-${'x'.repeat(30)}`)
    const { forge, guard, again, run, clock } = bundle(names)
    await run(names.map((name, at) => job(`r${at}`, name)))
    const { signal } = new AbortController()
    const { proposals } = again()
    await proposals.look({ signal })
    forge.now = 2000
    forge.closePullRequest(1)
    clock.now = 3000

    await proposals.look({ signal })

    expect(parseResponseLines(forge.pullRequests[0]?.body ?? '').length).toBeLessThan(400)
    expect(guard.mutes.size).toBe(400)
  })

  it('proposes again once the mute is over, on a branch of another name', async () => {
    const { forge, run, clock } = bundle(['web'])
    await run([job('r1', 'web')])
    forge.now = 2000
    forge.closePullRequest(1)
    clock.now = 2000 + HOUR + 1

    const outcomes = await run([job('r1', 'web', { receivedAt: clock.now })])

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'proposed', number: 2, branch: 'saker/main-r1-2' })
  })

  it('goes on with a pull request that was opened again', async () => {
    const { forge, again } = bundle(['web', 'api'])
    await again().run([job('r1', 'web')])
    forge.closePullRequest(1)
    forge.reopen(1)

    const outcomes = await again().run([job('r2', 'api')])

    expect(outcomes.get('r2')).toMatchObject({ outcome: 'proposed', number: 1 })
    expect(parseResponseLines(forge.pullRequests[0]?.body ?? '').map(({ id }) => id)).toEqual(['r1', 'r2'])
  })

  it('notices a branch that was deleted, which closes its pull request', async () => {
    const { forge, run } = bundle(['web', 'api'])
    await run([job('r1', 'web')])
    forge.now = 2000
    forge.deleteBranch('saker/main-r1')

    const outcomes = await run([job('r2', 'api'), job('r3', 'web')])

    expect(outcomes.get('r2')).toMatchObject({ outcome: 'proposed', number: 2 })
    expect(outcomes.get('r3')).toMatchObject({ outcome: 'skipped', reason: 'Muted' })
  })
})

describe('a proposal that ends between a plan and its commit', () => {
  it('gets no commit, and none begins where it stood', async () => {
    const { forge, run, proposals } = bundle(['web', 'api'])
    await run([job('r1', 'web')])
    const { signal } = new AbortController()
    const { tree } = await proposals.read({ freshness: 'cached', signal })
    forge.merge(1)
    await proposals.look({ signal })
    const late = { baseSha: tree.sha, message: 'late', edits: [] }

    await expect(proposals.commit(late, { signal })).rejects.toMatchObject({ code: 'BRANCH_MOVED' })
    expect([...forge.branches.keys()]).toEqual(['saker/main-r1'])
  })
})

describe('recovery in a lane of pull requests', () => {
  it('finds a commit whose answer was lost, and opens its pull request once', async () => {
    const { forge, run } = bundle(['web'])
    forge.base.faults.push({ code: 'COMMIT_UNCONFIRMED', landed: true })

    const outcomes = await run([job('r1', 'web')])

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'proposed', number: 1, sha: 'saker/main-r1-1' })
    expect(forge.branches.size).toBe(1)
    expect(forge.branches.get('saker/main-r1')?.history).toHaveLength(2)
    expect(forge.pullRequests).toHaveLength(1)
  })

  it.each([false, true])('opens the pull request that another worker died before, landed: %s', async (landed) => {
    const { forge, run, again, ended } = bundle(['web', 'api'])
    forge.faults.push({ call: 'present', code: 'INTERNAL', landed })
    await run([job('r1', 'web')]).catch(() => undefined)

    const outcomes = await again().run([job('r1', 'web')], true)

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'proposed', number: 1, sha: 'saker/main-r1-1' })
    expect(forge.branches.size).toBe(1)
    expect(forge.pullRequests).toHaveLength(1)
    expect(ended).toEqual([])
  })

  it('writes nothing by a look where it is only to look', async () => {
    const { forge, run, again } = bundle(['web'])
    forge.faults.push({ call: 'present', code: 'INTERNAL' })
    await run([job('r1', 'web')]).catch(() => undefined)

    const { proposals } = again(false)
    await proposals.look({ signal: new AbortController().signal })

    expect(proposals.open?.proposal.branch).toBe('saker/main-r1')
    expect(forge.pullRequests).toEqual([])
  })

  it('adds what a pull request does not say yet, because another worker died before', async () => {
    const { forge, run, again } = bundle(['web', 'api'])
    await run([job('r1', 'web')])
    forge.faults.push({ call: 'present', code: 'INTERNAL' })
    await run([job('r2', 'api')]).catch(() => undefined)
    expect(parseResponseLines(forge.pullRequests[0]?.body ?? '').map(({ id }) => id)).toEqual(['r1'])

    const outcomes = await again().run([job('r2', 'api')], true)

    expect(outcomes.get('r2')).toMatchObject({ outcome: 'proposed', number: 1, sha: 'saker/main-r1-2' })
    expect(parseResponseLines(forge.pullRequests[0]?.body ?? '').map(({ id }) => id)).toEqual(['r1', 'r2'])
  })

  it('lets the lane sleep when the pull request cannot be opened for now, and nothing is done twice', async () => {
    const { forge, run } = bundle(['web'])
    for (let tries = 0; tries < 2; tries += 1) forge.faults.push({ call: 'present', code: 'REPOSITORY_UNAVAILABLE' })

    await expect(run([job('r1', 'web')])).rejects.toMatchObject({ code: 'REPOSITORY_UNAVAILABLE' })
    const outcomes = await run([job('r1', 'web')], true)

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'proposed', number: 1 })
    expect(forge.branches.get('saker/main-r1')?.history).toHaveLength(2)
  })

  it('fails with what the host refuses a pull request with, and says where the change is', async () => {
    const { forge, run, again } = bundle(['web'])
    forge.faults.push({ call: 'present', code: 'PULL_REQUEST_REJECTED' })

    const refused = await run([job('r1', 'web')])
    const outcomes = await again().run([job('r1', 'web')])

    expect(refused.get('r1')).toMatchObject({
      outcome: 'failed',
      code: 'PULL_REQUEST_REJECTED',
      message: 'the change is in the branch saker/main-r1, but: as told',
    })
    expect(outcomes.get('r1')).toMatchObject({ outcome: 'proposed', number: 1, branch: 'saker/main-r1' })
  })

  it('says that a response is committed that was merged before its worker could tell', async () => {
    const { forge, run, again } = bundle(['web'])
    await run([job('r1', 'web')])
    forge.merge(1)

    const outcomes = await again().run([job('r1', 'web')], true)

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'committed' })
  })

  it('opens no second one beside a worker that was frozen', async () => {
    const { forge, run, again } = bundle(['web', 'api'])
    const frozen = again()
    await frozen.deps.host.read({ freshness: 'current', past: 100, signal: new AbortController().signal })
    await run([job('r1', 'web')])

    const outcomes = await frozen.run([job('r1', 'web'), job('r2', 'api')])

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'proposed', number: 1 })
    expect(outcomes.get('r2')).toMatchObject({ outcome: 'proposed', number: 1 })
    expect(forge.pullRequests).toHaveLength(1)
  })
})

describe('the guard in a lane of pull requests', () => {
  const names = ['a', 'b', 'c']
  const jobs = names.map((name) => job(name, name))

  it('neither counts nor caps what waits for a person', async () => {
    const { guard, run } = bundle(names, configOf({}, { maxWorkloads: { count: 1 } }))

    const outcomes = await run(jobs)

    expect([...outcomes.values()].map(({ outcome }) => outcome)).toEqual(['proposed', 'proposed', 'proposed'])
    expect(guard.stopped.size).toBe(0)
  })

  it('counts and caps what is merged by itself', async () => {
    const { guard, run } = bundle(names, configOf({ autoMerge: 'squash' }, { maxWorkloads: { count: 2 } }))

    const outcomes = await run(jobs)

    expect([...outcomes.values()].map(({ outcome }) => outcome).toSorted()).toEqual(['held', 'proposed', 'proposed'])
    expect(guard.stopped.size).toBe(2)
  })

  it('counts what was merged along in the moment in which it was added', async () => {
    const { forge, guard, run } = bundle(names, configOf({ autoMerge: 'squash' }, { maxWorkloads: { count: 2 } }))
    await run([job('r1', 'a')])
    const present = MemoryProposals.prototype.present
    const spy = vi.spyOn(MemoryProposals.prototype, 'present').mockImplementationOnce(function (
      this: MemoryProposals,
      ...args
    ) {
      forge.merge(1, 'merge')
      return present.apply(this, args)
    })

    const merged = await run([job('r2', 'b')])
    const next = await run([job('r3', 'c')])
    spy.mockRestore()

    expect(merged.get('r2')).toMatchObject({ outcome: 'committed' })
    expect(guard.stopped.size).toBe(2)
    expect(next.get('r3')).toMatchObject({ outcome: 'held', reason: 'WorkloadCap' })
  })

  it('proposes nothing in a lane that is paused', async () => {
    const { forge, guard, run } = bundle(names)
    guard.paused = true

    await expect(run(jobs)).rejects.toMatchObject({ code: 'LANE_PAUSED' })
    expect(forge.branches.size).toBe(0)
  })

  it('opens no pull request that was left to be opened either', async () => {
    const { forge, guard, run, again } = bundle(names)
    forge.faults.push({ call: 'present', code: 'INTERNAL' })
    await run(jobs).catch(() => undefined)
    guard.paused = true

    const looked = again().proposals.look({ signal: new AbortController().signal })

    await expect(looked).rejects.toMatchObject({ code: 'LANE_PAUSED' })
    expect(forge.pullRequests).toEqual([])
  })

  it('says why something is proposed that was to be committed', async () => {
    const { run } = bundle(names)

    const outcomes = await run([
      job('r1', 'a', { forwardedFor: 'BranchProtected' }),
      job('r2', 'b', { forwardedFor: 'WorkloadCap' }),
      job('r3', 'c'),
    ])

    expect(outcomes.get('r1')).toMatchObject({ warnings: [expect.stringContaining('is protected')] })
    expect(outcomes.get('r2')).toMatchObject({ warnings: [expect.stringContaining('guard allows')] })
    expect(outcomes.get('r3')).not.toHaveProperty('warnings')
  })
})

describe('respond on a host without pull requests', () => {
  it('pushes one branch, says how to go on, and adds to it', async () => {
    const { forge, run } = bundle(['web', 'api'], configOf(), false)

    const first = await run([job('r1', 'web')])
    const second = await run([job('r2', 'api')])

    expect(first.get('r1')).toMatchObject({
      outcome: 'proposed',
      branch: 'saker/main-r1',
      warnings: ['open a pull request from saker/main-r1: this host has none that Saker can open'],
    })
    expect(second.get('r2')).toMatchObject({ outcome: 'proposed', branch: 'saker/main-r1' })
    expect([...forge.branches.keys()]).toEqual(['saker/main-r1'])
  })

  it('knows a merge by the lines in the base', async () => {
    const { forge, again, ended } = bundle(['web', 'api'], configOf(), false)
    const [one, other] = [again(), again()]
    await one.run([job('r1', 'web')])
    const branch = forge.branches.get('saker/main-r1')
    forge.base.add(branch?.tip.message ?? '', branch?.tip.files ?? {})

    const outcomes = await one.run([job('r2', 'api'), job('r3', 'web')])
    await other.run([job('r4', 'web')])

    expect(outcomes.get('r2')).toMatchObject({ outcome: 'proposed', branch: 'saker/main-r2' })
    expect(outcomes.get('r3')).toMatchObject({ outcome: 'unchanged' })
    expect(ended).toEqual(['saker/main-r1 merged'])
  })

  it('takes a branch that is gone for given up, and mutes what was in it', async () => {
    const { forge, guard, run, ended } = bundle(['web', 'api'], configOf(), false)
    await run([job('r1', 'web')])
    forge.deleteBranch('saker/main-r1')

    const outcomes = await run([job('r2', 'api'), job('r3', 'web')])

    expect(outcomes.get('r2')).toMatchObject({ outcome: 'proposed', branch: 'saker/main-r2' })
    expect(outcomes.get('r3')).toMatchObject({ outcome: 'skipped', reason: 'Muted' })
    expect(ended).toEqual(['saker/main-r1 closed'])
    expect([...guard.mutes.keys()]).toEqual([
      workloadKeyOf({ cluster: 'default', namespace: 'default', kind: 'Deployment', name: 'web' }),
    ])
  })
})
