import { isMap, isSeq, type ParsedNode } from 'yaml'
import { applyChanges, planSplices, reparse } from './apply-changes.ts'
import { assertOnlyChanged, sameNode } from './assert-only-changed.ts'
import { treeAt } from './change-tree.ts'
import { canonicalJson, type Place } from './change.ts'
import { jsonOf } from './json-of.ts'
import { keyText } from './parse-manifest.ts'
import type { ResolvedPointer } from './pointer.ts'
import { partsOf } from './remove-parts.ts'
import { restoreAt, type Places, type Versions } from './restore-value.ts'
import { regionOf, spotAt, type Region } from './spot-at.ts'
import { applySplices } from './splice.ts'
import { unsafe, type Collection, type Spot } from './spot.ts'

/**
 * Puts back an entry or item that a change has taken out, with the lines that were its own, where its neighbours tell. Of
 * what went along because it was empty, the outermost comes back whole. Undefined where the map or list that held it is
 * gone too.
 */
export function restorePart(versions: Versions, places: Places<ResolvedPointer>): string | undefined {
  const depth = places.is.at.steps.length - 1
  if (depth < places.made.at.steps.length - 1) return undefined
  const holders = { was: cut(places.was, depth), made: cut(places.made, depth), is: cut(places.is, depth) }
  const [was, made, is] = [
    spotAt(versions.was, holders.was),
    spotAt(versions.made, holders.made),
    spotAt(versions.is, holders.is),
  ]
  if (was === undefined || is === undefined || !isCollection(was.node) || !isCollection(is.node)) return undefined
  const at = cut(places.was, depth + 1)
  // The change has left it empty, and nobody has put anything there.
  if (is.node.items.length === 0 && made !== undefined) {
    return refill(versions, { was, is, at, holder: holders.is }) ?? restoreAt(versions, holders)
  }
  const back = insertBack(versions, { was: was.node, is: is.node, spots: { was, is }, at, holder: holders.is })
  if (back !== undefined) return back
  const key = at.steps.at(-1)
  const value = jsonOf(spotAt(versions.was, at)?.node ?? null)
  if (typeof key !== 'string' || value === undefined) {
    throw unsafe(is.editing, 'has lost the neighbours of what is to be put back')
  }
  const steps = [...holders.is.steps, key]
  return applyChanges(versions.is, [{ op: 'set', at: { ...holders.is, steps }, value }]).text
}

function cut({ at }: ResolvedPointer, length: number): Place {
  return { ...at, steps: at.steps.slice(0, length) }
}

function isCollection(node: ParsedNode | null): node is Collection {
  return isMap(node) || isSeq(node)
}

/** Undoes the removal of all that a map or list held, where its lines are still those which that left. */
function refill(
  versions: Versions,
  { was, is, at, holder }: { was: Spot; is: Spot; at: Place; holder: Place },
): string | undefined {
  const [region, start] = [regionOf(was), regionOf(is)?.start]
  if (region === undefined || start === undefined) return undefined
  const { text, style } = was.editing
  const end = style.lines.nextStart(region.end) ?? text.length
  const { splices } = planSplices(versions.was, [{ op: 'remove', at }])
  const moved = splices.map((one) => ({ ...one, start: one.start - region.start, end: one.end - region.start }))
  const full = text.slice(region.start, end)
  const left = applySplices(full, moved)
  if (left === undefined || !versions.is.text.startsWith(left, start)) return undefined
  const back = applySplices(versions.is.text, [{ start, end: start + left.length, insert: full }]) ?? ''
  const result = reparse(back, versions.is.path)
  const tree = treeAt(holder, { op: 'restore', node: was.node })
  assertOnlyChanged(versions.is, result, new Map([[is.editing.documentIndex, tree]]))
  return back
}

interface Holders {
  readonly was: Collection
  readonly is: Collection
  readonly spots: { readonly was: Spot; readonly is: Spot }
  /** The entry or item, in the version before. */
  readonly at: Place
  /** The map or list as it is now. */
  readonly holder: Place
}

