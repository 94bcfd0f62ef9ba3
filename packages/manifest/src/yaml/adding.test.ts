import { describe, expect, it } from 'vitest'
import { applyChanges } from './apply-changes.ts'
import type { Change, Json, Step } from './change.ts'
import { openManifest } from './open-manifest.ts'

const set = (steps: readonly Step[], value: Json): Change => ({ op: 'set', at: { documentIndex: 0, steps }, value })
const append = (steps: readonly Step[], value: Json): Change => ({
  op: 'append',
  at: { documentIndex: 0, steps },
  value,
})
const edit = (text: string, ...changes: readonly Change[]): string =>
  applyChanges(openManifest(text, 'a.yaml'), changes).text

const PATCH = {
  target: { kind: 'Deployment', name: 'web' },
  patch: '- op: add\n  path: /spec/replicas\n  value: 0\n',
}

describe('adding to a manifest', () => {
  it.each([
    [
      'a missing list, at the end of the document',
      'kind: Kustomization\nresources:\n- a.yaml # a\n# - b.yaml\n',
      [append(['patches'], PATCH)],
      'kind: Kustomization\nresources:\n- a.yaml # a\n# - b.yaml\npatches:\n- target:\n    kind: Deployment\n    name: web\n  patch: |\n    - op: add\n      path: /spec/replicas\n      value: 0\n',
    ],
    [
      'a list in the indentation of the file',
      'resources:\n    - a.yaml\n',
      [append(['patches'], { target: { name: 'x' } })],
      'resources:\n    - a.yaml\npatches:\n    - target:\n        name: x\n',
    ],
    ['an empty list', 'patches: [] # none\nx: 1\n', [append(['patches'], 'p')], 'patches: # none\n- p\nx: 1\n'],
    ['a list without a value', 'patches: # none\nx: 1\n', [append(['patches'], 'p')], 'patches: # none\n- p\nx: 1\n'],
    ['a list that is null', 'patches: ~ # none\nx: 1\n', [append(['patches'], 'p')], 'patches: # none\n- p\nx: 1\n'],
    ['an item', 'a:\n- x\n\n# b\nb: 1\n', [append(['a'], 'w')], 'a:\n- x\n- w\n\n# b\nb: 1\n'],
    ['an item behind comments further in', 'a:\n- x: 1\n  # in x\n', [append(['a'], 2)], 'a:\n- x: 1\n  # in x\n- 2\n'],
    [
      'an item without a final line end',
      'a:\n  - x',
      [append(['a'], PATCH.target)],
      'a:\n  - x\n  - kind: Deployment\n    name: web',
    ],
    ['text of several lines there', 'a:\n- x', [append(['a'], 'b\nc\n')], 'a:\n- x\n- "b\\nc\\n"'],
    ['an item of a list in a list', 'a:\n- - x\n- - y\n', [append(['a', 0], 'z')], 'a:\n- - x\n  - z\n- - y\n'],
    ['an item of the document', '- a: 1\n', [append([], { b: 2, c: 3 })], '- a: 1\n- b: 2\n  c: 3\n'],
    ['an item of an empty document list', '[]\n', [append([], 'x')], '[x]\n'],
    ['an item in brackets', 'a: [x, y]\n', [append(['a'], 'z,')], 'a: [x, y, "z,"]\n'],
    ['an item behind a last comma', 'a: [x, y,]\n', [append(['a'], 'z')], 'a: [x, y, z,]\n'],
    ['an item of compact JSON', '{"a":["x"]}', [append(['a'], { b: [1] })], '{"a":["x",{"b":[1]}]}'],
    [
      'an item of JSON on lines',
      '{\n  "a": [\n    "x"\n  ]\n}\n',
      [append(['a'], 'w')],
      '{\n  "a": [\n    "x",\n    "w"\n  ]\n}\n',
    ],
    ['a list in JSON', '{ "b": 1 }', [append(['a'], { x: 'y' })], '{ "a": [{"x": "y"}], "b": 1 }'],
    [
      'maps on the way',
      'metadata:\r\n  name: web\r\n',
      [set(['metadata', 'annotations', 'a/b'], 'yes')],
      'metadata:\r\n  annotations:\r\n    a/b: "yes"\r\n  name: web\r\n',
    ],
    ['a map that is null', 'spec: # c\n', [set(['spec', 'a', 'b'], 1)], 'spec: # c\n  a:\n    b: 1\n'],
    ['a value of an empty map', 'spec: {}\n', [set(['spec', 'a'], 'b')], 'spec: {a: b}\n'],
    ['more of an empty map', 'spec: {} # c\n', [set(['spec', 'a'], ['b'])], 'spec: # c\n  a:\n  - b\n'],
    ['to a map in brackets', 'a: {b: 1}\n', [set(['a', 'c'], { d: [1] })], 'a: {c: { d: [1] }, b: 1}\n'],
    [
      'to an item, behind what it has',
      'a:\n- name: x\n  b: 1 # b\n- y\n',
      [set(['a', 0, 'c'], 1)],
      'a:\n- name: x\n  b: 1 # b\n  c: 1\n- y\n',
    ],
    ['behind a literal that keeps its line ends', 'a: |+\n  x\n\n', [set(['b'], 1)], 'a: |+\n  x\n\nb: 1\n'],
    ['behind a byte order mark', '\uFEFFa: 1\n', [set(['b'], 1)], '\uFEFFa: 1\nb: 1\n'],
    ['in front of the end of the document', 'a: 1\n...\n', [set(['b'], 1)], 'a: 1\nb: 1\n...\n'],
    [
      'several at one place',
      'a:\n  b: 1\n',
      [set(['a', 'c'], 1), set(['a', 'd', 'e'], 2), set(['a', 'd', 'f'], 3)],
      'a:\n  c: 1\n  d:\n    e: 2\n    f: 3\n  b: 1\n',
    ],
    [
      'several lists at the end',
      'a:\n- x\n',
      [append(['b'], 1), append(['a'], 'w'), append(['b'], 2)],
      'a:\n- x\n- w\nb:\n- 1\n- 2\n',
    ],
  ] as const)('adds %s', (_title, before, changes, after) => {
    expect(edit(before, ...changes)).toBe(after)
    expect(edit(after, ...changes)).toBe(after)
  })

  it('appends nothing that the list has, and says so', () => {
    const file = openManifest('a:\n- b: 1\n  c: "x"\n- yes\n', 'a.yaml')

    const { text, changed } = applyChanges(file, [
      append(['a'], { c: 'x', b: 1 }),
      append(['a'], 'yes'),
      append(['a'], 'z'),
      append(['a'], 'z'),
    ])

    // A plain `yes` is not the same text for every parser.
    expect(text).toBe('a:\n- b: 1\n  c: "x"\n- yes\n- "yes"\n- z\n')
    expect(changed).toEqual([false, true, true, true])
  })

  it('appends a thousand items in one pass', () => {
    const changes = Array.from({ length: 1000 }, (_, n) => append(['a'], `item ${n}`))

    const text = edit('a: []\n', ...changes)

    expect(text.split('\n')).toHaveLength(1002)
    expect(edit(text, ...changes)).toBe(text)
  })

  it.each([
    ['a literal at the end, whose end parsers see differently', 'a: |\n  x', [set(['b'], 1)]],
    ['a map where a list is', 'a: [b]\n', [set(['a', 'c'], 1)]],
    ['a list where a map is', 'a: { b: 1 }\n', [append(['a'], 1)]],
    ['an item that is not there', 'a: [b]\n', [set(['a', 1], 1)]],
    ['an item of a list that is not there', 'a: 1\n', [set(['b', 0, 'c'], 1)]],
    ['both a list and a map', 'a: 1\n', [append(['b'], 1), set(['b', 'c'], 1)]],
    ['to a pair without brackets', 'a: [b: 1]\n', [set(['a', 0, 'c'], 1)]],
    ['text that YAML cannot hold', 'a: 1\n', [set(['b'], '\uDC00')]],
    ['a document', 'a: 1\n', [{ op: 'set', at: { documentIndex: 1, steps: ['a'] }, value: 1 }]],
    ['a whole document', 'a: 1\n', [set([], 1)]],
  ] as const)('refuses to add %s', (_title, text, changes) => {
    expect(() => edit(text, ...changes)).toThrow(expect.objectContaining({ code: 'MANIFEST_EDIT_UNSAFE' }))
  })
})
