import { describe, expect, it } from 'vitest'
import { formatDuration, parseDurationMs } from './duration.ts'

describe('parseDurationMs', () => {
  it.each([
    ['200ms', 200],
    ['60s', 60_000],
    ['15m', 900_000],
    ['4h', 14_400_000],
    ['7d', 604_800_000],
    ['0s', 0],
  ])('reads %s as %d ms', (text, expected) => {
    expect(parseDurationMs(text)).toBe(expected)
  })

  it.each(['', '60', '1.5h', '-1s', '1 s', '1S', 's', '1h30m', '1w', '0x10s', '1e3s', '1s\n'])(
    'does not understand %j',
    (text) => {
      expect(parseDurationMs(text)).toBeUndefined()
    },
  )
})

describe('formatDuration', () => {
  it.each(['200ms', '61s', '15m', '5400s', '90m', '4h', '7d'])(
    'writes %s in the largest unit that divides it',
    (text) => {
      const written = formatDuration(parseDurationMs(text) ?? 0)

      expect(parseDurationMs(written)).toBe(parseDurationMs(text))
      expect(written).toBe(text === '5400s' ? '90m' : text)
    },
  )
})
