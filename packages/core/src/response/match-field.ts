import type { FieldReading } from '../alert/alert.ts'
import { compareDecimals } from '../text/decimal.ts'
import { matchesGlob } from '../text/glob.ts'
import { compileRegex, type LinearRegex } from '../text/linear-regex.ts'
import type { FieldMatch, FieldValue } from './response.ts'

/**
 * Whether an output field meets every condition on it. Fails closed: what is absent meets only `exists: false`, `notEquals`
 * and `notIn`, a list or map only `exists: true`, text that is no number neither `greaterThan` nor `lessThan`.
 */
export function matchesField(reading: FieldReading, match: FieldMatch): boolean {
  if (reading.kind === 'absent') return onlyHas(match, ['exists', 'notEquals', 'notIn']) && match.exists !== true
  if (match.exists === false) return false
  if (reading.kind === 'other') return onlyHas(match, ['exists'])
  const { text } = reading
  const { equals, notEquals, in: isIn, notIn, glob, greaterThan, lessThan } = match
  return (
    (equals === undefined || isSame(text, equals)) &&
    (notEquals === undefined || !isSame(text, notEquals)) &&
    (isIn === undefined || isIn.some((value) => isSame(text, value))) &&
    (notIn === undefined || !notIn.some((value) => isSame(text, value))) &&
    (glob === undefined || matchesGlob(text, glob)) &&
    (greaterThan === undefined || (compareDecimals(text, greaterThan) ?? 0) > 0) &&
    (lessThan === undefined || (compareDecimals(text, lessThan) ?? 0) < 0) &&
    (match.regex === undefined || regexOf(match, match.regex).isIn(text))
  )
}

function onlyHas(match: FieldMatch, conditions: readonly (keyof FieldMatch)[]): boolean {
  return Object.keys(match).every((name) => conditions.some((condition) => condition === name))
}

function isSame(text: string, value: FieldValue): boolean {
  return typeof value === 'string' ? text === value : compareDecimals(text, String(value)) === 0
}

/** A config is used for many alerts, and compiling takes longer than matching. */
const compiled = new WeakMap<FieldMatch, LinearRegex>()

function regexOf(match: FieldMatch, pattern: string): LinearRegex {
  const regex = compiled.get(match) ?? compileRegex(pattern)
  compiled.set(match, regex)
  return regex
}
