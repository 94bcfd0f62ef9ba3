import { describe, expect, it } from 'vitest'
import { aLayout } from '../../../../test/support/a-layout.ts'
import { findWorkload } from '../layout/find/find-workload.ts'
import type { Layout } from '../layout/layout-model.ts'
import { planTogether, type BurstPlan } from './plan-together.ts'

function deployment(name: string, namespace = 'shop'): string {
  return [
    'apiVersion: apps/v1',
    'kind: Deployment',
    `metadata: {name: ${name}, namespace: ${namespace}}`,
    'spec:',
    '  replicas: 2',
    `  selector: {matchLabels: {app: ${name}}}`,
    '  template:',
    `    metadata: {labels: {app: ${name}}}`,
    `    spec: {containers: [{name: app, image: 'r/${name}:1'}]}`,
    '',
  ].join('\n')
}

function containAll(layout: Layout, workloads: readonly string[]): BurstPlan {
  const requests = workloads.map((id) => {
    const [namespace = '', name = ''] = id.split('/')
    const found = findWorkload(layout, 'prod', { namespace, podName: `${name}-6d4cf56db6-x7k2p` })
    return { id, found, actions: [{ action: 'contain' as const }] }
  })
  return planTogether(layout, 'fleet', requests)
}

/** Where each response of a plan is made, by its id. */
function placesIn({ answers }: BurstPlan): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    [...answers].map(([id, answer]) => [
      id,
      answer.kind === 'edits' ? answer.places.map(({ path, pointer }) => `${path}#${pointer}`) : [answer.kind],
    ]),
  )
}

