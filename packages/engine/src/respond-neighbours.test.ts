import { laneOf, parseConfig, ResponseError, silentLog, type Config, type ResponseJob, type Tree } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { MemoryGuard } from '../../../test/support/memory-guard.ts'
import { MemoryHost } from '../../../test/support/memory-host.ts'
import { BranchMemory } from './branch-memory.ts'
import { Layouts } from './layouts.ts'
import { respond } from './respond.ts'
import type { RespondDependencies } from './respond-batch.ts'

const deployment = (name: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: default }
spec:
  replicas: 3
`

function configOf(deliveries: { fleet: string; apps: string }): Config {
  const repository = (name: 'fleet' | 'apps'): object => ({
    git: { url: `https://git.test/${name}` },
    delivery: deliveries[name],
    clusters: { prod: {} },
  })
  const written = {
    version: 1,
    repositories: { fleet: repository('fleet'), apps: repository('apps') },
    responses: [{ name: 'contain', match: {}, actions: [{ contain: {} }] }],
  }
  const parsed = parseConfig(written)
  if (!('config' in parsed)) throw new Error(JSON.stringify(parsed.faults))
  return parsed.config
}

function laneIn(options: {
  fleet: Record<string, string>
  apps: Record<string, string> | ResponseError
  config?: Config
  delivery?: 'commit' | 'observe'
}) {
  const { config = configOf({ fleet: 'commit', apps: 'commit' }), delivery = 'commit' } = options
  const host = new MemoryHost(options.fleet)
  const read = async (): Promise<Tree> => {
    if (options.apps instanceof ResponseError) throw options.apps
    const { tree } = await new MemoryHost(options.apps).read({
      freshness: 'current',
      signal: new AbortController().signal,
    })
    return tree
  }
  const deps: RespondDependencies = {
    host,
    guard: new MemoryGuard(),
    memory: new BranchMemory(),
    config,
    repository: 'fleet',
    delivery,
    readNeighbour: read,
    layouts: new Layouts(),
    log: silentLog,
    observe: { conflict: () => undefined, committed: () => undefined },
    wait: async () => {},
    now: () => 1000,
    random: () => 0.5,
  }
  const run = (job: ResponseJob) =>
    respond({ jobs: [job], recovering: false, signal: new AbortController().signal }, deps)
  return { host, run, config }
}

const JOB: ResponseJob = {
  version: 1,
  id: 'r1',
  response: 'contain',
  cluster: 'prod',
  sighting: { namespace: 'default', podName: 'web-77789455d6-m7flp' },
  alert: '{"rule":"Terminal shell in container","priority":"Notice","time":"2021-06-13T19:35:58Z","output":"x"}',
  receivedAt: 1000,
  fingerprint: 'f',
}

function slugOf({ repositories }: Config, name: string, delivery: 'commit' | 'observe'): string | undefined {
  const repository = repositories.find((one) => one.name === name)
  return repository === undefined ? undefined : laneOf(repository, delivery).slug
}

describe('a cluster that two repositories declare', () => {
  it('is answered here when the workload is declared here alone', async () => {
    const { run, host } = laneIn({ fleet: { 'web.yaml': deployment('web') }, apps: { 'api.yaml': deployment('api') } })

    const outcomes = await run(JOB)

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'committed', path: 'web.yaml' })
    expect(host.tip.files['web.yaml']).toContain('replicas: 0')
  })

  it('goes on in the lane of the repository that declares the workload', async () => {
    const { run, host, config } = laneIn({ fleet: {}, apps: { 'web.yaml': deployment('web') } })

    const outcomes = await run(JOB)

    expect(outcomes.get('r1')).toEqual({ outcome: 'forwarded', lane: slugOf(config, 'apps', 'commit') })
    expect(host.history).toHaveLength(1)
  })

  it('goes on as the other repository has it, but observes only in a dry run', async () => {
    const apps = { 'web.yaml': deployment('web') }
    const config = configOf({ fleet: 'observe', apps: 'commit' })
    const observed = laneIn({ fleet: {}, apps, config, delivery: 'observe' })
    const dry = laneIn({ fleet: {}, apps, delivery: 'observe' })

    const outcomes = [await observed.run(JOB), await dry.run(JOB)].map((all) => all.get('r1'))

    expect(outcomes).toEqual([
      { outcome: 'forwarded', lane: slugOf(config, 'apps', 'commit') },
      { outcome: 'forwarded', lane: slugOf(dry.config, 'apps', 'observe') },
    ])
  })

  it('is refused when both declare the workload', async () => {
    const files = { 'web.yaml': deployment('web') }
    const { run, host } = laneIn({ fleet: files, apps: files })

    const outcomes = await run(JOB)

    expect(outcomes.get('r1')).toMatchObject({ outcome: 'failed', code: 'WORKLOAD_AMBIGUOUS' })
    expect(host.history).toHaveLength(1)
  })

  it('waits when one of them cannot be read now', async () => {
    const away = new ResponseError('REPOSITORY_UNAVAILABLE', 'away')
    const { run, host } = laneIn({ fleet: { 'web.yaml': deployment('web') }, apps: away })

    await expect(run(JOB)).rejects.toMatchObject({ code: 'REPOSITORY_UNAVAILABLE' })
    expect(host.history).toHaveLength(1)
  })
})
