import { describe, expect, it } from 'vitest'
import { pointerTo, segmentsOf, withJsonPatch, withMergePatch } from './json-patch.ts'

const MANIFEST = { spec: { replicas: 3, args: ['a', 'b'], 'x/y~z': 1 } }

describe('withJsonPatch', () => {
  it.each([
    ['adds', { op: 'add', path: '/spec/paused', value: true }, { ...MANIFEST.spec, paused: true }],
    ['inserts', { op: 'add', path: '/spec/args/1', value: 'x' }, { ...MANIFEST.spec, args: ['a', 'x', 'b'] }],
    ['appends', { op: 'add', path: '/spec/args/-', value: 'c' }, { ...MANIFEST.spec, args: ['a', 'b', 'c'] }],
    ['replaces', { op: 'replace', path: '/spec/replicas', value: 0 }, { ...MANIFEST.spec, replicas: 0 }],
    ['reads escapes', { op: 'replace', path: '/spec/x~1y~0z', value: 2 }, { ...MANIFEST.spec, 'x/y~z': 2 }],
    ['removes items', { op: 'remove', path: '/spec/args/0' }, { ...MANIFEST.spec, args: ['b'] }],
    ['copies', { op: 'copy', from: '/spec/replicas', path: '/spec/was' }, { ...MANIFEST.spec, was: 3 }],
  ] as const)('%s', (_, operation, spec) => {
    expect(withJsonPatch(MANIFEST, [operation])).toEqual({ spec })
  })

  it('moves, and tests in between', () => {
    const moved = withJsonPatch(MANIFEST, [
      { op: 'test', path: '/spec/replicas', value: 3 },
      { op: 'move', from: '/spec/replicas', path: '/spec/was' },
    ])

    expect(moved).toEqual({ spec: { args: ['a', 'b'], 'x/y~z': 1, was: 3 } })
  })

  it.each([
    ['replace of what is not there', { op: 'replace', path: '/spec/none', value: 1 }],
    ['remove of what is not there', { op: 'remove', path: '/spec/args/7' }],
    ['add without a parent', { op: 'add', path: '/status/a/b', value: 1 }],
    ['add behind the end', { op: 'add', path: '/spec/args/5', value: 1 }],
    ['a test that fails', { op: 'test', path: '/spec/replicas', value: '3' }],
  ] as const)('does not fit: %s', (_, operation) => {
    expect(withJsonPatch(MANIFEST, [operation])).toBeUndefined()
  })
})

describe('withMergePatch', () => {
  it('merges maps, removes with null and replaces the rest', () => {
    expect(withMergePatch(MANIFEST, { spec: { args: ['c'], replicas: null, more: { a: null, b: 1 } } })).toEqual({
      spec: { args: ['c'], 'x/y~z': 1, more: { b: 1 } },
    })
  })
})

describe('pointers', () => {
  it('are read as they were written', () => {
    expect(segmentsOf(pointerTo(['metadata', 'annotations', 'a/b~c', 3]))).toEqual(['metadata', 'annotations', 'a/b~c', '3'])
  })
})
