import { describe, expect, it } from 'vitest'
import { assertOnlyChanged } from './assert-only-changed.ts'
import { changeTreesOf } from './change-tree.ts'
import type { OpenManifest } from './open-manifest.ts'
import { parseManifest } from './parse-manifest.ts'

function check(before: string, after: string): () => void {
  const trees = changeTreesOf([{ op: 'set', at: { documentIndex: 0, steps: ['spec', 'replicas'] }, value: 0 }])
  const parsed = (text: string): OpenManifest => ({
    path: 'a.yaml',
    text,
    documents: parseManifest(text, 'a.yaml'),
  })
  return () => assertOnlyChanged(parsed(before), parsed(after), trees)
}

describe('assertOnlyChanged', () => {
  const before = 'spec: { replicas: 3, a: [1, { b: &x c }], d: *x }\n---\nspec: { replicas: 3 }\n'

  it('accepts a replaced value and an added one', () => {
    expect(check(before, before.replace('3', '0'))).not.toThrow()
    expect(check('spec: { a: 1 }', 'spec: { replicas: 0, a: 1 }')).not.toThrow()
  })

  it.each([
    ['another value than intended', 'replicas: 3, a', 'replicas: 1, a'],
    ['the value as text', 'replicas: 3, a', 'replicas: "0", a'],
    ['an anchor on the value', 'replicas: 3, a', 'replicas: &r 0, a'],
    ['nothing at the target', 'b: &x c', 'b: &x d'],
    ['a second value too', /3, a: \[1/u, '0, a: [2'],
    ['the style of another value', /3, a: \[1/u, '0, a: ["1"'],
    ['a tag', /3, a: \[1/u, '0, a: [!!str 1'],
    ['an anchor', /3(.*)&x/u, '0$1&x2'],
    ['the order of keys', /replicas: 3, (a: .* \}\]),/u, '$1, replicas: 0,'],
    ['a key beside the target', 'replicas: 3,', 'replicas: 0, e: 1,'],
    ['another document', /3(.*\n---\n.*)3/u, '0$10'],
    ['the number of documents', /3([^]*)$/u, '0$1---\na: 1\n'],
    ['the YAML version', /^([^]*?)3/u, '%YAML 1.1\n---\n$10'],
  ])('refuses a change of %s', (_title, from, to) => {
    const after = before.replace(from, to)

    expect(after).not.toBe(before)
    expect(check(before, after)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^MANIFEST_/u) }))
  })

  it('accepts a parent that is new where none was, with nothing else in it', () => {
    expect(check('a: 1', 'spec: { replicas: 0 }\na: 1')).not.toThrow()
    expect(check('a: 1', 'spec: { replicas: 0, b: 1 }\na: 1')).toThrow(
      expect.objectContaining({ code: 'MANIFEST_EDIT_UNSAFE' }),
    )
  })
})
