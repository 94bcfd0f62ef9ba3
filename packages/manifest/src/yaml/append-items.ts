import type { YAMLSeq } from 'yaml'
import type { Json } from './change.ts'
import { endOfCollection, insertLinesAt } from './end-of-collection.ts'
import { endOfItem, startOfItem } from './extents.ts'
import { lineBreakTo } from './insert-entry.ts'
import { unsafe, type Spot } from './spot.ts'
import { writeBlockItem, writeFlow } from './write-value.ts'

type ListSpot = Spot & { readonly node: YAMLSeq.Parsed }

/** Writes items behind the last of a list, in the layout that the list has. */
export function appendItems(spot: ListSpot, values: readonly Json[]): void {
  if (spot.node.flow === true) appendToFlow(spot, values)
  else appendToBlock(spot, values)
}

function appendToBlock({ editing, node: list, name }: ListSpot, values: readonly Json[]): void {
  const place = endOfCollection(editing, list, startOfItem(list, 0))
  if (place === undefined) throw unsafe(editing, `has no safe place to add to ${name}`)
  const style = { ...editing.style, literals: !place.isLast }
  const written = values.flatMap((value) => {
    const lines = writeBlockItem(value, place.column, style)
    if (lines === undefined) throw unsafe(editing, `has no safe way to write an item of ${name}`)
    return lines
  })
  insertLinesAt(editing, place, written)
}

function appendToFlow(spot: ListSpot, values: readonly Json[]): void {
  const { editing, node: list, json, compact, name } = spot
  const last = list.items.length - 1
  const end = last < 0 ? list.range[0] + 1 : endOfItem(editing.text, list, last)
  const step = stepOf(spot, last)
  const written = values.map((value) => writeFlow(value, { json, compact }))
  if (written.includes(undefined)) throw unsafe(editing, `has no safe way to write an item of ${name}`)
  editing.splices.push({ start: end, end, insert: (last < 0 ? '' : step) + written.join(step) })
}

/** What stands between two items: as between the last two; else a line break where the items have lines of their own. */
function stepOf({ editing, node: list, compact }: ListSpot, last: number): string {
  const start = startOfItem(list, last)
  const between = last > 0 ? editing.text.slice(endOfItem(editing.text, list, last - 1), start) : ''
  if (/^,\s*$/u.test(between)) return between
  return `,${lineBreakTo(editing, start) ?? (compact ? '' : ' ')}`
}
