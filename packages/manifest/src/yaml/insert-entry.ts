import type { YAMLMap } from 'yaml'
import type { Json } from './change.ts'
import { endOfCollection, insertLinesAt, type EndOfCollection } from './end-of-collection.ts'
import { colonOf, startOfPair } from './extents.ts'
import type { ManifestPair } from './look-up.ts'
import { unsafe, type Spot } from './spot.ts'
import { writeBlockEntry, writeFlowEntry } from './write-value.ts'

/** New entries of a map. */
export type NewEntries = readonly (readonly [key: string, value: Json])[]

type MapSpot = Spot & { readonly node: YAMLMap.Parsed }

/**
 * Writes entries into a map, in the layout that the map has: in front of its first entry, or, where the map is a whole
 * document or an item of a list, behind its last.
 */
export function insertEntries(spot: MapSpot, entries: NewEntries): void {
  if (spot.node.flow === true) insertIntoFlow(spot, entries)
  else if (spot.holder.type === 'entry') insertFirst(spot, spot.holder.pair, entries)
  else insertLast(spot, entries)
}

function insertIntoFlow({ editing, node: map, json, compact }: MapSpot, entries: NewEntries): void {
  const [first] = map.items
  const open = map.range[0] + 1
  if (editing.text[open - 1] !== '{') throw noPlace(editing, entries)
  const written = entries.map(([key, value]) => writeFlowEntry(key, value, { json, compact }))
  if (written.includes(undefined)) throw noPlace(editing, entries)
  const start = first === undefined ? open : startOfPair(first)
  const step = first === undefined ? ' ' : (lineBreakTo(editing, start) ?? (compact ? '' : ' '))
  const insert = written.join(`,${step}`) + (first === undefined ? '' : `,${step}`)
  editing.splices.push({ start, end: start, insert })
}

/** What stands between the end of the line before and `start`, when that is only indentation: the step to a line like it. */
export function lineBreakTo({ style: { lines } }: Spot['editing'], start: number): string | undefined {
  const lineStart = lines.startOf(start)
  const indent = lines.before(start)
  return lineStart > lines.startOf(0) && /^[ \t]*$/u.test(indent) ? lines.breakAt(lineStart - 1) + indent : undefined
}

function insertFirst({ editing, node: map }: MapSpot, parent: ManifestPair, entries: NewEntries): void {
  const { lines } = editing.style
  const [first] = map.items
  if (first === undefined) throw noPlace(editing, entries)
  const start = startOfPair(first)
  const indent = lines.before(start)
  // Something stands before the first key on its line, as in `? spec` and `: replicas: 3`.
  if (!/^ *$/u.test(indent)) throw noPlace(editing, entries)
  const at = firstLineOf(editing.text, parent, start) ?? lines.startOf(start)
  const lineEnd = at > 0 ? lines.breakAt(at - 1) : lines.breakAt(start)
  const written = writeLines(editing, entries, { column: indent.length, isLast: false })
  editing.splices.push({ start: at, end: at, insert: written.map((line) => line + lineEnd).join('') })
}

/**
 * Start of the line behind `spec:`, when nothing but comments and blank lines stands between it and the map: a comment
 * above the first key belongs to that key, so the new entry goes above both.
 */
function firstLineOf(text: string, parent: ManifestPair, start: number): number | undefined {
  const colon = colonOf(parent)
  if (colon === undefined) return undefined
  const between = text.slice(colon + 1, start)
  if (!/^[ \t]*(?:#[^\n]*)?\n(?:[ \t\r]*(?:#[^\n]*)?\n)* *$/u.test(between.replaceAll('\r\n', '\n'))) return undefined
  return text.indexOf('\n', colon) + 1
}

function insertLast({ editing, node: map }: MapSpot, entries: NewEntries): void {
  const [first] = map.items
  if (first === undefined) throw noPlace(editing, entries)
  const place = endOfCollection(editing, map, startOfPair(first))
  if (place === undefined) throw noPlace(editing, entries)
  insertLinesAt(editing, place, writeLines(editing, entries, place))
}

function writeLines(
  editing: Spot['editing'],
  entries: NewEntries,
  { column, isLast }: Pick<EndOfCollection, 'column' | 'isLast'>,
): readonly string[] {
  const style = { ...editing.style, literals: !isLast }
  const written = entries.map((entry) => writeBlockEntry(entry, column, style))
  return written.flatMap((lines) => {
    if (lines === undefined) throw noPlace(editing, entries)
    return lines
  })
}

function noPlace(editing: Spot['editing'], entries: NewEntries): Error {
  return unsafe(editing, `has no safe place to add ${entries.map(([key]) => key).join(', ')}`)
}
