import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject, JsonValue } from '../layout/json-value.ts'
import { differenceOf, stepsIn, valueAt, withWanted, type Wanted } from './wanted.ts'
import '../../../../test/support/fixed-seed.ts'

const POD = { spec: { containers: [{ name: 'web', image: 'a:1' }, { name: 'log' }] } }

describe('stepsIn', () => {
  it('follows an item by its name, wherever it stands', () => {
    expect(stepsIn(POD, ['spec', 'containers', { named: 'log' }, 'image'])).toEqual(['spec', 'containers', 1, 'image'])
  })

  it('finds nothing where the name is missing or there twice', () => {
    const twice = { spec: { containers: [{ name: 'web' }, { name: 'web' }] } }

    expect(stepsIn(POD, ['spec', 'containers', { named: 'db' }])).toBeUndefined()
    expect(stepsIn(twice, ['spec', 'containers', { named: 'web' }])).toBeUndefined()
  })
})

describe('withWanted', () => {
  it('makes maps and lists that are missing on the way', () => {
    const wanted: readonly Wanted[] = [
      { op: 'set', at: ['metadata', 'labels', 'a'], value: 'b' },
      { op: 'append', at: ['spec', 'patches'], value: 1 },
    ]

    expect(withWanted({}, wanted)).toEqual({ metadata: { labels: { a: 'b' } }, spec: { patches: [1] } })
  })

  it('leaves the manifest that it was given alone', () => {
    const before = structuredClone(POD)

    withWanted(POD, [{ op: 'set', at: ['spec', 'containers', { named: 'web' }, 'image'], value: 'a:2' }])

    expect(POD).toEqual(before)
  })

  it('has no place below a scalar', () => {
    expect(withWanted({ spec: 'none' }, [{ op: 'set', at: ['spec', 'replicas'], value: 0 }])).toBeUndefined()
  })
})

describe('differenceOf', () => {
  it('names the deepest fields that differ', () => {
    const after = {
      spec: { containers: [{ name: 'web', image: 'a:2' }, { name: 'log' }] },
      metadata: { labels: { a: 'b' } },
    }

    expect(differenceOf(POD, after)).toEqual([
      { op: 'set', at: ['spec', 'containers', { named: 'web' }, 'image'], value: 'a:2' },
      { op: 'set', at: ['metadata', 'labels', 'a'], value: 'b' },
    ])
  })

  it('appends what a list has gained and replaces a list that lost items', () => {
    expect(differenceOf({ list: [1] }, { list: [1, 2] })).toEqual([{ op: 'append', at: ['list'], value: 2 }])
    expect(differenceOf({ list: [1, 2] }, { list: [2] })).toEqual([{ op: 'set', at: ['list'], value: [2] }])
  })

  it('says for any two manifests what turns one into the other', () => {
    const { value } = fc.letrec<{ value: JsonValue; item: JsonValue }>((tie) => ({
      item: fc.record({ name: fc.constantFrom('a', 'b', 'c'), x: fc.nat({ max: 2 }) }),
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom<JsonValue>(null, 0, 1, 'x', true),
        fc.array(tie('item'), { maxLength: 3 }),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('name', 'spec', 'labels', 'list'), tie('value'), {
          maxKeys: 4,
          noNullPrototype: true,
        }),
      ),
    }))
    const manifest = fc.dictionary(fc.constantFrom('spec', 'metadata', 'x'), value, { noNullPrototype: true })

    fc.assert(
      fc.property(manifest, manifest, (before: JsonObject, after: JsonObject) => {
        const changes = differenceOf(before, after)

        expect(withWanted(before, changes)).toEqual(after)
        expect(differenceOf(after, after)).toEqual([])
      }),
    )
  })
})

describe('valueAt', () => {
  it('is undefined where the way breaks off', () => {
    expect(valueAt(POD, ['spec', 'containers', 5, 'image'])).toBeUndefined()
    expect(valueAt(POD, ['spec', 'containers', { named: 'web' }, 'image'])).toBe('a:1')
  })
})
