import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { deletionEntryOf, patchEntryOf } from './kustomize-patch.ts'

const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web.v2' },
  spec: { replicas: 2, template: { spec: { containers: [{ name: 'app', image: 'a:1' }] } } },
}

describe('a patch for one object', () => {
  it('is an operation where the parent is certain to be there, with a name that means no other', () => {
    const entry = patchEntryOf(
      { kind: 'Deployment', name: 'web.v2', namespace: 'shop' },
      [{ op: 'set', at: ['spec', 'replicas'], value: 0 }],
      DEPLOYMENT,
    )

    expect(entry).toEqual({
      target: { kind: 'Deployment', name: String.raw`web\.v2`, namespace: 'shop' },
      patch: '- op: add\n  path: /spec/replicas\n  value: 0\n',
    })
  })

  it('merges where a map may be missing, and every value stays text', () => {
    const entry = patchEntryOf(
      { kind: 'Deployment', name: 'web.v2' },
      [
        { op: 'set', at: ['metadata', 'annotations', 'a/b'], value: '0123' },
        { op: 'set', at: ['metadata', 'annotations', 'c'], value: 'yes' },
        { op: 'remove', at: ['metadata', 'annotations', 'd'] },
        { op: 'set', at: ['spec', 'template', 'spec', 'containers', { named: 'app' }, 'image'], value: 'a:2' },
      ],
      DEPLOYMENT,
    )

    expect(parse(entry?.patch ?? '', { version: '1.1' })).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web.v2', annotations: { 'a/b': '0123', c: 'yes', d: null } },
      spec: { template: { spec: { containers: [{ name: 'app', image: 'a:2' }] } } },
    })
  })

  it('goes by index in the lists of a custom resource, which no tool can merge', () => {
    const rollout = { ...DEPLOYMENT, apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' }

    const entry = patchEntryOf(
      { kind: 'Rollout', name: 'web.v2' },
      [{ op: 'set', at: ['spec', 'template', 'spec', 'containers', { named: 'app' }, 'image'], value: 'a:2' }],
      rollout,
    )

    expect(entry?.patch).toBe('- op: add\n  path: /spec/template/spec/containers/0/image\n  value: "a:2"\n')
  })

  it('makes a list that is missing, and adds to one that is there', () => {
    const append = [{ op: 'append', at: ['spec', 'postRenderers'], value: { kustomize: {} } }] as const
    const release = {
      apiVersion: 'helm.toolkit.fluxcd.io/v2',
      kind: 'HelmRelease',
      metadata: { name: 'r' },
      spec: { a: 1 },
    }
    const target = { kind: 'HelmRelease', name: 'r' }
    const more = { ...release, spec: { postRenderers: [{ kustomize: { images: [] } }] } }

    expect(parse(patchEntryOf(target, append, release)?.patch ?? '')).toEqual([
      { op: 'add', path: '/spec/postRenderers', value: [{ kustomize: {} }] },
    ])
    expect(parse(patchEntryOf(target, append, more)?.patch ?? '')).toEqual([
      { op: 'add', path: '/spec/postRenderers/-', value: { kustomize: {} } },
    ])
  })

  it('takes an object out', () => {
    expect(deletionEntryOf({ kind: 'Pod', name: 'a' }, { apiVersion: 'v1', kind: 'Pod', name: 'a' }).patch).toBe(
      '$patch: delete\napiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n',
    )
  })
})
