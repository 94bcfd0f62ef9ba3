import { isSeq } from 'yaml'
import { chompOf, endOfValue, isBlockScalar, lastLeaf } from './extents.ts'
import type { Collection, Editing } from './spot.ts'

/** Where lines can be added to a block map or list. */
export interface EndOfCollection {
  readonly offset: number
  /** Column of its entries or dashes. */
  readonly column: number
  /** Whether the text ends there, without a line break. */
  readonly isLast: boolean
}

/**
 * The place behind the last entry or item of a block collection, and behind the comments below that belong to it. Undefined
 * where lines there might change what stands before: literals whose end the parsers see differently.
 */
export function endOfCollection(editing: Editing, node: Collection, first: number): EndOfCollection | undefined {
  const { text, style } = editing
  const { lines } = style
  const before = lines.before(first)
  // Dashes of lists around it may stand on the same line.
  if (!/^[ -]*$/u.test(before)) return undefined
  const column = before.length
  const leaf = lastLeaf(node)
  const chomp = leaf !== null && isBlockScalar(leaf) ? chompOf(text, leaf) : 'strip'
  if (chomp === 'keep') {
    const offset = leaf?.range[1] ?? 0
    return text[offset - 1] === '\n' ? { offset, column, isLast: false } : undefined
  }
  let line = endOfValue(text, node)
  let next = lines.nextStart(line)
  if (next === undefined && chomp === 'clip') return undefined
  // At the column of a list's dashes a comment may be about the key behind the list.
  const least = isSeq(node) ? column + 1 : column
  while (next !== undefined && isComment(text.slice(next, lines.endOf(next)), least)) {
    line = next
    next = lines.nextStart(line)
  }
  return next === undefined ? { offset: text.length, column, isLast: true } : { offset: next, column, isLast: false }
}

function isComment(line: string, leastColumn: number): boolean {
  const indent = /^( *)#/u.exec(line)?.[1]
  return indent !== undefined && indent.length >= leastColumn
}

/** Adds lines at such a place; in a text without a final line break it stays without one. */
export function insertLinesAt(editing: Editing, { offset, isLast }: EndOfCollection, added: readonly string[]): void {
  const { lines } = editing.style
  const lineEnd = lines.breakAt(isLast ? offset : offset - 1)
  const insert = added.map((line) => (isLast ? lineEnd + line : line + lineEnd)).join('')
  editing.splices.push({ start: offset, end: offset, insert })
}
