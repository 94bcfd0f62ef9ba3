import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesGlob } from './glob.ts'
import '../../../../test/support/fixed-seed.ts'

describe('matchesGlob', () => {
  it.each([
    ['Terminal shell in container', 'Terminal shell in container', true],
    ['Terminal shell in container', 'Terminal*', true],
    ['Terminal shell in container', '*container', true],
    ['Terminal shell in container', '*shell*', true],
    ['Terminal shell in container', 'T*s*r', true],
    ['Terminal shell in container', '*', true],
    ['', '*', true],
    ['', '', true],
    ['a', '', false],
    ['prod', 'pro', false],
    ['aa', 'a*a', true],
    ['a', 'a*a', false],
    ['aba', 'ab*ba', false],
    ['abxba', 'ab*b*ba', false],
    ['a.c', 'a?c', false],
    ['abc', 'a.c', false],
    ['a[b]c', 'a[b]c', true],
    ['Team-A', 'team-*', false],
    ['line\nbreak', 'line*break', true],
  ])('%j against %j is %j', (text, glob, expected) => {
    expect(matchesGlob(text, glob)).toBe(expected)
  })

  it('agrees with a regular expression', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 })
    const globs = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 })
    fc.assert(
      fc.property(letters, globs, (text, glob) => {
        expect(matchesGlob(text, glob)).toBe(new RegExp(`^${glob.replaceAll('*', '.*')}$`, 'u').test(text))
      }),
      { numRuns: 2000 },
    )
  })

  it('answers a hostile pair at once', () => {
    const text = 'a'.repeat(100_000)
    const glob = `${'*a'.repeat(5000)}*b`
    const start = performance.now()

    expect(matchesGlob(`${text}c`, glob)).toBe(false)
    expect(matchesGlob(`${text}b`, glob)).toBe(true)

    // backtracking would need longer than the universe has; a loaded machine needs a few milliseconds
    expect(performance.now() - start).toBeLessThan(1000)
  })
})
