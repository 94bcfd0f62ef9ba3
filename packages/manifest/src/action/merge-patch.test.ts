import { describe, expect, it } from 'vitest'
import { withMergePatch } from './merge-patch.ts'

describe('withMergePatch', () => {
  it('merges maps, removes with null and replaces the rest', () => {
    const manifest = { spec: { replicas: 3, args: ['a', 'b'], paused: false } }

    expect(withMergePatch(manifest, { spec: { args: ['c'], replicas: null, more: { a: null, b: 1 } } })).toEqual({
      spec: { args: ['c'], paused: false, more: { b: 1 } },
    })
  })
})
