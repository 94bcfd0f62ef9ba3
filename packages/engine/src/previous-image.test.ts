import { parseConfig, silentLog, type Outcome, type ResponseJob } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { MemoryGuard } from '../../../test/support/memory-guard.ts'
import { MemoryHost } from '../../../test/support/memory-host.ts'
import { BranchMemory } from './branch-memory.ts'
import { Layouts } from './layouts.ts'
import { respond } from './respond.ts'
import type { RespondDependencies } from './respond-batch.ts'

const web = (image: string, note = 'first'): string => `# ${note}
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: default }
spec:
  replicas: 3
  template:
    spec:
      containers:
        - name: web
          image: ${image}   # the shop
`

function rollback(files: Record<string, string>) {
  const parsed = parseConfig({
    version: 1,
    repositories: { fleet: { git: { url: 'https://git.test/fleet' }, delivery: 'commit', clusters: { prod: {} } } },
    responses: [{ name: 'back', match: {}, actions: [{ image: { container: 'web', rollback: true } }] }],
  })
  if (!('config' in parsed)) throw new Error(JSON.stringify(parsed.faults))
  const host = new MemoryHost(files)
  const deps: RespondDependencies = {
    host,
    guard: new MemoryGuard(),
    memory: new BranchMemory(),
    config: parsed.config,
    repository: 'fleet',
    delivery: 'commit',
    readNeighbour: async ({ name }) => Promise.reject(new Error(`nobody reads ${name}`)),
    layouts: new Layouts(),
    log: silentLog,
    observe: { conflict: () => undefined, committed: () => undefined },
    wait: async () => {},
    now: () => 1000,
    random: () => 0.5,
  }
  const run = async (id: string): Promise<unknown> => {
    const outcomes = await respond(
      { jobs: [{ ...JOB, id }], recovering: false, signal: new AbortController().signal },
      deps,
    )
    return outcomes.get(id)
  }
  return { host, run }
}

const JOB: ResponseJob = {
  version: 1,
  id: 'r1',
  response: 'back',
  cluster: 'prod',
  sighting: { namespace: 'default', podName: 'web-77789455d6-m7flp' },
  alert: '{"rule":"Terminal shell in container","priority":"Notice","time":"2021-06-13T19:35:58Z","output":"x"}',
  receivedAt: 1000,
  fingerprint: 'f',
}

const COMMITTED: Partial<Outcome> = { outcome: 'committed' }

describe('an image that is rolled back', () => {
  it('is the one before in the history, whatever else changed since', async () => {
    const { host, run } = rollback({ 'web.yaml': web('shop:1.0') })
    host.add('new image', { 'web.yaml': web('shop:2.0') })
    host.add('another note', { 'web.yaml': web('shop:2.0', 'second') })

    const outcome = await run('r1')

    expect(outcome).toMatchObject(COMMITTED)
    expect(host.tip.files['web.yaml']).toBe(web('shop:1.0', 'second'))
  })

  it('is not rolled forward again by the next alert', async () => {
    const { host, run } = rollback({ 'web.yaml': web('shop:1.0') })
    host.add('new image', { 'web.yaml': web('shop:2.0') })
    await run('r1')

    const again = await run('r2')

    expect(again).toMatchObject({ outcome: 'unchanged' })
    expect(host.tip.files['web.yaml']).toContain('image: shop:1.0 ')
  })

  it('is found where a kustomization sets its tag', async () => {
    const kustomization = (tag: string): string =>
      `resources: [web.yaml]\nimages:\n  - name: shop\n    newTag: "${tag}"\n`
    const { host, run } = rollback({ 'web.yaml': web('shop'), 'kustomization.yaml': kustomization('1.0') })
    host.add('new tag', { 'kustomization.yaml': kustomization('2.0') })

    const outcome = await run('r1')

    expect(outcome).toMatchObject(COMMITTED)
    expect(host.tip.files['kustomization.yaml']).toBe(kustomization('1.0'))
  })

  it('is refused when history knows no other', async () => {
    const { host, run } = rollback({ 'web.yaml': web('shop:1.0') })

    const outcome = await run('r1')

    expect(outcome).toMatchObject({ outcome: 'failed', code: 'ACTION_NOT_APPLICABLE' })
    expect(host.history).toHaveLength(1)
  })
})
