import { isJsonList, isJsonMap, type Json } from './change.ts'
import { isJsonScalar, writeScalar, type ScalarPlace } from './write-scalar.ts'

/** A value as block style writes it: what follows its colon or dash on the line, and the lines below. */
export interface BlockText {
  /** Empty for a map or list that begins on the line below. */
  readonly head: string
  readonly lines: readonly string[]
}

/** How block style is written. */
export interface BlockStyle {
  readonly mapIndent: number
  readonly listIndent: number
  /** False where a text of several lines has to be written in quotes. */
  readonly literals: boolean
}

/** How flow style is written. */
export interface FlowStyle {
  readonly json: boolean
  /** Without spaces behind colons and commas. */
  readonly compact: boolean
}

/** Writes a value in brackets, on one line. Undefined where it holds what cannot be written. */
export function writeFlow(value: Json, style: FlowStyle): string | undefined {
  if (isJsonScalar(value)) return writeScalar(value, { flow: true, json: style.json })
  const space = style.compact ? '' : ' '
  if (!isJsonMap(value)) {
    const items = allWritten(value.map((item) => writeFlow(item, style)))
    return items && `[${items.join(`,${space}`)}]`
  }
  const entries = allWritten(Object.entries(value).map(([key, one]) => writeFlowEntry(key, one, style)))
  if (entries === undefined) return undefined
  const pad = style.json || entries.length === 0 ? '' : ' '
  return `{${pad}${entries.join(`,${space}`)}${pad}}`
}

/** Writes `key: value` for a map in brackets. */
export function writeFlowEntry(key: string, value: Json, style: FlowStyle): string | undefined {
  const written = writeFlow(value, style)
  const name = writeScalar(key, { flow: true, json: style.json })
  return written !== undefined && name !== undefined ? `${name}:${style.compact ? '' : ' '}${written}` : undefined
}

/** Writes what follows `key:`, the key standing in the given column. Undefined where something cannot be written. */
export function writeUnderKey(value: Json, column: number, style: BlockStyle): BlockText | undefined {
  if (isJsonList(value) && value.length > 0) {
    return below(value.map((item) => writeBlockItem(item, column + style.listIndent, style)))
  }
  const inner = column + style.mapIndent
  if (isJsonMap(value) && Object.keys(value).length > 0) {
    return below(Object.entries(value).map(([key, one]) => writeBlockEntry([key, one], inner, style)))
  }
  return writeInline(value, inner, style)
}

/** Writes what follows the dash of an item, its content standing in the given column. */
export function writeAfterDash(value: Json, column: number, style: BlockStyle): BlockText | undefined {
  const isEmpty = isJsonScalar(value) || Object.keys(value).length === 0
  if (isEmpty) return writeInline(value, column, style)
  const written = isJsonMap(value)
    ? below(Object.entries(value).map((entry) => writeBlockEntry(entry, column, style)))
    : below(value.map((item) => writeBlockItem(item, column, style)))
  if (written === undefined) return undefined
  const [first = '', ...lines] = written.lines
  return { head: first.slice(column), lines }
}

/** The lines of an entry of a block map. */
export function writeBlockEntry(
  [key, value]: readonly [string, Json],
  column: number,
  style: BlockStyle,
): readonly string[] | undefined {
  const name = writeScalar(key)
  const written = writeUnderKey(value, column, style)
  if (name === undefined || written === undefined) return undefined
  const head = written.head === '' ? '' : ` ${written.head}`
  return [`${' '.repeat(column)}${name}:${head}`, ...written.lines]
}

/** The lines of an item of a block list, its dash standing in the given column. */
export function writeBlockItem(value: Json, column: number, style: BlockStyle): readonly string[] | undefined {
  const written = writeAfterDash(value, column + 2, style)
  return written && [`${' '.repeat(column)}- ${written.head}`, ...written.lines]
}

/** Writes a scalar, an empty map or an empty list; a text of several lines as a literal, where that can hold it. */
export function writeInline(
  value: Json,
  column: number,
  style: BlockStyle & Pick<ScalarPlace, 'quotes'>,
): BlockText | undefined {
  if (!isJsonScalar(value)) return { head: isJsonMap(value) ? '{}' : '[]', lines: [] }
  const literal = typeof value === 'string' && style.literals && style.quotes === undefined && asLiteral(value, column)
  if (typeof literal === 'object') return literal
  const head = writeScalar(value, style.quotes === undefined ? {} : { quotes: style.quotes })
  return head === undefined ? undefined : { head, lines: [] }
}

function asLiteral(value: string, column: number): BlockText | undefined {
  if (!value.includes('\n') || !LITERAL.test(value)) return undefined
  const lines = value.replace(/\n$/u, '').split('\n')
  const indent = ' '.repeat(column)
  return {
    head: value.endsWith('\n') ? '|' : '|-',
    lines: lines.map((line) => (line === '' ? '' : indent + line)),
  }
}

/** Printable text that begins with a character on its first line, ends in one, and has no line of spaces alone. */
const LITERAL =
  /^(?=[!-~])(?![^]*\n[ \t]+(?:\n|$))(?:[\t\n -~]|[\u00A0-\u2027\u202A-\uD7FF\uE000-\uFEFE\uFF00-\uFFFD])*[!-~]\n?$/u

function below(parts: readonly (readonly string[] | undefined)[]): BlockText | undefined {
  const lines = allWritten(parts)
  return lines && { head: '', lines: lines.flat() }
}

function allWritten<T>(parts: readonly (T | undefined)[]): readonly T[] | undefined {
  const written = parts.filter((part) => part !== undefined)
  return written.length === parts.length ? written : undefined
}
