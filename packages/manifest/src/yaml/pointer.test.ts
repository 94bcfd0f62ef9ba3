import { describe, expect, it } from 'vitest'
import { applyChanges } from './apply-changes.ts'
import type { Change, Json, Step } from './change.ts'
import { openManifest } from './open-manifest.ts'
import { findPointer, pointerOf } from './pointer.ts'

const set = (steps: readonly Step[], value: Json = 0, documentIndex = 0): Change => ({
  op: 'set',
  at: { documentIndex, steps },
  value,
})
const append = (steps: readonly Step[], value: Json): Change => ({
  op: 'append',
  at: { documentIndex: 0, steps },
  value,
})
const remove = (...steps: readonly Step[]): Change => ({ op: 'remove', at: { documentIndex: 0, steps } })
const open = (text: string): ReturnType<typeof openManifest> => openManifest(text, 'a.yaml')

const POD = `kind: Pod
metadata: { name: web, namespace: shop }
spec:
  containers:
  - image: a
    name: one
    args: [-x, -y, -x]
  - { image: b, name: two }
patches:
- path: a.yaml
- target: { kind: Deployment }
  patch: "- op: add"
`

describe('pointerOf', () => {
  it.each([
    ['a key', set(['spec', 'a']), '/spec/a'],
    ['a key with a slash', set(['metadata', 'annotations', 'a/b~c']), '/metadata/annotations/a~1b~0c'],
    ['an item with a name', set(['spec', 'containers', 1, 'image']), '/spec/containers/[name=two]/image'],
    ['the name of an item', set(['spec', 'containers', 1, 'name']), '/spec/containers/[#41c79b7b74e7]/name'],
    ['a new item with a name', append(['spec', 'containers'], { name: 'three' }), '/spec/containers/[name=three]'],
    [
      'a new item with a name that is taken',
      append(['spec', 'containers'], { name: 'two' }),
      '/spec/containers/[#be9ea54a1f85]',
    ],
    ['a scalar', append(['spec', 'containers', 0, 'args'], '-z'), '/spec/containers/[name=one]/args/[=-z]'],
    ['an item that is replaced', set(['spec', 'containers', 0, 'args', 0]), '/spec/containers/[name=one]/args/0'],
    ['a field of an item without a name', set(['patches', 1, 'patch']), '/patches/[#6fcd6ed33efd]/patch'],
    ['a text that no line could hold', append(['x'], 'a\nb'), '/x/[#cbae6e02a6d3]'],
    ['an item that goes', remove('spec', 'containers', 0, 'args', 1), '/spec/containers/[name=one]/args/[=-y]'],
  ] as const)('names %s', (_title, change, pointer) => {
    const place = pointerOf(open(POD), change)

    expect(place.pointer.replaceAll(/#[\da-f]{12}/gu, '#')).toBe(pointer.replaceAll(/#[\da-f]{12}/gu, '#'))
    expect(place.document).toEqual({ apiVersion: '', kind: 'Pod', namespace: 'shop', name: 'web' })
  })

  it('names the object of a list, and of several alike the place among them', () => {
    const list = open(
      'kind: List\nitems:\n- { kind: A, metadata: { name: a } }\n- { kind: B, metadata: { name: b } }\n',
    )
    const twins = open('- { op: add, path: /a }\n---\n- { op: remove, path: /a }\n- op: x\n')

    expect(pointerOf(list, set(['items', 1, 'spec', 'replicas']))).toEqual({
      document: { apiVersion: '', kind: 'B', namespace: '', name: 'b' },
      pointer: '/spec/replicas',
    })
    expect(pointerOf(list, set(['kind']))).toMatchObject({ document: { kind: 'List' }, pointer: '/kind' })
    expect(pointerOf(twins, set([0, 'op'], 'x', 1)).pointer).toMatch(/^\/\[@2\]\/\[#[\da-f]{12}\]\/op$/u)
    // Without its only field it is nothing that could be told from others.
    expect(pointerOf(twins, set([1, 'op'], 'y', 1)).pointer).toBe('/[@2]/1/op')
  })

  it.each([
    ['an item that is not there', set(['spec', 'containers', 2, 'image'])],
    ['a document that is not there', set(['a'], 0, 1)],
    ['one of several equal items that goes', remove('spec', 'containers', 0, 'args', 0)],
  ])('refuses %s', (_title, change) => {
    expect(() => pointerOf(open(POD), change)).toThrow(expect.objectContaining({ code: 'MANIFEST_EDIT_UNSAFE' }))
  })
})

describe('findPointer', () => {
  it.each([
    ['a key', set(['spec', 'a'])],
    ['an item with a name', set(['spec', 'containers', 1, 'image'])],
    ['the name of an item', set(['spec', 'containers', 1, 'name'])],
    ['a field of an item without a name', set(['patches', 1, 'patch'])],
    ['something in that', set(['patches', 1, 'options', 'allowNameChange'], true)],
    ['a new item', append(['patches'], { path: 'c.yaml' })],
    ['a new scalar', append(['spec', 'containers', 0, 'args'], '-z')],
    ['a new list in an item without a name', append(['patches', 1, 'more'], 'x')],
  ])('finds %s again when the lists around it have grown', (_title, change) => {
    const file = open(POD)
    const place = pointerOf(file, change)
    const { text } = applyChanges(file, [change])
    const grown = text
      .replace('- path: a.yaml', '- path: 0.yaml\n- path: a.yaml')
      .replace('- image: a', '- name: zero\n  - image: a')
      .replace('[-x,', '[-w, -x,')

    const found = findPointer(open(`kind: Service\n---\n${grown}`), place)

    const direct = findPointer(open(text), place)
    expect(found?.documentIndex).toBe(1)
    expect(found?.steps.filter((step) => typeof step === 'string')).toEqual(
      direct?.steps.filter((step) => typeof step === 'string'),
    )
    expect(found?.steps).not.toBe(undefined)
  })

  it('finds nothing where the object, the field or an item is gone', () => {
    const document = { apiVersion: '', kind: 'Pod', namespace: 'shop', name: 'web' }

    expect(findPointer(open(POD), { document: { ...document, name: 'api' }, pointer: '/spec' })).toBeUndefined()
    expect(findPointer(open(POD), { document, pointer: '/spec/a/b' })).toBeUndefined()
    expect(findPointer(open(POD), { document, pointer: '/spec/containers/[name=three]' })).toBeUndefined()
    expect(findPointer(open(POD), { document, pointer: '/spec/containers/[#000000000000]' })).toBeUndefined()
    expect(findPointer(open(POD), { document, pointer: '/spec/containers/01' })).toBeUndefined()
  })

  it('refuses to choose between several', () => {
    const document = { apiVersion: '', kind: 'Pod', namespace: 'shop', name: 'web' }
    const pointer = '/spec/containers/[name=one]/args/[=-x]'
    const unsafe = expect.objectContaining({ code: 'MANIFEST_EDIT_UNSAFE' })

    expect(() => findPointer(open(POD), { document, pointer })).toThrow(unsafe)
    expect(() => findPointer(open(`${POD}---\n${POD}`), { document, pointer: '/spec' })).toThrow(unsafe)
  })
})
