import { blobOid } from '@saker/core'
import { expect, test } from 'vitest'
import { TreeCollector } from './tree-collector.ts'

const FILE = 0o100644
const FOLDER = 0o040000

function blob(text: string): object {
  return { byteSize: Buffer.byteLength(text), isBinary: false, isTruncated: false, text }
}

function entry(name: string, text: string): object {
  return { name, mode: FILE, oid: blobOid(text), object: blob(text) }
}

test('keeps texts of manifests, kustomizations and roots, and only names of other files', () => {
  const collector = new TreeCollector(['', 'Tiltfile'], 'a/b#main')
  const names = ['a.yaml', 'b.YML', 'c.json', 'Kustomization', 'Tiltfile', 'README.md', 'notKustomization']

  collector.addEntries({ entries: names.map((name) => entry(name, name)) }, '')

  const withText = [...collector.files.values()].filter(({ text }) => text !== undefined)
  expect([...collector.files.keys()]).toEqual(names)
  expect(withText.map(({ path }) => path)).toEqual(['a.yaml', 'c.json', 'Kustomization', 'Tiltfile'])
})

test('asks for folders that did not come along, and takes them below their path', () => {
  const collector = new TreeCollector([''], 'a/b#main')
  collector.addEntries({ entries: [{ name: 'deep', mode: FOLDER, oid: '1'.repeat(40), object: {} }] }, 'very')

  const folders = collector.takeFolders(9)
  const taken = collector.addEntries({ entries: [entry('a.yaml', 'a: 1\n')] }, 'very/deep')

  expect(folders).toEqual([{ path: 'very/deep', oid: '1'.repeat(40), bytes: 0 }])
  expect(taken).toBe(true)
  expect(collector.takeFolders(9)).toEqual([])
  expect(collector.files.get('very/deep/a.yaml')?.text).toBe('a: 1\n')
})

test('asks for texts that were left out, in batches by number and size', () => {
  const collector = new TreeCollector([''], 'a/b#main')
  const entries = ['a', 'b', 'c', 'd'].map((name) => {
    const { text: _, ...listed } = blob('x'.repeat(10)) as Record<string, unknown>
    return { name: `${name}.yaml`, mode: FILE, oid: blobOid('x'.repeat(10)), object: listed }
  })

  collector.addEntries({ entries }, '')

  const paths = (limit: number, bytes: number): string[] => collector.takeTexts(limit, bytes).map(({ path }) => path)
  expect(paths(1, 100)).toEqual(['a.yaml'])
  expect(paths(9, 25)).toEqual(['b.yaml', 'c.yaml'])
  expect(paths(9, 1)).toEqual(['d.yaml'])
  expect(paths(9, 100)).toEqual([])
})

test.each([
  ['cut off', { ...blob('a: '), isTruncated: true }],
  ['converted', blob('a: ü')],
  ['missing though it is text', { ...blob(''), text: null }],
])('asks for the bytes of a manifest whose text came %s', (_, object) => {
  const collector = new TreeCollector([''], 'a/b#main')

  collector.addEntries({ entries: [{ name: 'a.yaml', mode: FILE, oid: blobOid('a: 1'), object }] }, '')

  expect(collector.files.get('a.yaml')).not.toHaveProperty('text')
  expect(collector.takeBlobs(9).map(({ path }) => path)).toEqual(['a.yaml'])
  expect(collector.addText('a.yaml', 'a: 2')).toBe(false)
  expect(collector.addText('a.yaml', 'a: 1')).toBe(true)
  expect(collector.files.get('a.yaml')?.text).toBe('a: 1')
})

test.each([
  ['binary', { ...blob(''), isBinary: true, text: null }],
  ['far too large for a manifest', { ...blob(''), byteSize: 6_000_000, isTruncated: true }],
])('asks for nothing more of a file that is %s', (_, object) => {
  const collector = new TreeCollector([''], 'a/b#main')

  collector.addEntries({ entries: [{ name: 'a.yaml', mode: FILE, oid: blobOid('a: 1'), object }] }, '')

  expect(collector.files.get('a.yaml')).not.toHaveProperty('text')
  expect([collector.takeTexts(9, 9), collector.takeBlobs(9), collector.takeFolders(9)]).toEqual([[], [], []])
})

test('refuses more entries than a tree of manifests has', () => {
  const collector = new TreeCollector([''], 'a/b#main')
  const entries = Array.from({ length: 100_001 }, (_, index) => ({
    name: `${index}.md`,
    mode: FILE,
    oid: 'f'.repeat(40),
  }))

  expect(() => collector.addEntries({ entries }, '')).toThrow(expect.objectContaining({ code: 'TREE_TOO_LARGE' }))
})

test('refuses more text than manifests have', () => {
  const collector = new TreeCollector([''], 'a/b#main')
  const text = 'x'.repeat(4_900_000)
  const same = entry('a.yaml', text)
  const entries = Array.from({ length: 11 }, (_, index) => ({ ...same, name: `${index}.yaml` }))

  expect(() => collector.addEntries({ entries }, '')).toThrow(expect.objectContaining({ code: 'TREE_TOO_LARGE' }))
})

test('passes over what is no tree entry', () => {
  const collector = new TreeCollector([''], 'a/b#main')

  collector.addEntries({ entries: [null, 'x', { name: 'a.yaml' }, { name: 'b.yaml', mode: FILE }, { oid: 'c' }] }, '')

  expect(collector.files.size).toBe(0)
  expect(collector.addEntries(null, '')).toBe(false)
})
