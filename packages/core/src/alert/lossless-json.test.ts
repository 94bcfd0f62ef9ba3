import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJsonLosslessly } from './lossless-json.ts'
import '../../../../test/support/fixed-seed.ts'

describe('parseJsonLosslessly', () => {
  it.each([
    ['an integer above 2^53', '1685022245478445995'],
    ['an integer above 2^63', '18446744073670260079'],
    ['a negative integer below -2^63', '-18446744073670260079'],
    ['a number beyond every double', '1e400'],
    ['minus zero', '-0'],
    ['a fraction that is whole', '1.0'],
    ['more digits than a double holds', '0.1000000000000000055511151231257827'],
    ['an exponent', '1E+2'],
    ['a small integer', '7'],
  ])('gives %s back as it was written', (_, number) => {
    const text = `{"a":[${number},{"b":${number}}],"c":${number}}`

    expect(JSON.stringify(parseJsonLosslessly(text))).toBe(text)
  })

  it('leaves a number that a double holds a number', () => {
    expect(parseJsonLosslessly('{"n":34816,"m":-1.5}')).toEqual({ n: 34816, m: -1.5 })
  })

  it('leaves text that looks like a number text', () => {
    expect(parseJsonLosslessly('{"n":"18446744073670260079"}')).toEqual({ n: '18446744073670260079' })
  })

  it('writes a part of the document as exactly as the whole', () => {
    const whole = parseJsonLosslessly('{"data":{"evt.time":1685022245478445995}}')

    expect(JSON.stringify((whole as { data: unknown }).data)).toBe('{"evt.time":1685022245478445995}')
  })

  it('throws a SyntaxError for what is not JSON', () => {
    expect(() => parseJsonLosslessly('{"n":01}')).toThrow(SyntaxError)
  })

  it('repeats whatever JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value)

        expect(JSON.stringify(parseJsonLosslessly(text))).toBe(text)
      }),
    )
  })

  it('repeats any integer', () => {
    fc.assert(
      fc.property(fc.bigInt(), (integer) => {
        const text = `{"n":${integer}}`

        expect(JSON.stringify(parseJsonLosslessly(text))).toBe(text)
      }),
    )
  })
})
