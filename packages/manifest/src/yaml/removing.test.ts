import { describe, expect, it } from 'vitest'
import { applyChanges } from './apply-changes.ts'
import type { Change, Json, Step } from './change.ts'
import { openManifest } from './open-manifest.ts'

const remove = (...steps: readonly Step[]): Change => ({ op: 'remove', at: { documentIndex: 0, steps } })
const prune = (...steps: readonly Step[]): Change => ({
  op: 'remove',
  at: { documentIndex: 0, steps },
  pruneEmpty: true,
})
const set = (steps: readonly Step[], value: Json): Change => ({ op: 'set', at: { documentIndex: 0, steps }, value })
const edit = (text: string, ...changes: readonly Change[]): string =>
  applyChanges(openManifest(text, 'a.yaml'), changes).text

describe('removing from a manifest', () => {
  it.each([
    [
      'an entry, with the comment beside it',
      'a: 1\n# b\nb: 2 # two\n# c\nc: 3\n',
      [remove('b')],
      'a: 1\n# b\n# c\nc: 3\n',
    ],
    ['an entry of many lines', 'a:\n  b:\n  - 1\n\n  - 2 # c\nc: 3\n', [remove('a')], 'c: 3\n'],
    ['the only entry', 'a: # c\n  # d\n  b: 2\n# e\nc: 3\n', [remove('a', 'b')], 'a: {} # c\n  # d\n# e\nc: 3\n'],
    [
      'the only entry, and the maps that it leaves empty',
      'x: 1\na:\n  b:\n    c: 2\n',
      [prune('a', 'b', 'c')],
      'x: 1\n',
    ],
    ['the only item', 'a:\n- 1\nb: 2\n', [remove('a', 0)], 'a: []\nb: 2\n'],
    ['items', 'a:\n- x\n- y # c\n- z\n', [remove('a', 0), remove('a', 2)], 'a:\n- y # c\n'],
    [
      'the last item of a text without a final line end',
      'a:\n- x\n- y\n- z',
      [remove('a', 1), remove('a', 2)],
      'a:\n- x',
    ],
    [
      'the last item behind a comment there',
      'a:\n- x\n- y\n# c\n- z',
      [remove('a', 1), remove('a', 2)],
      'a:\n- x\n# c',
    ],
    ['the first entry of an item', 'a:\n  - name: x\n    v: 1\n', [remove('a', 0, 'name')], 'a:\n  - v: 1\n'],
    ['the only entry of an item', 'a:\n- name: x\n- y\n', [remove('a', 0, 'name')], 'a:\n- {}\n- y\n'],
    ['the first item of a list in a list', 'a:\n- - x\n  - y\n', [remove('a', 0, 0)], 'a:\n- - y\n'],
    [
      'from brackets',
      'a: [x, y, z]\nb: { c: 1, d: 2 }\n',
      [remove('a', 1), remove('b', 'c')],
      'a: [x, z]\nb: { d: 2 }\n',
    ],
    [
      'the last from brackets',
      'a: [x, y, z]\nb: { c: 1, d: 2 }\n',
      [remove('a', 1), remove('a', 2), remove('b', 'd')],
      'a: [x]\nb: { c: 1 }\n',
    ],
    [
      'all from brackets',
      'a: [x, y, ]\nb: { c: 1 }\n',
      [remove('a', 1), remove('a', 0), remove('b', 'c')],
      'a: [ ]\nb: {  }\n',
    ],
    ['from brackets with comments', 'a: [\n  x, # x\n  y # y\n]\n', [remove('a', 1)], 'a: [\n  x, # x\n   # y\n]\n'],
    [
      'from JSON',
      '{\n  "a": 1,\n  "b": [1, 2],\n  "c": 3\n}\n',
      [remove('a'), remove('b', 0), remove('c')],
      '{\n  "b": [2]\n}\n',
    ],
    ['a literal that keeps its line ends', 'a: |+\n  x\n\n\nb: 1\n', [remove('a')], 'b: 1\n'],
    ['with a key on a line of its own', '? a\n: 1\nb: 2\n', [remove('a')], 'b: 2\n'],
    ['and adds', 'a:\n  b: 1\n  c: 2\n', [remove('a', 'b'), set(['a', 'd'], 3)], 'a:\n  d: 3\n  c: 2\n'],
    ['all, and adds', 'a: { b: 1 }\n', [remove('a', 'b'), set(['a', 'd'], 3)], 'a:\n  d: 3\n'],
    ['an item, counting as the file was', 'a: [1, 2, 3]\n', [remove('a', 0), set(['a', 2], 4)], 'a: [2, 4]\n'],
    ['an alias', 'x: &x 1\na: *x\n', [remove('a')], 'x: &x 1\n'],
    ['nothing where nothing is', 'a: 1\n', [remove('b', 'c'), remove('d')], 'a: 1\n'],
  ] as const)('removes %s', (_title, before, changes, after) => {
    expect(edit(before, ...changes)).toBe(after)
  })

  it.each([
    ['an anchor that is used', 'a: &x 1\nb: *x\n', 'MANIFEST_SHARED_VALUE'],
    ['an anchor inside that is used', 'a:\n  c: [&x 1]\nb: *x\n', 'MANIFEST_SHARED_VALUE'],
    ['what a merge key would bring back', 'x: &x { a: 2 }\n<<: *x\na: 1\n', 'MANIFEST_SHARED_VALUE'],
  ])('does not remove %s', (_title, text, code) => {
    expect(() => edit(text, remove('a'))).toThrow(expect.objectContaining({ code }))
  })

  it('refuses to lose a comment that stands between a dash and what takes its place', () => {
    expect(() => edit('a:\n- x: 1 # x\n  y: 2\n', remove('a', 0, 'x'))).toThrow(
      expect.objectContaining({ code: 'MANIFEST_EDIT_UNSAFE' }),
    )
  })
})

