import { blobOid, parseAlert, parseConfig, ResponseError, type Alert, type Config, type Tree } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { Simulation, type SimulatedAlert } from './simulation.ts'

const DEPLOYMENT = (name: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: default }
spec:
  replicas: 3
`

function treeOf(files: Readonly<Record<string, string>>): Tree {
  const entries = Object.entries(files).map(
    ([path, text]) => [path, { path, mode: '100644', oid: blobOid(text, '0'.repeat(40)), text }] as const,
  )
  return { sha: '0'.repeat(40), files: new Map(entries) }
}

function configOf(repositories: object, rest: object = {}): Config {
  const parsed = parseConfig({
    version: 1,
    repositories,
    responses: [{ name: 'contain', match: { alertRules: ['Shell'] }, actions: [{ contain: {} }] }],
    ...rest,
  })
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults))
  return parsed.config
}

const FLEET = { fleet: { git: { url: 'file:///fleet' }, delivery: 'commit' } }

function alertAt(pod: string, namespace = 'default', rule = 'Shell'): Alert {
  const fields = { 'k8s.ns.name': namespace, 'k8s.pod.name': pod }
  return parseAlert(JSON.stringify({ rule, priority: 'Notice', time: '2026-01-01T00:00:00Z', output_fields: fields }))
}

/** A simulation over trees by their repository's name, and the names in the order in which they are read. */
function simulate(trees: Readonly<Record<string, Tree>>, config: Config, cluster = 'default') {
  const reads: string[] = []
  const simulation = new Simulation({
    config,
    cluster,
    now: () => 1000,
    read: async ({ name }) => {
      reads.push(name)
      const tree = trees[name]
      if (tree === undefined) throw new ResponseError('REPOSITORY_NOT_FOUND', `no ${name}`)
      return tree
    },
  })
  return { reads, answer: async (alert: Alert) => responsesIn(await simulation.answer(alert)) }
}

function responsesIn(simulated: SimulatedAlert) {
  return 'ignored' in simulated ? simulated : simulated.responses
}

describe('Simulation', () => {
  const files = { 'web.yaml': DEPLOYMENT('web'), 'off.yaml': DEPLOYMENT('off').replace('3', '0') }

  it('shows what each alert would lead to by itself', async () => {
    const { answer, reads } = simulate({ fleet: treeOf(files) }, configOf(FLEET))

    const [web] = [await answer(alertAt('web-7d4b9c8f6-x7k2p'))]

    expect(web).toMatchObject([
      {
        response: 'contain',
        repository: 'fleet',
        delivery: 'commit',
        outcome: {
          outcome: 'observed',
          path: 'web.yaml',
          diff: expect.stringContaining('-  replicas: 3\n+  replicas: 0'),
        },
        layer: { kind: 'in-place', consumers: 1 },
      },
    ])
    expect(await answer(alertAt('web-7d4b9c8f6-zzzzz'))).toMatchObject([{ outcome: { outcome: 'observed' } }])
    expect(await answer(alertAt('off-7d4b9c8f6-x7k2p'))).toMatchObject([{ outcome: { outcome: 'unchanged' } }])
    expect(await answer(alertAt('other-7d4b9c8f6-x7k2p'))).toMatchObject([{ outcome: { code: 'WORKLOAD_NOT_FOUND' } }])
    expect(reads).toEqual(['fleet'])
  })

  it('reads nothing for what is ignored or guarded', async () => {
    const { answer, reads } = simulate({}, configOf(FLEET, { guard: { onlyNamespaces: ['shop'] } }))

    expect(await answer(alertAt('web', 'default', 'Other'))).toEqual({ ignored: 'NoResponse' })
    expect(await answer(alertAt('', ''))).toEqual({ ignored: 'NoWorkload' })
    expect(await answer(alertAt('web', 'default', 'Test rule'))).toEqual({ ignored: 'TestAlert' })
    expect(await answer(alertAt('web'))).toMatchObject([{ outcome: { reason: 'NamespaceNotAllowed' } }])
    expect(await answer(alertAt('dns', 'kube-system'))).toMatchObject([{ outcome: { reason: 'ProtectedNamespace' } }])
    expect(reads).toEqual([])
  })

  it('fails the responses of a repository that cannot be read, and asks it once', async () => {
    const { answer, reads } = simulate({}, configOf(FLEET))

    expect(await answer(alertAt('a'))).toMatchObject([{ outcome: { outcome: 'failed', code: 'REPOSITORY_NOT_FOUND' } }])
    expect(await answer(alertAt('b'))).toMatchObject([{ outcome: { outcome: 'failed', code: 'REPOSITORY_NOT_FOUND' } }])
    expect(reads).toEqual(['fleet'])
  })

  it('goes on in the repository where the workload is declared', async () => {
    const both = { ...FLEET, apps: { git: { url: 'file:///apps' }, delivery: 'observe' } }
    const trees = { fleet: treeOf({ 'other.yaml': DEPLOYMENT('other') }), apps: treeOf(files) }
    const { answer, reads } = simulate(trees, configOf(both))

    expect(await answer(alertAt('web-7d4b9c8f6-x7k2p'))).toMatchObject([
      { repository: 'apps', delivery: 'observe', outcome: { outcome: 'observed', path: 'web.yaml' } },
    ])
    expect(reads.toSorted()).toEqual(['apps', 'fleet'])
  })

  it('answers an alert by all responses that the config lets answer it', async () => {
    const responses = ['one', 'two', 'three'].map((name) => ({
      name,
      match: {},
      actions: [{ contain: {} }],
      continue: name === 'one',
    }))
    const { answer } = simulate({ fleet: treeOf(files) }, configOf(FLEET, { responses }))

    expect(await answer(alertAt('web-7d4b9c8f6-x7k2p'))).toMatchObject([{ response: 'one' }, { response: 'two' }])
  })

  it('knows no cluster that the config does not', async () => {
    const { answer } = simulate({}, configOf(FLEET), 'elsewhere')

    await expect(answer(alertAt('web'))).rejects.toMatchObject({ code: 'CLUSTER_UNKNOWN' })
  })
})
