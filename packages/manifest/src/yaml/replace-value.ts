import { isAlias, isScalar, type ParsedNode } from 'yaml'
import type { Json } from './change.ts'
import { colonOf, dashOf, endOfValue, isBlockScalar, isWritten, startOfPair } from './extents.ts'
import { tagOfValue } from './holds-value.ts'
import { isInFlow, isReferredTo, sharedValue, templatedValue, unsafe, type Editing, type Spot } from './spot.ts'
import { writeAfterDash, writeFlow, writeInline, writeUnderKey, type BlockText } from './write-value.ts'
import { isJsonScalar } from './write-scalar.ts'

/**
 * Writes a value in the place of another, or of none, in the style of what stands around it. Comments beside the old value
 * stay; those inside of it go with it.
 *
 * Ends in `MANIFEST_SHARED_VALUE`, `MANIFEST_TEMPLATED` or `MANIFEST_EDIT_UNSAFE`.
 */
export function replaceValue(spot: Spot, value: Json): void {
  const { editing, holder, name } = spot
  if (holder.type === 'document') throw unsafe(editing, 'cannot be replaced as a whole')
  assertReplaceable(spot, value)
  if (isInFlow(spot)) {
    replaceInFlow(spot, value)
    return
  }
  const written = writeInBlock(spot, value)
  if (written === undefined) throw unsafe(editing, `has no safe way to write ${name}`)
  spliceBlock(spot, written)
}

function assertReplaceable({ editing, node, name }: Spot, value: Json): void {
  if (node === null) return
  if (isAlias(node) || node.anchor !== undefined) throw sharedValue(editing, name)
  if (isScalar(node)) {
    const written = editing.text.slice(node.range[0], node.range[1])
    if (written.includes('{{')) throw templatedValue(editing, name)
    if (isBlockScalar(node) && /^[^\n]*#/u.test(written)) throw unsafe(editing, 'has a comment inside the value')
  } else if (isReferredTo(editing.document, node)) {
    throw sharedValue(editing, name)
  }
  if (node.tag === undefined) return
  if (!isScalar(node) || node.tag !== tagOfValue(value)) throw unsafe(editing, `has an explicit type at ${name}`)
  if (!isWritten(node)) throw unsafe(editing, `has ${name} without a value`)
}

function replaceInFlow({ editing, node, holder, name, json, compact }: Spot, value: Json): void {
  const colon = holder.type === 'entry' ? colonOf(holder.pair) : undefined
  const written = writeFlow(value, { json, compact })
  if (written === undefined) throw unsafe(editing, `has no safe way to write ${name}`)
  if (node !== null && isWritten(node)) {
    editing.splices.push({ start: node.range[0], end: node.range[1], insert: keepQuotes(node, value, written) })
    return
  }
  if (holder.type !== 'entry') throw unsafe(editing, `has ${name} without a value`)
  // A key alone; the rest of the entry can follow it.
  const at = colon === undefined ? holder.pair.key.range[1] : colon + 1
  editing.splices.push({ start: at, end: at, insert: colon === undefined ? `: ${written}` : ` ${written}` })
}

function keepQuotes(node: ParsedNode, value: Json, written: string): string {
  const quotes = quotesOf(node)
  if (quotes === undefined || typeof value !== 'string') return written
  const style = { mapIndent: 0, listIndent: 0, literals: false, quotes }
  return writeInline(value, 0, style)?.head ?? written
}

function quotesOf(node: ParsedNode | null): "'" | '"' | undefined {
  if (!isScalar(node)) return undefined
  if (node.type === 'QUOTE_DOUBLE') return '"'
  return node.type === 'QUOTE_SINGLE' ? "'" : undefined
}

function writeInBlock(spot: Spot, value: Json): BlockText | undefined {
  const { editing, node } = spot
  const { text, style } = editing
  const end = node !== null && isWritten(node) ? endOfValue(text, node) : indicatorEndOf(spot)
  const quotes = typeof value === 'string' ? quotesOf(node) : undefined
  const blockStyle = { ...style, literals: style.lines.nextStart(end) !== undefined }
  const column = columnOf(spot)
  if (isJsonScalar(value)) {
    const inner = (column ?? 0) + (spot.holder.type === 'entry' ? style.mapIndent : 2)
    const literals = blockStyle.literals && column !== undefined
    return writeInline(value, inner, { ...blockStyle, literals, ...(quotes === undefined ? {} : { quotes }) })
  }
  if (column === undefined) return undefined
  return spot.holder.type === 'entry'
    ? writeUnderKey(value, column, blockStyle)
    : writeAfterDash(value, column + 2, blockStyle)
}

/** Column of the key or dash; undefined where something else than dashes stands before it, as in `? key`. */
function columnOf({ editing, holder }: Spot): number | undefined {
  if (holder.type === 'document') return undefined
  const { lines } = editing.style
  const start = holder.type === 'entry' ? startOfPair(holder.pair) : dashOf(holder.list, holder.index)
  if (start === undefined) return undefined
  const before = lines.before(start)
  if (holder.type === 'entry' && lines.startOf(start) !== lines.startOf(colonOf(holder.pair) ?? start)) return undefined
  return /^[ -]*$/u.test(before) ? before.length : undefined
}

/** Offset behind the colon or dash. */
export function indicatorEndOf({ editing, holder, name }: Spot): number {
  const at = holder.type === 'entry' ? colonOf(holder.pair) : undefined
  const indicator = holder.type === 'item' ? dashOf(holder.list, holder.index) : at
  // `? key` in a block map: a value needs a line of its own.
  if (indicator === undefined) throw unsafe(editing, `has ${name} without a value`)
  return indicator + 1
}

function spliceBlock(spot: Spot, { head, lines: below }: BlockText): void {
  const { editing, node } = spot
  const { text, splices } = editing
  const { lines } = editing.style
  const isThere = node !== null && isWritten(node)
  const indicatorEnd = indicatorEndOf(spot)
  const lineEnd = lines.breakAt(indicatorEnd)
  const added = below.map((line) => lineEnd + line).join('')
  if (!isThere) {
    if (head !== '') splices.push(insertion(indicatorEnd, ` ${head}`))
    if (added !== '') splices.push(insertion(lines.endOf(indicatorEnd), added))
    return
  }
  const [start] = node.range
  const end = endOfValue(text, node)
  const isBelow = lines.startOf(start) !== lines.startOf(indicatorEnd)
  if (isBelow && (added !== '' || !isScalar(node))) {
    if (head !== '') splices.push(insertion(indicatorEnd, ` ${head}`))
    splices.push({ start: lines.endOf(indicatorEnd), end: lines.endOf(end), insert: added })
    return
  }
  splices.push(head === '' ? { start: indicatorEnd, end, insert: '' } : { start, end, insert: head })
  if (added !== '') splices.push(insertion(lines.endOf(end), added))
}

function insertion(at: number, insert: string): Editing['splices'][number] {
  return { start: at, end: at, insert }
}
