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

  it('takes any command line that Falco can send, with the largest expression', () => {
    const regex = compileRegex(`${'a'.repeat(497)}$`)

    expect(regex.isIn('a'.repeat(8192))).toBe(true)
    expect(regex.isIn('a'.repeat(16_384))).toBe(false)
  })

  it('takes texts as long as a request can be, with a small one', () => {
    expect(compileRegex('nc -e').isIn(`${'x'.repeat(400_000)} nc -e`)).toBe(true)
  })

  it.each([
    '(a+)+$',
    '(a|aa)+$',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    '(.*)(.*)(.*)(.*)(.*)(.*)[0-9]$',
    '(?:a?){160}a{160}b',
    '[ab]*a[ab]{480}c',
  ])('is done with %s on a long text, where a backtracking engine is not after 40 letters', (pattern) => {
    const text = `${'ab'.repeat(2000)}${'a'.repeat(4096)}!`

    expect(compileRegex(pattern).isIn(text)).toBe(false)
  })
})
