import { describe, expect, it } from 'vitest'
import { readYamlWithPositions } from './read-yaml.ts'

const CONFIG = `version: 1 # the first
repositories:
  fleet:
    branch: main
    clusters: { prod: { paths: [./a, ./b] } }
responses:
  - name: one
    unknown: x
  -
    name: two
`

describe('readYamlWithPositions', () => {
  it('gives plain values', () => {
    const read = readYamlWithPositions('version: 1\nlist: [a, true, null, 1.5]\n"5": &x { y: 2 }\nz: *x\n')

    expect(read.faults).toEqual([])
    expect(read.value).toEqual({ version: 1, list: ['a', true, null, 1.5], '5': { y: 2 }, z: { y: 2 } })
  })

  it.each([
    ['the top', [], 1, 1],
    ['a key', ['version'], 1, 1],
    ['a nested key', ['repositories', 'fleet', 'branch'], 4, 5],
    ['a key in a flow map', ['repositories', 'fleet', 'clusters', 'prod', 'paths'], 5, 25],
    ['an item of a list', ['repositories', 'fleet', 'clusters', 'prod', 'paths', 1], 5, 38],
    ['an item that is a map', ['responses', 0], 7, 5],
    ['a key that nobody knows', ['responses', 0, 'unknown'], 8, 5],
    ['a key in a map on its own lines', ['responses', 1, 'name'], 10, 5],
    ['a missing key, at its parent', ['repositories', 'fleet', 'delivery'], 3, 3],
    ['a path into a scalar, at the scalar', ['version', 'a', 'b'], 1, 1],
    ['an item beyond the end, at the list', ['responses', 7], 6, 1],
  ])('finds %s', (_title, path, line, column) => {
    expect(readYamlWithPositions(CONFIG).positionOf(path)).toEqual({ line, column })
  })

  it('counts as an editor does with a byte order mark and Windows line ends', () => {
    const read = readYamlWithPositions('\uFEFFa: 1\r\nb:\r\n  c: 2\r\n')

    expect(read.positionOf(['a'])).toEqual({ line: 1, column: 1 })
    expect(read.positionOf(['b', 'c'])).toEqual({ line: 3, column: 3 })
  })

  it('knows no position in an empty text', () => {
    const read = readYamlWithPositions('')

    expect(read).toMatchObject({ value: null, faults: [] })
    expect(read.positionOf(['a'])).toBeUndefined()
  })

  it.each([
    ['a key that stands twice', 'a: hunter2\nb: 1\na: hunter2\n', 3, 1],
    ['a tab', 'a:\n\tb: hunter2\n', 2, 1],
    ['a second document', 'a: hunter2\n---\nb: hunter2\n', 2, 1],
    ['a bad escape', 'a: "\\hunter2"\n', 1, 5],
    ['an unknown tag', 'a: !hunter2 1\n', 1, 4],
    ['an open quote', 'a: "hunter2\n', 2, 1],
    ['a key that is a list', '? [hunter2]\n: 1\n', 1, 3],
    ['an alias that leads nowhere', 'a: 1\nb: *hunter2\n', 2, 4],
    ['an alias inside its own anchor', 'a: &hunter2\n  - *hunter2\n', 2, 5],
    ['a stray bracket', 'a: 1\n]hunter2\n', 2, 1],
  ])('reports %s by line and column, without a word of the file', (_title, text, line, column) => {
    const { value, faults } = readYamlWithPositions(text)

    expect(value).toBeUndefined()
    expect(faults[0]).toMatchObject({ line, column })
    expect(JSON.stringify(faults)).not.toContain('hunter2')
  })

  it('refuses aliases that expand without bounds', () => {
    const text = `a0: &a0 [1, 2]\n${Array.from({ length: 8 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(9)}]\n`).join('')}`

    const { value, faults } = readYamlWithPositions(text)

    expect(value).toBeUndefined()
    expect(faults).toHaveLength(1)
  })

  it('reports every fault, in the order of the text', () => {
    const { faults } = readYamlWithPositions('a: 1\na: 2\nb: "\\q"\nc: !no 1\n')

    expect(faults.map(({ line }) => line)).toEqual([2, 3, 4])
  })
})
