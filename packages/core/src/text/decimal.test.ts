import { describe, expect, it } from 'vitest'
import { compareDecimals, isExactNumber } from './decimal.ts'

describe('compareDecimals', () => {
  it.each<[string, string, number]>([
    ['0', '0', 0],
    ['0', '-0', 0],
    ['1', '2', -1],
    ['2', '1', 1],
    ['-2', '-1', -1],
    ['10', '9', 1],
    ['9007199254740993', '9007199254740992', 1],
    ['18446744073670260079', '18446744073670260078', 1],
    ['1685022245478445995', '1685022245478445995', 0],
    ['0.1', '0.10', 0],
    ['0.3', '0.30000000000000004', -1],
    ['-0.5', '0', -1],
    ['1e3', '1000', 0],
    ['1.5E2', '150', 0],
    ['25e-1', '2.5', 0],
    ['0644', '644', 0],
  ])('of %s and %s is %i', (a, b, expected) => {
    expect(compareDecimals(a, b)).toBe(expected)
  })

  it.each([
    '',
    ' 1',
    '1 ',
    '+1',
    '.5',
    '5.',
    '0x10',
    '1_000',
    'Infinity',
    'NaN',
    'one',
    '1e401',
    '1e9999999999',
    '1,5',
    '١',
    '9'.repeat(101),
  ])('knows no number in %j', (text) => {
    expect(compareDecimals(text, '1')).toBeUndefined()
    expect(compareDecimals('1', text)).toBeUndefined()
  })
})

describe('isExactNumber', () => {
  it.each([0, -1, 1846.4, 0.1, 2e18, 123_456_789.012_345, 9_007_199_254_740_991])('takes %d', (number) => {
    expect(isExactNumber(number)).toBe(true)
  })

  it.each([9_007_199_254_740_992, 2 ** 60, 0.1 + 0.2, Infinity, NaN])('does not take %d', (number) => {
    expect(isExactNumber(number)).toBe(false)
  })
})
