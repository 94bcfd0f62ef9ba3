import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anchoredPattern } from './pattern.ts'
import '../../../../../test/support/fixed-seed.ts'

describe('anchoredPattern', () => {
  it.each([
    ['web', 'web', true],
    ['web', 'web-api', false],
    ['we.', 'web', true],
    ['web|db', 'db', true],
    ['web|db', 'webdb', false],
    ['(web|api)-[0-9]{1,2}', 'api-42', true],
    ['(web|api)-[0-9]{1,2}', 'api-142', false],
    ['.*web.*', 'my-web-2', true],
    [String.raw`report\.daily`, 'report.daily', true],
    [String.raw`report\.daily`, 'report-daily', false],
    ['^web$', 'web', true],
    ['(?:a|b)+c?', 'ababc', true],
    ['[^a-c]*', 'xyz', true],
    ['[^a-c]*', 'xbz', false],
    [String.raw`\d+`, '123', true],
    ['a{2,}', 'a', false],
    ['', 'web', false],
  ])('%s, of %s: %s', (source, text, fits) => {
    expect(anchoredPattern(source)?.(text)).toBe(fits)
  })

  it.each(['(', 'a**', '[a', '(?i)a', String.raw`\bx`, '*', 'a)'])('does not understand %s', (source) => {
    expect(anchoredPattern(source)).toBeUndefined()
  })

  it('agrees with JavaScript where both understand a pattern', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '(a|b)', '(ab)', 'a*', 'b+', '(a|b)?', 'a{1,2}', '|')
    const source = fc.array(atom, { maxLength: 6 }).map((atoms) => atoms.join(''))
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 })

    fc.assert(
      fc.property(source, text, (pattern, sample) => {
        expect(anchoredPattern(pattern)?.(sample)).toBe(new RegExp(`^(?:${pattern})$`, 'u').test(sample))
      }),
    )
  })

  it('takes no longer for a pattern that goes back and forth', () => {
    expect(anchoredPattern('(a*)*(a*)*b')?.('a'.repeat(250))).toBe(false)
  })
})
