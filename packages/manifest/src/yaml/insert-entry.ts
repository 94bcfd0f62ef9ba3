import { isScalar, type YAMLMap } from 'yaml'
import type { ManifestPair } from './look-up.ts'
import type { Splice } from './splice.ts'

/** A new entry for a map of a document. */
export interface NewEntry {
  readonly map: YAMLMap.Parsed
  /** The entry whose value the map is. Absent for the map at the top of a document. */
  readonly parent: ManifestPair | undefined
  readonly key: string
  readonly literal: string
}

/** Writes an entry as the first of a map, in the layout that the map has. Undefined where no layout is certain to hold it. */
export function insertEntry(text: string, entry: NewEntry): Splice | undefined {
  return entry.map.flow === true ? insertIntoFlow(text, entry) : insertIntoBlock(text, entry)
}

function insertIntoFlow(text: string, { map, parent, key, literal }: NewEntry): Splice {
  const quoted = isScalar(parent?.key) && parent.key.type === 'QUOTE_DOUBLE'
  const [first] = map.items
  const open = map.range[0] + 1
  const written = `${quoted || isJsonKey(first) ? `"${key}"` : key}:`
  if (first === undefined) return at(open, `${written} ${literal}`)
  const start = startOf(first)
  const colon = first.srcToken?.sep?.find(({ type }) => type === 'map-value-ind')
  // `{"a":1}` is written without spaces, and then the new entry is too.
  const isCompact = written.startsWith('"') && colon !== undefined && /\S/u.test(text.charAt(colon.offset + 1))
  if (isCompact) return at(start, `${written}${literal},${lineBreakTo(text, start) ?? ''}`)
  return at(start, `${written} ${literal},${lineBreakTo(text, start) ?? ' '}`)
}

function isJsonKey(pair: ManifestPair | undefined): boolean {
  return isScalar(pair?.key) && pair.key.type === 'QUOTE_DOUBLE'
}

/** What stands between the end of the line before and `start`, when that is only indentation: the step to a line like it. */
function lineBreakTo(text: string, start: number): string | undefined {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  const indent = text.slice(lineStart, start)
  return lineStart > 0 && /^[ \t]*$/u.test(indent) ? lineEndAt(text, lineStart - 1) + indent : undefined
}

function insertIntoBlock(text: string, { map, parent, key, literal }: NewEntry): Splice | undefined {
  const [first] = map.items
  if (first === undefined) return undefined
  const start = startOf(first)
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  const indent = text.slice(lineStart, start)
  // Something stands before the first key on its line: `? spec` and `: replicas: 3`, or a byte order mark.
  if (!/^ *$/u.test(indent)) return undefined
  const after = firstLineOf(text, parent, start) ?? lineStart
  const lineEnd = lineEndAt(text, after > 0 ? after - 1 : text.indexOf('\n', start))
  return at(after, `${indent}${key}: ${literal}${lineEnd}`)
}

/**
 * Start of the line behind `spec:`, when nothing but comments and blank lines stands between it and the map: a comment
 * above the first key belongs to that key, so the new entry goes above both.
 */
function firstLineOf(text: string, parent: ManifestPair | undefined, start: number): number | undefined {
  const colon = parent?.srcToken?.sep?.find(({ type }) => type === 'map-value-ind')
  if (colon === undefined) return undefined
  const between = text.slice(colon.offset + 1, start)
  if (!/^[ \t]*(?:#[^\n]*)?\n(?:[ \t\r]*(?:#[^\n]*)?\n)* *$/u.test(between.replaceAll('\r\n', '\n'))) return undefined
  return text.indexOf('\n', colon.offset) + 1
}

/** Where an entry begins, its `?`, anchor and tag included. */
function startOf(pair: ManifestPair): number {
  const token = pair.srcToken?.start.find(({ type }) => type !== 'space' && type !== 'newline' && type !== 'comment')
  return token?.offset ?? pair.key.range[0]
}

/** The line end whose LF stands at `offset`; LF when there is none. */
function lineEndAt(text: string, offset: number): '\n' | '\r\n' {
  return text[offset] === '\n' && text[offset - 1] === '\r' ? '\r\n' : '\n'
}

function at(offset: number, insert: string): Splice {
  return { start: offset, end: offset, insert }
}
