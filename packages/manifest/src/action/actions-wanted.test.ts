import type { Action } from '@saker/core'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../layout/json-value.ts'
import { actionsWanted } from './actions-wanted.ts'

function workload(kind: string, apiVersion = 'apps/v1', spec: JsonObject = {}): JsonObject {
  return { apiVersion, kind, metadata: { name: 'web', namespace: 'shop' }, spec }
}

const POD_SPEC = { template: { spec: { containers: [{ name: 'app', image: 'r/app:1' }] } } }
const CONTAIN: readonly Action[] = [{ action: 'contain' }]

describe('contain', () => {
  it.each([
    ['Deployment', 'apps/v1', 'replicas', 0],
    ['StatefulSet', 'apps/v1', 'replicas', 0],
    ['ReplicaSet', 'apps/v1', 'replicas', 0],
    ['Deployment', 'extensions/v1beta1', 'replicas', 0],
    ['ReplicationController', 'v1', 'replicas', 0],
    ['Rollout', 'argoproj.io/v1alpha1', 'replicas', 0],
    ['CronJob', 'batch/v1', 'suspend', true],
    ['Job', 'batch/v1', 'suspend', true],
  ])('stops a %s of %s by %s', (kind, apiVersion, field, value) => {
    expect(actionsWanted(workload(kind, apiVersion), CONTAIN).changes).toEqual([
      { op: 'set', at: ['spec', field], value },
    ])
  })

  it('sends the pods of a DaemonSet to a node that does not exist', () => {
    const { changes } = actionsWanted(workload('DaemonSet', 'apps/v1', POD_SPEC), CONTAIN)

    expect(changes).toEqual([
      { op: 'set', at: ['spec', 'template', 'spec', 'nodeSelector', 'saker.dev/contained'], value: 'true' },
    ])
  })

  it('takes a bare Pod out of Git', () => {
    expect(actionsWanted(workload('Pod', 'v1'), CONTAIN)).toMatchObject({ desired: null, changes: [] })
  })

  it('scales a custom resource where its definition says so', () => {
    const { changes } = actionsWanted(workload('Kafka', 'example.com/v1'), CONTAIN, {
      scalePath: ['spec', 'brokers', 'count'],
    })

    expect(changes).toEqual([{ op: 'set', at: ['spec', 'brokers', 'count'], value: 0 }])
  })

  it.each([
    ['a custom resource without a scale', 'Workflow', 'argoproj.io/v1alpha1'],
    ['a kind that only shares the name', 'Deployment', 'example.com/v1'],
  ])('refuses %s', (_, kind, apiVersion) => {
    expect(() => actionsWanted(workload(kind, apiVersion), CONTAIN)).toThrow(
      expect.objectContaining({ code: 'WORKLOAD_KIND_UNSUPPORTED' }),
    )
  })

  it('wants nothing of what is stopped already', () => {
    const wanted = actionsWanted(workload('Deployment', 'apps/v1', { replicas: 0 }), CONTAIN)

    expect(wanted).toMatchObject({ changes: [], fields: [['spec', 'replicas']] })
  })
})

describe('several actions', () => {
  it('are one edit in which contain wins over scale, and label over patch', () => {
    const actions: readonly Action[] = [
      { action: 'contain' },
      { action: 'scale', replicas: 5 },
      { action: 'label', labels: { team: 'b' } },
      { action: 'patch', merge: { metadata: { labels: { team: 'a', tier: 'x' } }, spec: { replicas: 9 } } },
    ]

    const { changes } = actionsWanted(workload('Deployment', 'apps/v1', POD_SPEC), actions)

    expect(changes).toEqual([
      { op: 'set', at: ['metadata', 'labels', 'team'], value: 'b' },
      { op: 'set', at: ['metadata', 'labels', 'tier'], value: 'x' },
      { op: 'set', at: ['spec', 'replicas'], value: 0 },
    ])
  })

  it('leave nothing to do on a Pod that is to be gone', () => {
    const actions: readonly Action[] = [{ action: 'contain' }, { action: 'label', labels: { a: 'b' } }]

    expect(actionsWanted(workload('Pod', 'v1'), actions)).toMatchObject({ desired: null, changes: [] })
  })
})

describe('image', () => {
  it('is set for one container', () => {
    const { changes } = actionsWanted(workload('Deployment', 'apps/v1', POD_SPEC), [
      { action: 'image', container: 'app', set: 'r/app:2' },
    ])

    expect(changes).toEqual([
      { op: 'set', at: ['spec', 'template', 'spec', 'containers', { named: 'app' }, 'image'], value: 'r/app:2' },
    ])
  })

  it('goes back to what history names', () => {
    const { changes } = actionsWanted(
      workload('Deployment', 'apps/v1', POD_SPEC),
      [{ action: 'image', container: 'app', rollback: true }],
      { previousImage: (container) => (container === 'app' ? 'r/app:0' : undefined) },
    )

    expect(changes).toMatchObject([{ value: 'r/app:0' }])
  })

  it.each([
    ['no such container', workload('Deployment', 'apps/v1', POD_SPEC), { container: 'db', set: 'r/app:2' }],
    ['no image before', workload('Deployment', 'apps/v1', POD_SPEC), { container: 'app', rollback: true }],
    ['a Job, whose pods stay as they are', workload('Job', 'batch/v1', POD_SPEC), { container: 'app', set: 'r/app:2' }],
  ] as const)('is refused: %s', (_, object, action) => {
    expect(() => actionsWanted(object, [{ action: 'image', ...action }])).toThrow(
      expect.objectContaining({ code: 'ACTION_NOT_APPLICABLE' }),
    )
  })
})

describe('patch', () => {
  it.each([
    ['that does not fit', { json6902: [{ op: 'replace', path: '/spec/none', value: 1 }] }],
    ['that renames', { merge: { metadata: { name: 'other' } } }],
    ['that changes the kind', { json6902: [{ op: 'replace', path: '/kind', value: 'Pod' }] }],
  ] as const)('is refused: one %s', (_, patch) => {
    expect(() => actionsWanted(workload('Deployment'), [{ action: 'patch', ...patch }])).toThrow(
      expect.objectContaining({ code: 'ACTION_NOT_APPLICABLE' }),
    )
  })
})

describe('scale', () => {
  it('is refused for what has no number of pods', () => {
    expect(() => actionsWanted(workload('CronJob', 'batch/v1'), [{ action: 'scale', replicas: 1 }])).toThrow(
      expect.objectContaining({ code: 'WORKLOAD_KIND_UNSUPPORTED' }),
    )
  })
})
