import { expect, test } from 'vitest'
import { filesOf, missingTexts, TreeGate, textsOf, type ListedFile } from './tree-gate.ts'

const gate = (): TreeGate => new TreeGate('a/b#main', new Set(['Tiltfile']))
const file = (path: string, bytes = 10): ListedFile => ({ path, mode: '100644', oid: path, bytes })

test('wants texts of manifests and named files, not of files too large to be one', () => {
  const entries = ['a.yaml', 'Tiltfile', 'README.md'].map((path) => gate().addFile(file(path)))

  expect(entries.map(({ wanted }) => wanted)).toEqual([true, true, false])
  expect(gate().addFile(file('crds.yaml', 5_000_001)).wanted).toBe(false)
})

test('refuses more entries than a tree of manifests has, folders among them', () => {
  const full = gate()
  for (let index = 0; index < 50_000; index += 1) full.addFolder(`${index}`)
  for (let index = 0; index < 49_999; index += 1) full.addFile(file(`${index}/a.md`))

  expect(() => full.addFile(file('one-more.md'))).toThrow(expect.objectContaining({ code: 'TREE_TOO_LARGE' }))
})

test('refuses more manifests than can be held, whatever else there is', () => {
  const full = gate()
  for (let index = 0; index < 20; index += 1) {
    full.addFile(file(`${index}.yaml`, 5_000_000))
    full.addFile(file(`${index}.png`, 500_000_000))
  }

  expect(() => full.addFile(file('one-more.yaml', 1))).toThrow(expect.objectContaining({ code: 'TREE_TOO_LARGE' }))
})

test.each(['../x.yaml', '/etc/x.yaml', 'a/.git/config', `${'deep/'.repeat(900)}x.yaml`])(
  'refuses a tree with %s',
  (path) => {
    expect(() => gate().addFile(file(path))).toThrow(expect.objectContaining({ code: 'TREE_INVALID' }))
    expect(() => gate().addFolder(path)).toThrow(expect.objectContaining({ code: 'TREE_INVALID' }))
  },
)

test('knows which texts are missing, each content once, and puts them where they belong', () => {
  const open = gate()
  const entries = ['a.yaml', 'b.yaml', 'c.yaml', 'same.yaml', 'n.md'].map((path) => open.addFile(file(path)))
  const twice = entries.map((entry) => (entry.path === 'same.yaml' ? { ...entry, oid: 'c.yaml' } : entry))
  const texts = new Map([
    ['a.yaml', 'a'],
    ['b.yaml', undefined],
  ])

  const missing = missingTexts(twice, texts)
  const files = filesOf(twice, texts.set('c.yaml', 'c').set('n.md', 'n'))

  expect(missing.map(({ oid }) => oid)).toEqual(['c.yaml'])
  expect([...files.values()].map(({ text }) => text)).toEqual(['a', undefined, 'c', 'c', undefined])
  expect([...textsOf(files, new Set())]).toEqual([
    ['a.yaml', 'a'],
    ['b.yaml', undefined],
    ['c.yaml', 'c'],
  ])
})
