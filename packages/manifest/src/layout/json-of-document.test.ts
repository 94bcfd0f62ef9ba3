import { describe, expect, it } from 'vitest'
import { documentsOf } from './file-facts.ts'

describe('documentsOf', () => {
  // each as `kustomize build` prints it
  it.each([
    ['2020-01-01', '2020-01-01T00:00:00Z'],
    ['2020-01-01T10:00:00Z', '2020-01-01T10:00:00Z'],
    ['0644', 420],
    ['0o17', 15],
    ['08', 8],
    ['0x1F', 31],
    ['0b11', 3],
    ['1_000', 1000],
    ['1e3', 1000],
    ['.5', 0.5],
    ['+3', 3],
    ['yes', 'yes'],
    ['1:30', '1:30'],
    ['~', null],
    ['', null],
    ['True', true],
    ['"0644"', '0644'],
    ['!!str 123', '123'],
    ['.inf2', '.inf2'],
    ['1.2.3', '1.2.3'],
  ])('reads %s as Go does', (written, value) => {
    expect(documentsOf(`x: ${written}\n`, 'a.yaml')).toEqual([{ x: value }])
  })

  it('writes out aliases and merge keys; what stands in the map itself wins', () => {
    const text = 'base: &base {a: 1, b: 2}\nown: {b: 3, <<: *base, c: 4}\nalias: *base\n'

    expect(documentsOf(text, 'a.yaml')).toEqual([
      { base: { a: 1, b: 2 }, own: { a: 1, b: 3, c: 4 }, alias: { a: 1, b: 2 } },
    ])
  })

  it('refuses an alias of something that it stands in', () => {
    expect(() => documentsOf('x: &x {y: *x}\n', 'a.yaml')).toThrow(
      expect.objectContaining({ code: 'MANIFEST_UNPARSEABLE' }),
    )
  })
})
