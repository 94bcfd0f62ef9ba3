import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anAlert } from '../../../../test/support/an-alert.ts'
import { parseAlert, readField } from '../alert/alert.ts'
import { matchesField } from './match-field.ts'
import type { FieldMatch } from './response.ts'
import '../../../../test/support/fixed-seed.ts'

/** Whether a field of an alert whose JSON is as given meets a condition. */
function holds(json: string | undefined, match: FieldMatch): boolean {
  const fields = json === undefined ? '{}' : `{"x":${json}}`
  const raw = `{"rule":"R","priority":"Notice","time":"2026-05-25T13:44:05Z","output_fields":${fields}}`
  return matchesField(readField(parseAlert(raw), 'x'), match)
}

const ABSENT = [undefined, 'null', '""', '"<NA>"']
const ODD = ['[]', '["sh"]', '[null]', '{}', '{"a":"sh"}', '[18446744073670260079]']

/** One of each condition that asks for a value, each met by one of the values `sh` and 7. */
const POSITIVE: readonly FieldMatch[] = [
  { equals: 'sh' },
  { equals: 7 },
  { in: ['sh', 7] },
  { glob: '*' },
  { regex: '' },
  { greaterThan: '-1' },
  { lessThan: '1000' },
]

describe('matchesField', () => {
  it.each<[string, FieldMatch, boolean]>([
    ['"sh"', { equals: 'sh' }, true],
    ['"Sh"', { equals: 'sh' }, false],
    ['"sh "', { equals: 'sh' }, false],
    ['"sh"', { notEquals: 'sh' }, false],
    ['"bash"', { notEquals: 'sh' }, true],
    ['"bash"', { in: ['sh', 'bash'] }, true],
    ['"zsh"', { in: ['sh', 'bash'] }, false],
    ['"zsh"', { notIn: ['sh', 'bash'] }, true],
    ['"sh"', { notIn: ['sh', 'bash'] }, false],
    ['"/tmp/x"', { glob: '/tmp/*' }, true],
    ['"/var/tmp/x"', { glob: '/tmp/*' }, false],
    ['"a?c"', { glob: 'a?c' }, true],
    ['"abc"', { glob: 'a?c' }, false],
    ['"bash"', { regex: 'sh$' }, true],
    ['"shell"', { regex: 'sh$' }, false],
    ['"sh"', { exists: true }, true],
    ['"sh"', { exists: false }, false],
    ['0', { equals: 0 }, true],
    ['0', { equals: '0' }, true],
    ['"0"', { equals: 0 }, true],
    ['0.0', { equals: 0 }, true],
    ['0.0', { equals: '0' }, false],
    ['-1', { equals: -1 }, true],
    ['"sh"', { equals: 0 }, false],
    ['"sh"', { notEquals: 0 }, true],
    ['true', { equals: 'true' }, true],
    ['false', { exists: true }, true],
    ['18446744073670260079', { equals: '18446744073670260079' }, true],
    ['18446744073670260079', { equals: '18446744073670260000' }, false],
    ['1685022245478445995', { greaterThan: '1685022245478445994' }, true],
    ['1685022245478445995', { greaterThan: '1685022245478445995' }, false],
    ['1685022245478445995', { lessThan: '1685022245478445996' }, true],
    ['"815508"', { greaterThan: '1000' }, true],
    ['1846.4', { greaterThan: '1846.39', lessThan: '1846.41' }, true],
    ['"sh"', { greaterThan: '0' }, false],
    ['"sh"', { lessThan: '0' }, false],
    ['"0x10"', { greaterThan: '0' }, false],
    ['true', { greaterThan: '0' }, false],
    ['"sh"', { equals: 'sh', notIn: ['bash'], glob: 's*', regex: '^s' }, true],
    ['"sh"', { equals: 'sh', notIn: ['bash'], glob: 's*', regex: '^z' }, false],
  ])('of %s by %j is %j', (json, match, expected) => {
    expect(holds(json, match)).toBe(expected)
  })

  it.each(ABSENT)('takes %j for absent', (json) => {
    expect(POSITIVE.filter((match) => holds(json, match))).toEqual([])
    expect(holds(json, { exists: true })).toBe(false)
    expect(holds(json, { exists: false })).toBe(true)
    expect(holds(json, { notEquals: 'sh' })).toBe(true)
    expect(holds(json, { notIn: ['sh'] })).toBe(true)
    expect(holds(json, { notEquals: 'sh', exists: true })).toBe(false)
    expect(holds(json, { notEquals: 'sh', glob: '*' })).toBe(false)
  })

  it.each(ODD)('meets no condition on a value with %s, which is there all the same', (json) => {
    const conditions: readonly FieldMatch[] = [
      ...POSITIVE,
      { notEquals: 'zsh' },
      { notIn: ['zsh'] },
      { exists: false },
      { exists: true, notEquals: 'zsh' },
    ]

    expect(conditions.filter((match) => holds(json, match))).toEqual([])
    expect(holds(json, { exists: true })).toBe(true)
  })

  it('finds no field on the prototype of a map', () => {
    const alert = anAlert()

    expect(matchesField(readField(alert, 'constructor'), { exists: true })).toBe(false)
    expect(matchesField(readField(alert, '__proto__'), { exists: true })).toBe(false)
  })
})

describe('matchesField, whatever a field holds,', () => {
  const value = fc.oneof(fc.json(), fc.bigInt().map(String), fc.constantFrom('null', '""', '"<NA>"', '[]', '{}'))
  const text = fc.oneof(fc.string({ minLength: 1 }), fc.bigInt().map(String), fc.constantFrom('sh', 'true', '0'))

  it('lets equals and notEquals never hold together, nor in and notIn', () => {
    fc.assert(
      fc.property(value, text, (json, wanted) => {
        expect(holds(json, { equals: wanted }) && holds(json, { notEquals: wanted })).toBe(false)
        expect(holds(json, { in: [wanted] })).toBe(holds(json, { equals: wanted }))
        expect(holds(json, { notIn: [wanted] })).toBe(holds(json, { notEquals: wanted }))
      }),
    )
  })

  it('lets it be above or below a number only when it is one', () => {
    fc.assert(
      fc.property(value, fc.bigInt(), (json, bound) => {
        const above = holds(json, { greaterThan: String(bound) })
        const below = holds(json, { lessThan: String(bound) })

        const isNumber = /^"?-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"?$/u.test(json.trim())
        expect(above && below).toBe(false)
        expect(isNumber || !(above || below)).toBe(true)
      }),
    )
  })

  it('compares whole numbers as whole numbers, however large', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ max: 10n ** 60n, min: -(10n ** 60n) }),
        fc.bigInt({ max: 10n ** 39n, min: 0n }),
        (sent, bound) => {
          expect(holds(String(sent), { greaterThan: String(bound) })).toBe(sent > bound)
          expect(holds(JSON.stringify(String(sent)), { lessThan: String(bound) })).toBe(sent < bound)
          expect(holds(String(sent), { equals: String(sent) })).toBe(true)
        },
      ),
    )
  })

  it('meets conditions together exactly when it meets each', () => {
    fc.assert(
      fc.property(value, text, fc.boolean(), (json, wanted, exists) => {
        const all: FieldMatch = { notEquals: wanted, exists, glob: '*', notIn: ['sh'] }
        const each = Object.entries(all).every(([name, condition]) => holds(json, { [name]: condition }))

        expect(holds(json, all)).toBe(each)
      }),
    )
  })
})
