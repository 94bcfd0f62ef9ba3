import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseConfig } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { faultsOf } from '../support/kubernetes-schemas.ts'
import {
  CHART,
  find,
  helmAvailable,
  keyOf,
  KUBERNETES_VERSIONS,
  podOf,
  podsOf,
  render,
  VALUE_SETS,
  type KubernetesObject,
} from '../support/helm-chart.ts'

const DASHBOARD = readFileSync(join(CHART, 'dashboards/saker.json'), 'utf8')

/** Without what differs at each rendering, and without the dashboard, which is a file of its own. */
function comparable(object: KubernetesObject): object {
  const data = Object.entries(object.data ?? {}).map(([key, value]) => {
    const secret = object.kind === 'Secret' ? Buffer.from(value, 'base64').toString() : ''
    if (/^[A-Za-z0-9]{40}$/u.test(secret)) return [key, '(made once and kept)']
    return [key, value.trim() === DASHBOARD.trim() ? '(dashboards/saker.json)' : value]
  })
  return object.data === undefined ? object : { ...object, data: Object.fromEntries(data) as object }
}

describe.skipIf(!helmAvailable)('the chart', () => {
  it.each(VALUE_SETS)('renders %s as it is recorded', async (set) => {
    const text = render({ set })
      .map((object) => stringify(comparable(object), { lineWidth: 0, aliasDuplicateObjects: false }))
      .join('---\n')

    await expect(text).toMatchFileSnapshot(join(import.meta.dirname, `goldens/${set}.yaml`))
  })

  it.each(VALUE_SETS.flatMap((set) => KUBERNETES_VERSIONS.map((version) => [set, version] as const)))(
    'renders %s into objects that Kubernetes %s understands',
    (set, kubernetes) => {
      const objects = render({ set, kubernetes })

      expect(objects.flatMap((object) => faultsOf(object, kubernetes))).toEqual([])
      expect(objects.length).toBeGreaterThan(5)
    },
  )

  it('is checked by schemas that refuse what Kubernetes would', () => {
    const [deployment] = render().filter(({ kind }) => kind === 'Deployment')
    const wrong = { ...deployment, spec: { ...(deployment?.spec as object), replicaCount: 1 } } as KubernetesObject

    expect(faultsOf(wrong, '1.36')).toEqual([expect.stringContaining('replicaCount')])
  })

  it.each(VALUE_SETS)('renders %s with a config that Saker takes', (set) => {
    const config = find(render({ set }), `ConfigMap ${set === 'mutual-tls' ? 'saker-answerer' : 'saker'}-config`)

    const parsed = parseConfig(parse(config.data?.['saker.yaml'] ?? ''))

    expect(parsed).not.toHaveProperty('faults')
    expect(parsed).toHaveProperty('config')
  })

  it('gives every object a name that fits, whatever the release is called', () => {
    const objects = render({ values: { fullnameOverride: 'a'.repeat(70) } })

    // The pods of a StatefulSet have a label of its name and a hash.
    const longest = ({ kind }: KubernetesObject): number => (kind === 'StatefulSet' ? 63 - '-0123456789'.length : 63)

    expect(objects.filter((object) => object.metadata.name.length > longest(object)).map(keyOf)).toEqual([])
    expect(objects.map(({ kind }) => kind)).toContain('StatefulSet')
  })

  it('writes large numbers of the config as they were', () => {
    const config = find(render({ set: 'existing-secrets' }), 'ConfigMap saker-config').data?.['saker.yaml']

    expect(config).toContain('id: 1234567\n')
    expect(config).toContain('installationId: 98765432\n')
  })

  it('changes no pod when the config does, because running pods follow it', () => {
    const [before, after] = [{}, { config: { responses: [{ name: 'x', match: {}, actions: [{ contain: {} }] }] } }].map(
      (values) => podsOf(render({ set: 'created-secrets', values })),
    )

    expect(after).toEqual(before)
  })

  it.each([
    ['a token', { secrets: { adminToken: 'another' } }, ['Deployment saker-ingest', 'Deployment saker-worker']],
    [
      'the password of Redis',
      { redis: { auth: { password: 'another' } } },
      ['Deployment saker-ingest', 'Deployment saker-worker', 'StatefulSet saker-redis'],
    ],
    ['the settings of Redis', { redis: { maxmemory: '1gb' } }, ['StatefulSet saker-redis']],
  ])('changes the pods that use it when %s changes', (_what, values, changed) => {
    const before = new Map(podsOf(render({ set: 'created-secrets' })).map(([key, pod]) => [key, JSON.stringify(pod)]))

    const after = podsOf(render({ set: 'created-secrets', values }))

    expect(after.filter(([key, pod]) => before.get(key) !== JSON.stringify(pod)).map(([key]) => key)).toEqual(changed)
  })

  it('leaves the number of pods to what scales them', () => {
    const ingest = find(render({ set: 'high-availability' }), 'Deployment saker-ingest')
    const worker = find(render({ set: 'keda' }), 'Deployment saker-worker')

    expect([ingest.spec, worker.spec]).toEqual([
      expect.not.objectContaining({ replicas: expect.anything() as unknown }),
      expect.not.objectContaining({ replicas: expect.anything() as unknown }),
    ])
  })

  it('selects with each Service and NetworkPolicy pods of this release, and only those meant', () => {
    const objects = render({ set: 'network-policies' })
    const pods = podsOf(objects)
    const chosen = (labels: object): readonly string[] =>
      pods
        .filter(([, { metadata }]) => Object.entries(labels).every(([key, value]) => metadata.labels[key] === value))
        .map(([key]) => key.split('-').at(-1) ?? '')
    const spec = (key: string): { selector: object; podSelector: { matchLabels: object } } =>
      find(objects, key).spec as never

    expect(chosen(spec('Service saker').selector)).toEqual(['ingest'])
    expect(chosen(spec('Service saker-admin').selector)).toEqual(['ingest', 'worker'])
    expect(chosen(spec('Service saker-redis').selector)).toEqual(['redis'])
    expect(chosen(spec('NetworkPolicy saker-ingest').podSelector.matchLabels)).toEqual(['ingest'])
    expect(chosen(spec('NetworkPolicy saker-worker').podSelector.matchLabels)).toEqual(['worker'])
    expect(chosen(spec('NetworkPolicy saker-redis').podSelector.matchLabels)).toEqual(['redis'])
  })

  it('lets nobody but monitoring reach a worker', () => {
    const { spec } = find(render({ set: 'network-policies' }), 'NetworkPolicy saker-worker') as {
      spec: { policyTypes: string[]; ingress: { from: unknown[]; ports: { port: string }[] }[] }
    }

    expect(spec.policyTypes).toEqual(['Ingress', 'Egress'])
    expect(spec.ingress).toEqual([
      {
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
        ports: [{ port: 'admin', protocol: 'TCP' }],
      },
    ])
  })

  it('gives a pod longer to end than Saker takes at most', () => {
    const source = readFileSync(join(CHART, '../../apps/cli/src/run-service.ts'), 'utf8')
    const [, graceMs = ''] = /const GRACE_MS = ([\d_]+)/u.exec(source) ?? []
    const [, extraMs = ''] = /graceMs: GRACE_MS \+ (\d+)/u.exec(source) ?? []
    const longest = (Number(graceMs.replaceAll('_', '')) + Number(extraMs)) / 1000
    const ending = (name: string): number =>
      podOf(find(render(), `Deployment ${name}`)).spec.terminationGracePeriodSeconds

    expect(longest).toBeGreaterThan(1)
    expect(ending('saker-worker')).toBeGreaterThan(longest)
    expect(ending('saker-ingest')).toBeGreaterThan(longest + 5)
  })
})
