import { describe, expect, it } from 'vitest'
import type { Action } from '../response/action.ts'
import { stopsWorkload } from './stops-workload.ts'

describe('stopsWorkload', () => {
  it.each<[Action, boolean]>([
    [{ action: 'contain' }, true],
    [{ action: 'isolate' }, true],
    [{ action: 'scale', replicas: 0 }, true],
    [{ action: 'scale', replicas: 1 }, false],
    [{ action: 'patch', merge: {} }, true],
    [{ action: 'label', labels: {} }, false],
    [{ action: 'annotate', annotations: {} }, false],
    [{ action: 'image', container: 'web', rollback: true }, false],
  ])('of %j is %j', (action, expected) => {
    expect(stopsWorkload(action)).toBe(expected)
  })
})
