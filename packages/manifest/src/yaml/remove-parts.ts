import { isMap, type ParsedNode } from 'yaml'
import {
  chompOf,
  endOfItem,
  endOfPair,
  endOfValue,
  isBlockScalar,
  lastLeaf,
  startOfItem,
  startOfPair,
} from './extents.ts'
import { indicatorEndOf } from './replace-value.ts'
import { isReferredTo, sharedValue, unsafe, type Collection, type Editing, type Spot } from './spot.ts'
import { keyText } from './parse-manifest.ts'
import type { Splice } from './splice.ts'

type CollectionSpot = Spot & { readonly node: Collection }

/** One entry or item of a map or list, from its first character to its last. */
export interface Part {
  readonly start: number
  readonly end: number
  /** Behind the line ends that a literal keeps. */
  readonly keptEnd: number
}

/**
 * Takes some of the entries or items out of a map or list that keeps others, with the lines that are their own. Comments
 * on other lines stay.
 */
export function removeParts(spot: CollectionSpot, gone: ReadonlySet<number>): void {
  assertFree(spot, gone)
  const parts = partsOf(spot.editing.text, spot.node)
  if (spot.node.flow === true) removeFromFlow(spot, parts, gone)
  else removeFromBlock(spot, parts, gone)
}

/** Takes all entries or items out; `empty` stands for the map or list from then on. */
export function removeAll(spot: CollectionSpot, empty: '{}' | '[]'): void {
  const { editing, node, holder } = spot
  const parts = partsOf(editing.text, node)
  assertFree(spot, new Set(parts.keys()))
  const [first] = parts
  const last = parts.at(-1)
  if (first === undefined || last === undefined) return
  if (node.flow === true) {
    editing.splices.push({ start: first.start, end: behindComma(editing.text, last.end, node), insert: '' })
    return
  }
  const { lines } = editing.style
  const indicatorEnd = holder.type === 'document' ? first.start : indicatorEndOf(spot)
  if (lines.startOf(indicatorEnd) === lines.startOf(first.start)) {
    editing.splices.push({ start: first.start, end: last.end, insert: empty })
    return
  }
  editing.splices.push({ start: indicatorEnd, end: indicatorEnd, insert: ` ${empty}` })
  editing.splices.push(...linesOf(editing, parts))
}

function assertFree({ editing, node, name }: CollectionSpot, gone: ReadonlySet<number>): void {
  for (const [index, part] of node.items.entries()) {
    if (!gone.has(index)) continue
    const nodes = 'key' in part ? [part.key, part.value] : [part]
    if (!nodes.some((one) => isReferredTo(editing.document, one))) continue
    throw sharedValue(editing, 'key' in part ? keyText(part.key) : `an item of ${name}`)
  }
}

/** The entries or items of a map or list, in the order of the text. */
export function partsOf(text: string, node: Collection): readonly Part[] {
  if (isMap(node)) {
    return node.items.map((pair) => {
      const end = endOfPair(text, pair)
      return { start: startOfPair(pair), end, keptEnd: keptEnd(text, pair.value, end) }
    })
  }
  return node.items.map((item, index) => {
    const end = endOfItem(text, node, index)
    return { start: startOfItem(node, index), end, keptEnd: keptEnd(text, item, end) }
  })
}

function keptEnd(text: string, node: ParsedNode | null, end: number): number {
  const leaf = lastLeaf(node)
  if (leaf === null || !isBlockScalar(leaf) || chompOf(text, leaf) !== 'keep') return end
  return Math.max(end, endOfValue(text, leaf), leaf.range[1] - 1)
}

function removeFromFlow(
  { editing: { text, splices }, node }: CollectionSpot,
  parts: readonly Part[],
  gone: ReadonlySet<number>,
): void {
  for (const [index, part] of parts.entries()) {
    if (!gone.has(index) || gone.has(index - 1)) continue
    let to = index
    while (gone.has(to + 1)) to += 1
    const end = parts[to]?.end ?? part.end
    const next = parts[to + 1]
    const previous = parts[index - 1]
    if (next !== undefined) {
      const hasComment = text.slice(end, next.start).includes('#')
      splices.push({ start: part.start, end: hasComment ? behindComma(text, end, node) : next.start, insert: '' })
    } else if (previous !== undefined && !text.slice(previous.end, part.start).includes('#')) {
      splices.push({ start: previous.end, end, insert: '' })
    } else {
      splices.push({ start: part.start, end: behindComma(text, end, node), insert: '' })
    }
  }
}

/** Where the comma behind an item of a flow collection ends, or the item itself where none follows. */
function behindComma(text: string, end: number, node: Collection): number {
  return end + (/^\s*,/u.exec(text.slice(end, node.range[1]))?.[0].length ?? 0)
}

function removeFromBlock(spot: CollectionSpot, parts: readonly Part[], gone: ReadonlySet<number>): void {
  const { editing } = spot
  const removed = parts.filter((_part, index) => gone.has(index))
  const [first] = parts
  if (first === undefined || !gone.has(0) || isBlank(editing, first)) {
    editing.splices.push(...linesOf(editing, removed))
    return
  }
  // The first shares its line with a dash, which the next one takes over.
  const kept = parts.findIndex((_part, index) => !gone.has(index))
  const next = parts[kept]
  const between = parts.slice(0, kept).map((part, index) => editing.text.slice(part.end, parts[index + 1]?.start))
  if (next === undefined || !isBlank(editing, next) || between.some((one) => one.includes('#'))) {
    throw unsafe(editing, `has no safe way to remove from ${spot.name}`)
  }
  editing.splices.push({ start: first.start, end: next.start, insert: '' })
  editing.splices.push(...linesOf(editing, removed.slice(kept)))
}

function isBlank({ style: { lines } }: Editing, { start }: Part): boolean {
  return /^ *$/u.test(lines.before(start))
}

/** The lines of some parts; where the last of them ends a text without a final line break, that of the line before goes. */
function linesOf(editing: Editing, parts: readonly Part[]): readonly Splice[] {
  const { lines } = editing.style
  const regions: { start: number; end: number }[] = []
  for (const part of parts) {
    if (!isBlank(editing, part)) throw unsafe(editing, 'has something in front of what is to be removed')
    const start = lines.startOf(part.start)
    const end = lines.nextStart(part.keptEnd) ?? editing.text.length
    const previous = regions.at(-1)
    if (previous?.end === start) previous.end = end
    else regions.push({ start, end })
  }
  const last = regions.at(-1)
  const isOpen = last?.end === editing.text.length && !editing.text.endsWith('\n')
  if (last !== undefined && isOpen && last.start > lines.startOf(0)) last.start = lines.endOf(last.start - 1)
  return regions.map((region) => ({ ...region, insert: '' }))
}
