import { describe, expect, it } from 'vitest'
import { applyChanges } from './apply-changes.ts'
import type { Change, Json, Step } from './change.ts'
import { openManifest } from './open-manifest.ts'
import { pointerOf } from './pointer.ts'
import { restoreChange, type Restored } from './restore-change.ts'

const set = (steps: readonly Step[], value: Json = 0): Change => ({
  op: 'set',
  at: { documentIndex: 0, steps },
  value,
})
const append = (steps: readonly Step[], value: Json): Change => ({
  op: 'append',
  at: { documentIndex: 0, steps },
  value,
})
const remove = (...steps: readonly Step[]): Change => ({
  op: 'remove',
  at: { documentIndex: 0, steps },
  pruneEmpty: true,
})

/** Makes a change, lets somebody edit the file, and takes the change back. */
function takenBack(before: string, change: Change, foreign = (text: string): string => text): Restored {
  const file = openManifest(before, 'a.yaml')
  const after = applyChanges(file, [change]).text
  return restoreChange({ path: 'a.yaml', before, after, now: foreign(after) }, pointerOf(file, change))
}

describe('restoreChange', () => {
  it.each([
    ['a value and its quotes', 'spec:\n  replicas: "${X:=3}" # n\n', set(['spec', 'replicas'])],
    ['a folded value', 'spec:\n  replicas: >-\n    3\n\nx: 1\n', set(['spec', 'replicas'])],
    ['a key alone', 'spec: { replicas, x: 1 }\n', set(['spec', 'replicas'])],
    ['a missing value', 'spec:\n  replicas: # n\n  x: 1\n', set(['spec', 'replicas'])],
    ['a map', 'a: # c\n  x: 1\n  # d\n  y: 2 # e\n# f\nb: 2\n', set(['a'], 5)],
    ['a value that became a map', 'a: 1 # c\nb: 2\n', set(['a'], { x: [{ z: 1 }] })],
    ['maps that were missing', 'metadata:\r\n  name: web\r\n', set(['metadata', 'annotations', 'a/b'], 'c')],
    ['an empty map', 'a: { } # x\nb: 1\n', set(['a', 'b'], ['c'])],
    ['an empty list', 'a: [] # x\nb: 1\n', append(['a'], { c: 'd\ne\n' })],
    ['a list that was missing', 'a: 1\n# end\n', append(['b'], { c: 'd\ne\n' })],
    ['a list that was missing, without a final line end', 'a: 1', append(['b'], { c: 'd\ne\n' })],
    ['an item', 'a:\n- x # c\n# d\nb: 1\n', append(['a'], 'z')],
    ['an item of JSON', '{"a":["x"],"b":1}', append(['a'], { c: 1 })],
    ['a removed entry, between comments', 'a:\n  # 1\n  x: 1 # 2\n  # 3\n  z: 2\n', remove('a', 'x')],
    ['a removed last entry', 'a:\n  x: 1\n  # 3\n  z: 2', remove('a', 'z')],
    [
      'a removed only entry, and what it left empty',
      'x: 1\na: # q\n  b:\n    # r\n    c: 2 # s\n',
      remove('a', 'b', 'c'),
    ],
    ['a removed item', 'a:\n- x\n# q\n- z # c\n', remove('a', 1)],
    ['a removed first item of brackets', 'a: [x, z]\n', remove('a', 0)],
    ['the entry behind a dash', 'a:\n- name: x\n  v: 1\n', remove('a', 0, 'name')],
    ['a removed item of a list of objects', 'kind: List\nitems:\n- { kind: A }\n- { kind: B }\n', remove('items', 0)],
    ['a removed document', 'kind: A\n---\nkind: B\n', { op: 'removeDocument', documentIndex: 0 }],
    ['a removed last document', 'kind: A\n---\nkind: B', { op: 'removeDocument', documentIndex: 1 }],
    ['the spelling of a value', 'a: yes\n', set(['a'], 'yes')],
  ] as const)('brings back %s, to the byte', (_title, before, change) => {
    expect(takenBack(before, change)).toEqual({ kind: 'edit', text: before })
  })

  it('keeps what somebody has done elsewhere, and on the same line', () => {
    const before = 'spec:\n  replicas: 3 # n\n  x: 1\n'

    const restored = takenBack(before, set(['spec', 'replicas']), (text) =>
      text.replace('# n', '# not now').replace('x: 1', 'x: 2\n  added: true'),
    )

    expect(restored).toEqual({ kind: 'edit', text: 'spec:\n  replicas: 3 # not now\n  x: 2\n  added: true\n' })
  })

  it('leaves a list that it made to those who have used it since', () => {
    const restored = takenBack('a: 1\n', append(['b'], 'x'), (text) => `${text}- other\n`)

    expect(restored).toEqual({ kind: 'edit', text: 'a: 1\nb:\n- other\n' })
  })

  it('finds the item when the list has grown in front of it', () => {
    const before = 'a:\n- { path: x }\n- { path: z, patch: 1 }\n'

    const restored = takenBack(before, set(['a', 1, 'patch'], 2), (text) => text.replace('a:\n', 'a:\n- { path: w }\n'))

    expect(restored).toEqual({ kind: 'edit', text: 'a:\n- { path: w }\n- { path: x }\n- { path: z, patch: 1 }\n' })
  })

  it.each([
    ['somebody has set it to what it was', 'a: 1\n', set(['a']), (): string => 'a: 1 # again\n'],
    ['somebody has taken out what was added', 'a: 1\n', set(['b']), (): string => 'a: 1\n'],
    ['the object has gone that it was added to', 'kind: A\n', set(['b']), (): string => 'kind: B\n'],
  ])('has nothing to do when %s', (_title, before, change, foreign) => {
    expect(takenBack(before, change, foreign)).toEqual({ kind: 'already' })
  })

  it.each([
    ['something else', 'a: 1\n', set(['a']), (): string => 'a: { b: 2 }\n', { b: 2 }],
    ['nothing any more', 'a: 1\nb: 1\n', set(['a']), (): string => 'b: 1\n', undefined],
    ['no object any more', 'kind: A\na: 1\n', set(['a']), (): string => 'kind: B\n', undefined],
    ['another where one was removed', 'a: 1\nb: 1\n', remove('a'), (): string => 'b: 1\na: 7\n', 7],
  ])('tells the conflict when there is %s', (_title, before, change, foreign, is) => {
    expect(takenBack(before, change, foreign)).toEqual({ kind: 'conflict', is })
  })

  it('deletes a file that the change made, and only when nobody has touched it', () => {
    const place = { document: { apiVersion: '', kind: 'A', namespace: '', name: '' }, pointer: '' }
    const restore = (before: string | undefined, after: string | undefined, now: string | undefined): Restored =>
      restoreChange({ path: 'a.yaml', before, after, now }, place)

    expect(restore(undefined, 'kind: A\n', 'kind: A\n')).toEqual({ kind: 'delete' })
    expect(restore(undefined, 'kind: A\n', 'kind: A # b\n')).toEqual({ kind: 'conflict', is: undefined })
    expect(restore(undefined, 'kind: A\n', undefined)).toEqual({ kind: 'already' })
    expect(restore('kind: A\n', undefined, undefined)).toEqual({ kind: 'create', text: 'kind: A\n' })
    expect(restore('kind: A\n', undefined, 'kind: B\n')).toEqual({ kind: 'conflict', is: undefined })
    expect(restore('kind: A\n', 'kind: A\nb: 1\n', undefined)).toEqual({ kind: 'conflict', is: undefined })
  })

  it('refuses a file that cannot be edited any more', () => {
    expect(() => takenBack('a: 1\n', set(['a']), (text) => `${text}sops: { mac: x }\n`)).toThrow(
      expect.objectContaining({ code: 'MANIFEST_ENCRYPTED' }),
    )
  })
})
