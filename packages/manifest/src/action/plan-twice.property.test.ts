import { ResponseError, type Action } from '@saker/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aLayout, planOn } from '../../../../test/support/a-layout.ts'
import '../../../../test/support/fixed-seed.ts'

const KINDS = {
  Deployment: { apiVersion: 'apps/v1', pod: 'web-6d4cf56db6-x7k2p' },
  StatefulSet: { apiVersion: 'apps/v1', pod: 'web-0' },
  DaemonSet: { apiVersion: 'apps/v1', pod: 'web-x7k2p' },
} as const

const manifest = fc
  .record({
    kind: fc.constantFrom('Deployment', 'StatefulSet', 'DaemonSet'),
    isFlow: fc.boolean(),
    hasReplicas: fc.boolean(),
    hasNeighbour: fc.boolean(),
  })
  .map(({ kind, isFlow, hasReplicas, hasNeighbour }) => {
    const { apiVersion, pod } = KINDS[kind]
    const template = {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'app', image: 'r/web:1' }] },
    }
    const replicas = hasReplicas && kind !== 'DaemonSet' ? { replicas: 2 } : {}
    const spec = { ...replicas, selector: { matchLabels: { app: 'web' } }, template }
    const head = `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: web\n  namespace: shop\n`
    const object = { apiVersion, kind, metadata: { name: 'web', namespace: 'shop' }, spec }
    const own = isFlow ? `${JSON.stringify(object)}\n` : `${head}spec: ${JSON.stringify(spec)}\n`
    const neighbour = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: shop}\n---\n'
    return { pod, text: `${hasNeighbour ? neighbour : ''}${own}` }
  })

const overlays = fc.record({
  root: fc.constantFrom('none', 'plain', 'overlay', 'shared base'),
  fields: fc.subarray(['labels: [{pairs: {a: b}}]', 'commonAnnotations: {c: d}', 'namespace: shop', 'patches: []']),
})

const actions = fc.subarray<Action>(
  [
    { action: 'contain' },
    { action: 'isolate' },
    { action: 'label', labels: { quarantine: 'yes' } },
    { action: 'annotate', annotations: { 'saker.dev/incident': '0123' } },
    { action: 'image', container: 'app', set: 'r/web:2' },
    { action: 'patch', merge: { spec: { minReadySeconds: 5 } } },
  ],
  { minLength: 1 },
)

function filesOf(text: string, { root, fields }: { root: string; fields: readonly string[] }): Record<string, string> {
  const kustomization = (...lines: readonly string[]): string => `${[...lines, ...fields].join('\n')}\n`
  if (root === 'none') return { 'web.yaml': text }
  if (root === 'plain') return { 'web.yaml': text, 'kustomization.yaml': kustomization('resources: [web.yaml]') }
  return {
    'base/web.yaml': text,
    'base/kustomization.yaml': 'resources: [web.yaml]\n',
    'prod/kustomization.yaml': kustomization('resources:', '- ../base'),
    ...(root === 'overlay'
      ? {}
      : { 'test/kustomization.yaml': 'resources: [../base]\nnameSuffix: -test\nnamespace: test\n' }),
  }
}

describe('a plan', () => {
  it('leaves nothing to do on its own result', () => {
    fc.assert(
      fc.property(manifest, overlays, actions, ({ pod, text }, overlay, wanted) => {
        const layout = aLayout(filesOf(text, overlay))
        const sighting = { namespace: 'shop', podName: pod }

        const plan = planOn(layout, sighting, { actions: wanted })
        const again = planOn(plan.kind === 'edits' ? plan.layout : layout, sighting, { actions: wanted })

        expect(plan.kind).toBe('edits')
        expect(again.kind).toBe('unchanged')
      }),
      { numRuns: 60 },
    )
  })

  it('is made of proven edits or refused, whatever else the manifest holds', () => {
    const damage = fc.record({
      at: fc.nat(),
      remove: fc.nat({ max: 8 }),
      insert: fc.constantFrom('', ' ', '\n', '- ', ': ', '{', '}', '&a ', '*a'),
    })

    fc.assert(
      fc.property(manifest, damage, ({ pod, text }, { at, remove, insert }) => {
        const start = at % text.length
        const layout = aLayout({ 'web.yaml': text.slice(0, start) + insert + text.slice(start + remove) })
        try {
          const plan = planOn(layout, { namespace: 'shop', podName: pod }, { actions: [{ action: 'contain' }] })
          const after = plan.kind === 'edits' ? plan.layout : layout
          expect(planOn(after, { namespace: 'shop', podName: pod }, { actions: [{ action: 'contain' }] }).kind).toBe(
            'unchanged',
          )
        } catch (thrown) {
          if (!(thrown instanceof ResponseError)) throw thrown
        }
      }),
      { numRuns: 60 },
    )
  })
})
