import { isMap, isSeq } from 'yaml'
import type { Place } from './change.ts'
import { colonOf, dashOf, endOfPair, endOfValue, isWritten, startOfPair } from './extents.ts'
import { styleOf } from './file-style.ts'
import type { OpenManifest } from './open-manifest.ts'
import { keyText } from './parse-manifest.ts'
import { isInFlow, type Spot } from './spot.ts'

/** What stands at a place of a file, with its surroundings. Undefined where nothing does. */
export function spotAt(file: OpenManifest, { documentIndex, steps }: Place): Spot | undefined {
  const { path, text } = file
  const document = file.documents[documentIndex]
  if (document === undefined) return undefined
  const editing = { path, text, document, documentIndex, style: styleOf(file), splices: [] }
  const style = { editing, json: false, compact: false }
  let spot: Spot = { ...style, node: document.contents, holder: { type: 'document' }, name: 'its content' }
  for (const step of steps) {
    const { node } = spot
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => keyText(key) === step)
      if (pair === undefined) return undefined
      spot = { ...style, node: pair.value, holder: { type: 'entry', map: node, pair }, name: String(step) }
    } else {
      const item = isSeq(node) && typeof step === 'number' ? node.items[step] : undefined
      if (!isSeq(node) || typeof step !== 'number' || item === undefined) return undefined
      spot = { ...style, node: item, holder: { type: 'item', list: node, index: step }, name: `item ${step + 1}` }
    }
  }
  return spot
}

/** A stretch of a text. */
export interface Region {
  readonly start: number
  /** Exclusive. */
  readonly end: number
}

/**
 * All that an edit of a value can touch: in brackets what stands behind the key, else what stands behind the colon or dash,
 * to the end of the line on which the value ends. A document's is all of its content. Undefined where there is nothing.
 */
export function regionOf(spot: Spot): Region | undefined {
  const { editing, node, holder } = spot
  const { text, style } = editing
  if (holder.type === 'document') {
    return node === null ? undefined : { start: node.range[0], end: style.lines.endOf(endOfValue(text, node)) }
  }
  if (isInFlow(spot)) {
    if (holder.type === 'entry') return { start: holder.pair.key.range[1], end: endOfPair(text, holder.pair) }
    return node === null ? undefined : { start: node.range[0], end: node.range[1] }
  }
  const indicator = holder.type === 'entry' ? colonOf(holder.pair) : dashOf(holder.list, holder.index)
  if (indicator === undefined) return undefined
  const end = node !== null && isWritten(node) ? endOfValue(text, node) : indicator + 1
  return { start: indicator + 1, end: style.lines.endOf(end) }
}

/** What stands in front of an entry or item on its line: the same in two texts where their lines may be exchanged. */
export function marginOf({ editing, holder }: Spot): string {
  if (holder.type === 'document') return ''
  const start = holder.type === 'entry' ? startOfPair(holder.pair) : (dashOf(holder.list, holder.index) ?? 0)
  return editing.style.lines.before(start)
}