function insertBack(versions: Versions, holders: Holders): string | undefined {
  const { at, holder } = holders
  const { splices } = planSplices(versions.was, [{ op: 'remove', at }])
  const [removed] = splices
  if (removed === undefined || splices.length > 1 || removed.insert !== '') return undefined
  const found = gapFor(holders, removed)
  if (found === undefined) return undefined
  const insert = versions.was.text.slice(removed.start, removed.end)
  const text = applySplices(versions.is.text, [{ start: found.offset, end: found.offset, insert }]) ?? ''
  const result = reparse(text, versions.is.path)
  const key = at.steps.at(-1)
  const place = { ...holder, steps: [...holder.steps, typeof key === 'string' ? key : found.index] }
  const node = spotAt(result, place)?.node
  if (node === undefined || !sameNode(node, spotAt(versions.was, at)?.node)) return undefined
  // Taking it out again has to give what there is now.
  const tree = treeAt(place, { op: 'remove', pruneEmpty: false })
  assertOnlyChanged(result, versions.is, new Map([[place.documentIndex, tree]]))
  return text
}

interface Gap {
  readonly offset: number
  /** Index that an item gets there. */
  readonly index: number
}

/** Where the removed text stood, told by what follows it, or what it follows, with the same text between. */
function gapFor({ was, is, spots, at }: Holders, removed: Region): Gap | undefined {
  const [old, text] = [spots.was.editing.text, spots.is.editing.text]
  const [oldParts, parts] = [partsOf(old, was), partsOf(text, is)]
  const index = indexIn(was, at)
  const next = oldParts[index + 1]
  const nextNow = findLike(is, was, { index: index + 1, gone: index })
  if (next !== undefined && nextNow !== undefined) {
    const between = old.slice(removed.end, next.start)
    const end = parts[nextNow]?.start ?? 0
    const offset = end - between.length
    if (text.slice(Math.max(0, offset), end) === between) return { offset, index: nextNow }
  }
  const previous = oldParts[index - 1]
  const previousNow = findLike(is, was, { index: index - 1, gone: index })
  if (previous !== undefined && previousNow !== undefined) {
    const between = old.slice(previous.end, removed.start)
    const start = parts[previousNow]?.end ?? 0
    if (text.startsWith(between, start)) return { offset: start + between.length, index: previousNow + 1 }
  }
  const [from, start] = [regionOf(spots.was)?.start, regionOf(spots.is)?.start]
  if (index > 0 || from === undefined || start === undefined) return undefined
  const between = old.slice(from, removed.start)
  return text.startsWith(between, start) ? { offset: start + between.length, index: 0 } : undefined
}

function indexIn(node: Collection, at: Place): number {
  const step = at.steps.at(-1)
  if (!isMap(node)) return typeof step === 'number' ? step : -1
  return node.items.findIndex(({ key }) => keyText(key) === step)
}

/**
 * Index in the present version of what stood at an index before: the same key, or an equal item; of several equal ones the
 * one with as many in front of it, if as many are left.
 */
function findLike(
  is: Collection,
  was: Collection,
  { index, gone }: { readonly index: number; readonly gone: number },
): number | undefined {
  if (isMap(is)) {
    const key = isMap(was) ? was.items[index]?.key : undefined
    const found = key === undefined ? -1 : is.items.findIndex((pair) => keyText(pair.key) === keyText(key))
    return found === -1 ? undefined : found
  }
  if (isMap(was)) return undefined
  const old = was.items.map((item) => textOf(item))
  const wanted = old[index]
  if (wanted === undefined) return undefined
  const before = [...old.keys()].filter((at) => at !== gone && old[at] === wanted)
  const now = [...is.items.keys()].filter((at) => textOf(is.items[at]) === wanted)
  return now.length === before.length ? now[before.indexOf(index)] : undefined
}

function textOf(item: ParsedNode | undefined): string | undefined {
  const value = item && jsonOf(item)
  return value === undefined ? undefined : canonicalJson(value)
}
