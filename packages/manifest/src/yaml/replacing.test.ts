import { describe, expect, it } from 'vitest'
import { applyChanges } from './apply-changes.ts'
import type { Change, Json, Step } from './change.ts'
import { openManifest } from './open-manifest.ts'

const set = (steps: readonly Step[], value: Json): Change => ({ op: 'set', at: { documentIndex: 0, steps }, value })
const edit = (text: string, ...changes: readonly Change[]): string =>
  applyChanges(openManifest(text, 'a.yaml'), changes).text

describe('replacing a value of a manifest', () => {
  it.each([
    [
      'text in its quotes',
      'a: "x" # 1\nb: \'y\'\nc: z\n',
      [set(['a'], "it's"), set(['b'], "it's"), set(['c'], 'it is')],
      "a: \"it's\" # 1\nb: 'it''s'\nc: it is\n",
    ],
    [
      'text in its quotes in brackets',
      '{a: \'x\', b: "y"}\n',
      [set(['a'], 'z'), set(['b'], 'z')],
      '{a: \'z\', b: "z"}\n',
    ],
    ['text by what needs quotes', 'a: x\n', [set(['a'], '0123')], 'a: "0123"\n'],
    ['a literal', 'a: |-\n  x\n  y\nb: 1\n', [set(['a'], 'z\nw\n')], 'a: |\n  z\n  w\nb: 1\n'],
    ['a value by a map', 'a: 1 # c\nb: 2\n', [set(['a'], { x: [{ w: 1 }] })], 'a: # c\n  x:\n  - w: 1\nb: 2\n'],
    ['a value on a line of its own by a map', 'a:\n  # c\n  1\nb: 2\n', [set(['a'], { x: 1 })], 'a:\n  x: 1\nb: 2\n'],
    ['a map by a value', 'a: # c\n  x: 1\n  # d\n  y: 2 # e\n# f\nb: 2\n', [set(['a'], 5)], 'a: 5 # c\n# f\nb: 2\n'],
    ['a map by a list', 'a: # c\n  x:\n  - 1\nb: 2\n', [set(['a'], [1, [2]])], 'a: # c\n- 1\n- - 2\nb: 2\n'],
    ['brackets by lines', 'a: { x: 1,\n  y: 2 } # c\nb: 2\n', [set(['a'], { z: 1 })], 'a: # c\n  z: 1\nb: 2\n'],
    ['by an empty map', 'a:\n- 1\n', [set(['a'], {})], 'a: {}\n'],
    ['by null', 'a: 1\n', [set(['a'], null)], 'a: null\n'],
    [
      'an item by a map',
      'a:\n  - x # c\n  - y\n',
      [set(['a', 0], { b: 1, c: 2 })],
      'a:\n  - b: 1 # c\n    c: 2\n  - y\n',
    ],
    ['a map by an item', 'a:\n- b: 1\n  c: 2\n- y\n', [set(['a', 0], 'x')], 'a:\n- x\n- y\n'],
    ['an item without a value', 'a:\n-\n- y\n', [set(['a', 0], ['x'])], 'a:\n- - x\n- y\n'],
    [
      'a value in JSON',
      '{"a":{"b":1},"c":[1]}',
      [set(['a'], [true, 'x']), set(['c', 0], { d: 1 })],
      '{"a":[true,"x"],"c":[{"d":1}]}',
    ],
    [
      'a value that parsers read differently',
      'a: yes\nb: 010\n',
      [set(['a'], 'yes'), set(['b'], 8)],
      'a: "yes"\nb: 8\n',
    ],
    ['the last of a text without a final line end', 'a: 1', [set(['a'], 'x\ny\n')], 'a: "x\\ny\\n"'],
    [
      'what the later of two wants',
      'a: 1\n',
      [set(['a'], 2), set(['a'], { b: 1 }), set(['a', 'c'], 3)],
      'a:\n  b: 1\n  c: 3\n',
    ],
    [
      'in a list of objects',
      'items:\n- spec: {replicas: 1}\n- spec:\n    replicas: 2 # two\n',
      [set(['items', 0, 'spec', 'replicas'], 0), set(['items', 1, 'spec', 'replicas'], 0)],
      'items:\n- spec: {replicas: 0}\n- spec:\n    replicas: 0 # two\n',
    ],
  ] as const)('replaces %s', (_title, before, changes, after) => {
    expect(edit(before, ...changes)).toBe(after)
    expect(edit(after, ...changes)).toBe(after)
  })

  it.each([
    ['maps whose keys come in another order', 'a:\n  b: 1\n  c: [x]\n', set(['a'], { c: ['x'], b: 1 })],
    ['text in other quotes', "a: 'x'\n", set(['a'], 'x')],
    ['null without a word', 'a:\nb: 1\n', set(['a'], null)],
    ['a literal', 'a: |\n  x\n', set(['a'], 'x\n')],
    ['a typed number', 'a: !!int 1\n', set(['a'], 1)],
  ] as const)('takes %s for what is wanted', (_title, text, change) => {
    expect(applyChanges(openManifest(text, 'a.yaml'), [change])).toEqual({ text, changed: [false] })
  })

  it.each([
    ['a map with an anchor that is used', 'a:\n  b: &x 1\nc: *x\n', 'MANIFEST_SHARED_VALUE'],
    ['a map with an anchor', 'a: &x\n  b: 1\n', 'MANIFEST_SHARED_VALUE'],
    ['an alias', 'x: &x 1\na: *x\n', 'MANIFEST_SHARED_VALUE'],
    ['a template', 'a: "{{ x }}"\n', 'MANIFEST_TEMPLATED'],
    ['a map with a tag', 'a: !!map\n  b: 1\n', 'MANIFEST_EDIT_UNSAFE'],
    ['a key alone', '? a\n', 'MANIFEST_EDIT_UNSAFE'],
    ['a literal with a comment', 'a: | # c\n  x\n', 'MANIFEST_EDIT_UNSAFE'],
  ])('refuses to replace %s', (_title, text, code) => {
    expect(() => edit(text, set(['a'], { y: 1 }))).toThrow(expect.objectContaining({ code }))
  })
})