describe('removing a document', () => {
  const gone = (...indexes: readonly number[]): readonly Change[] =>
    indexes.map((documentIndex) => ({ op: 'removeDocument', documentIndex }))

  it.each([
    ['the first', 'a: 1\n---\nb: 2\n', [0], '---\nb: 2\n'],
    ['the first behind a licence', '# c\n---\na: 1\n---\nb: 2\n', [0], '# c\n---\nb: 2\n'],
    ['one between', 'a: 1\n--- # b\n# b\nb: 2\n---\nc: 3\n', [1], 'a: 1\n---\nc: 3\n'],
    ['the last', 'a: 1\n---\nb: 2\n# b\n', [1], 'a: 1\n'],
    ['the last behind an end', 'a: 1\n...\n---\nb: 2\n', [1], 'a: 1\n...\n'],
    ['several', 'a: 1\n---\nb: 2\n---\nc: 3\n---\nd: 4', [1, 3], 'a: 1\n---\nc: 3\n'],
    ['all', '\uFEFFa: 1\n---\nb: 2\n', [0, 1], ''],
    ['one of JSON', '{"a": 1}\n--- {"b": 2}\n---\n{"c": 3}', [1], '{"a": 1}\n---\n{"c": 3}'],
  ] as const)('removes %s', (_title, before, indexes, after) => {
    expect(edit(before, ...gone(...indexes))).toBe(after)
  })

  it('edits the others by the places they had', () => {
    const other: Change = { op: 'set', at: { documentIndex: 1, steps: ['b'] }, value: 3 }

    expect(edit('a: 1\n---\nb: 2\n', ...gone(0), other)).toBe('---\nb: 3\n')
  })

  it.each([
    ['directives of its own', '%YAML 1.2\n---\na: 1\n---\nb: 2\n'],
    ['an end of its own', 'a: 1\n...\nb: 2\n'],
  ])('refuses one with %s', (_title, text) => {
    expect(() => edit(text, ...gone(0))).toThrow(expect.objectContaining({ code: 'MANIFEST_EDIT_UNSAFE' }))
  })
})