describe('a burst', () => {
  const names = ['a', 'b', 'c', 'd']
  const four = Object.fromEntries(names.map((name) => [`${name}.yaml`, deployment(name)]))
  const broadPatch = [
    'resources: [a.yaml, b.yaml, c.yaml, d.yaml]',
    'patches:',
    '  - target: {kind: Deployment}',
    '    patch: |-',
    '      - op: add',
    '        path: /spec/replicas',
    '        value: 4',
    '',
  ].join('\n')

  it.each([2, 4])('of %i stops each by an entry of its own, not all by the patch that is for all', (count) => {
    const layout = aLayout({ 'kustomization.yaml': broadPatch, ...four })
    const stopped = names.slice(-count)

    const plan = containAll(
      layout,
      stopped.map((name) => `shop/${name}`),
    )

    expect(placesIn(plan)).toEqual(
      Object.fromEntries(stopped.map((name) => [`shop/${name}`, [`kustomization.yaml#/replicas/[name=${name}]`]])),
    )
  })

  it('leaves a base alone that one build takes twice, also when the last of the two is stopped', () => {
    const layout = aLayout({
      'base/web.yaml': deployment('web'),
      'base/kustomization.yaml': 'resources: [web.yaml]\n',
      'blue/kustomization.yaml': 'resources: [../base]\nnamePrefix: blue-\n',
      'green/kustomization.yaml': 'resources: [../base]\nnamePrefix: green-\n',
      'prod/kustomization.yaml': 'resources: [../blue, ../green]\n',
    })

    const plan = containAll(layout, ['shop/blue-web', 'shop/green-web'])

    expect(placesIn(plan)).toEqual({
      'shop/blue-web': ['prod/kustomization.yaml#/replicas/[name=blue-web]'],
      'shop/green-web': ['prod/kustomization.yaml#/replicas/[name=green-web]'],
    })
  })

  it('leaves a patch of a base alone that one build takes twice', () => {
    const layout = aLayout({
      'base/web.yaml': deployment('web'),
      'base/kustomization.yaml': 'resources: [web.yaml]\nreplicas: [{name: web, count: 3}]\n',
      'blue/kustomization.yaml': 'resources: [../base]\nnamePrefix: blue-\n',
      'green/kustomization.yaml': 'resources: [../base]\nnamePrefix: green-\n',
      'prod/kustomization.yaml': 'resources: [../blue, ../green]\n',
    })

    expect(placesIn(containAll(layout, ['shop/blue-web', 'shop/green-web']))).toEqual({
      'shop/blue-web': ['prod/kustomization.yaml#/replicas/[name=blue-web]'],
      'shop/green-web': ['prod/kustomization.yaml#/replicas/[name=green-web]'],
    })
  })

  it('names the namespace in the patch of each of two that have one name', () => {
    const layout = aLayout({
      'base/web.yaml': deployment('web').replace(', namespace: shop', ''),
      'base/kustomization.yaml': 'resources: [web.yaml]\n',
      'one/kustomization.yaml': 'resources: [../base]\nnamespace: one\n',
      'two/kustomization.yaml': 'resources: [../base]\nnamespace: two\n',
      'prod/kustomization.yaml': 'resources: [../one, ../two]\n',
    })

    const [edit] = containAll(layout, ['one/web', 'two/web']).edits

    expect(edit?.text?.match(/namespace: \w+/gu)).toEqual(['namespace: one', 'namespace: two'])
  })

  it('does not stop two kinds of one name by the entry of `replicas` that counts both', () => {
    const set = deployment('web').replace('kind: Deployment', 'kind: StatefulSet')
    const layout = aLayout({
      'kustomization.yaml': 'resources: [web.yaml, set.yaml, a.yaml, b.yaml]\nreplicas: [{name: web, count: 3}]\n',
      'web.yaml': deployment('web'),
      'set.yaml': set,
      'a.yaml': deployment('a'),
      'b.yaml': deployment('b'),
    })
    const seen = {
      Deployment: 'web-6d4cf56db6-x7k2p',
      StatefulSet: 'web-0',
      a: 'a-6d4cf56db6-x7k2p',
      b: 'b-6d4cf56db6-x7k2p',
    }
    const requests = Object.entries(seen).map(([id, podName]) => {
      const found = findWorkload(layout, 'prod', { namespace: 'shop', podName })
      return { id, found, actions: [{ action: 'contain' as const }] }
    })

    expect(placesIn(planTogether(layout, 'fleet', requests))).toEqual({
      Deployment: ['refused'],
      StatefulSet: ['refused'],
      a: ['a.yaml#/spec/replicas'],
      b: ['b.yaml#/spec/replicas'],
    })
  })

  it('names the namespace in the patches of a Flux object, too', () => {
    const flux = [
      'apiVersion: kustomize.toolkit.fluxcd.io/v1',
      'kind: Kustomization',
      'metadata: {name: apps, namespace: flux-system}',
      'spec: {path: ./apps, prune: true, sourceRef: {kind: GitRepository, name: flux-system}}',
      '---',
      'apiVersion: source.toolkit.fluxcd.io/v1',
      'kind: GitRepository',
      'metadata: {name: flux-system, namespace: flux-system}',
      'spec: {url: https://git.example/acme/fleet, ref: {branch: main}}',
      '',
    ].join('\n')
    const layout = aLayout(
      {
        'clusters/prod/apps.yaml': flux,
        'clusters/dr/apps.yaml': flux,
        'base/web.yaml': deployment('web').replace(', namespace: shop', ''),
        'base/kustomization.yaml': 'resources: [web.yaml]\n',
        'one/kustomization.yaml': 'resources: [../base]\nnamespace: one\n',
        'two/kustomization.yaml': 'resources: [../base]\nnamespace: two\n',
        'apps/kustomization.yaml': 'resources: [../one, ../two]\n',
      },
      [{ paths: ['clusters/prod'] }, { name: 'dr', paths: ['clusters/dr'] }],
    )

    const [edit] = containAll(layout, ['one/web', 'two/web']).edits

    expect(edit?.path).toBe('clusters/prod/apps.yaml')
    expect(edit?.text?.match(/namespace: (?:one|two)/gu)).toEqual(['namespace: one', 'namespace: two'])
  })
})
