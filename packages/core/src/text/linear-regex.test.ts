import { describe, expect, it } from 'vitest'
import { compileRegex, regexFault } from './linear-regex.ts'

describe('regexFault', () => {
  it.each(['', 'sh', '^(ba)?sh$', '(?i)curl|wget', '\\d{1,3}\\.\\d{1,3}', '[^/]+$', '\\bnc\\b', '(a+)+$'])(
    'finds nothing in %j',
    (pattern) => {
      expect(regexFault(pattern)).toBeUndefined()
    },
  )

  it.each(['(', '[z-a]', '*sh', 'a**', '(?=sh)', '(?<!a)b', '(a)\\1', '\\', 'a{1001}', '\\u0041'])(
    'refuses %j without repeating it',
    (pattern) => {
      const fault = regexFault(pattern)

      expect(fault).toMatch(/^is not a regular expression in RE2 syntax/u)
      expect(fault).not.toContain(pattern.slice(0, 3).padEnd(3, '\0'))
    },
  )

  it('refuses repetitions that add up to a large program', () => {
    expect(regexFault('(?:\\pL|[a-z]{2,9}){100}'.repeat(10))).toBe(
      'is too large a regular expression; use smaller repetitions',
    )
  })
})

describe('compileRegex', () => {
  it.each<[string, string, boolean]>([
    ['sh', 'bash', true],
    ['^sh$', 'bash', false],
    ['^(?:ba|z)?sh$', 'zsh', true],
    ['(?i)CURL', 'curl x', true],
    ['^.$', '🦅', true],
    ['a.c', 'a\nc', false],
    ['', '', true],
  ])('%s in %j is %j', (pattern, text, expected) => {
    expect(compileRegex(pattern).isIn(text)).toBe(expected)
  })

  it('matches no text that is longer than any that Falco makes', () => {
    const regex = compileRegex('a$')

    expect(regex.isIn('a'.repeat(16_384))).toBe(true)
    expect(regex.isIn('a'.repeat(16_385))).toBe(false)
  })

  it.each([
    '(a+)+$',
    '(a|aa)+$',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    '(.*)(.*)(.*)(.*)(.*)(.*)[0-9]$',
    '(?:a?){500}a{500}b',
  ])('is done with %s on the longest text in the time that a backtracking engine takes for 40 letters', (pattern) => {
    const startedAt = performance.now()

    expect(compileRegex(pattern).isIn(`${'a'.repeat(16_383)}!`)).toBe(false)

    expect(performance.now() - startedAt).toBeLessThan(20_000)
  })
})
