import type { PodOwnerKind } from '@saker/core'
import { describe, expect, it } from 'vitest'
import type { DeclaredWorkload } from '../workload/declared-workload.ts'
import { containAlone } from './contain-alone.ts'

function manifest(kind: PodOwnerKind, apiVersion = 'apps/v1'): DeclaredWorkload {
  return { apiVersion, kind, namespace: 'shop', name: 'web', path: 'apps/web.yaml', documentIndex: 0 }
}

function written(kind: PodOwnerKind, spec: string, apiVersion = 'apps/v1'): string {
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: web, namespace: shop }\nspec:\n${spec}`
}

describe('contain', () => {
  it.each([
    ['Deployment', 'apps/v1', '  replicas: 3\n', '  replicas: 0\n', '/spec/replicas'],
    ['StatefulSet', 'apps/v1', '  replicas: 3\n', '  replicas: 0\n', '/spec/replicas'],
    ['ReplicaSet', 'apps/v1', '  replicas: 3\n', '  replicas: 0\n', '/spec/replicas'],
    ['Rollout', 'argoproj.io/v1alpha1', '  replicas: 3\n', '  replicas: 0\n', '/spec/replicas'],
    ['Job', 'batch/v1', '  suspend: false\n', '  suspend: true\n', '/spec/suspend'],
    ['CronJob', 'batch/v1', '  schedule: x\n', '  suspend: true\n  schedule: x\n', '/spec/suspend'],
  ] as const)('stops a %s of %s', (kind, apiVersion, spec, stopped, pointer) => {
    const edit = containAlone(written(kind, spec, apiVersion), manifest(kind, apiVersion))

    expect(edit).toEqual({
      kind: 'edit',
      text: written(kind, stopped, apiVersion),
      place: { path: 'apps/web.yaml', document: { apiVersion, kind, namespace: 'shop', name: 'web' }, pointer },
    })
  })

  it.each([
    ['DaemonSet', 'apps/v1'],
    ['Pod', 'v1'],
  ] as const)('refuses a %s, which no single value stops', (kind, apiVersion) => {
    const text = written(kind, '  selector: {}\n', apiVersion)

    expect(() => containAlone(text, manifest(kind, apiVersion))).toThrow(
      expect.objectContaining({ code: 'WORKLOAD_KIND_UNSUPPORTED' }),
    )
  })

  it('leaves the namespace of the place empty when the manifest names none', () => {
    const text = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { replicas: 0 }\n'
    const { namespace: _namespace, ...floating } = manifest('Deployment')

    const edit = containAlone(text, floating)

    expect(edit).toMatchObject({ kind: 'unchanged', place: { document: { namespace: '' } } })
  })

  it('refuses a text whose document at that index is another workload by now', () => {
    const text = written('Deployment', '  replicas: 3\n').replace('name: web', 'name: api')

    expect(() => containAlone(text, manifest('Deployment'))).toThrow(
      expect.objectContaining({ code: 'MANIFEST_EDIT_UNSAFE' }),
    )
  })
})
