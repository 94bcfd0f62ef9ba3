import { parseDocument, isScalar } from 'yaml'
import type { Json } from './change.ts'

/** Where a scalar is written. */
export interface ScalarPlace {
  /** Inside of brackets, where commas and brackets end a plain scalar. */
  readonly flow?: boolean
  /** In a text that is JSON. */
  readonly json?: boolean
  /** The quotes that the scalar had which it replaces. */
  readonly quotes?: "'" | '"'
}

/** What a plain value without items can be. */
export type JsonScalar = null | boolean | number | string

/**
 * Writes a scalar so that YAML 1.1 and 1.2 parsers, and JSON parsers where the text is JSON, read just this value.
 * Undefined for what none of them could read: lone surrogates, and numbers that are not finite.
 */
export function writeScalar(value: JsonScalar, place: ScalarPlace = {}): string | undefined {
  if (typeof value === 'string') return writeText(value, place)
  if (typeof value !== 'number') return String(value)
  if (!Number.isFinite(value)) return undefined
  // YAML 1.1 wants a dot in what has an exponent; and zero has no sign.
  return String(Object.is(value, -0) ? 0 : value).replace(/^(-?\d+)e/u, '$1.0e')
}

function writeText(value: string, { flow, json, quotes }: ScalarPlace): string | undefined {
  if (!value.isWellFormed()) return undefined
  if (json === true || quotes === '"') return doubleQuoted(value)
  if (quotes === undefined && isSafePlain(value, flow === true)) return value
  return quotes === "'" && /^[\u0020-\u007E]*$/u.test(value) ? `'${value.replaceAll("'", "''")}'` : doubleQuoted(value)
}

/** What some parsers take for a line end, a byte order mark or nothing at all. */
const HIDDEN = /[\u007F-\u009F\u2028\u2029\uFEFF\uFFFE\uFFFF]/gu

function doubleQuoted(value: string): string {
  const escaped = (one: string): string => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(value).replaceAll(HIDDEN, escaped)
}

/** Words that YAML 1.1 or 1.2 read as something else than text, in any case. */
const WORDS = new Set(['null', 'true', 'false', 'yes', 'no', 'on', 'off', 'y', 'n'])

/** Errs on the side of quotes. */
function isSafePlain(value: string, flow: boolean): boolean {
  if (!/^(?:\.{0,2}\/)?[A-Za-z][\w./@+=%()~^-]*(?:[: ][\w./@+=%()~^-]+)*$/u.test(value)) return false
  if (value.includes(': ') || WORDS.has(value.toLowerCase())) return false
  return !flow || !value.includes(':')
}

/** Whether every parser takes a plain scalar for text. */
export function readsAsText(source: string): boolean {
  if (isSafePlain(source, false)) return true
  // Go's parser takes more for numbers than the specifications do.
  if (/^[-+]?0[box][\da-f_]*$/iu.test(source) || WORDS.has(source.toLowerCase()) || /^(?:=|<<|~|)$/u.test(source)) {
    return false
  }
  return (['1.1', '1.2'] as const).every((version) => {
    const { contents } = parseDocument(source, { version, prettyErrors: false, logLevel: 'silent' })
    return isScalar(contents) && contents.type === 'PLAIN' && typeof contents.value === 'string'
  })
}

/** Whether a value is written as one scalar. */
export function isJsonScalar(value: Json): value is JsonScalar {
  return typeof value !== 'object' || value === null
}
