import { isMap, isScalar, isSeq } from 'yaml'
import { applyChanges, reparse } from './apply-changes.ts'
import { assertOnlyChanged } from './assert-only-changed.ts'
import { treeAt } from './change-tree.ts'
import type { Place } from './change.ts'
import { isBlockScalar, isWritten } from './extents.ts'
import { isMissing } from './intent.ts'
import { jsonOf } from './json-of.ts'
import type { OpenManifest } from './open-manifest.ts'
import { type ResolvedPointer } from './pointer.ts'
import { applySplices } from './splice.ts'
import { isInFlow, unsafe, type Spot } from './spot.ts'
import { marginOf, regionOf, spotAt, type Region } from './spot-at.ts'

/** A file before a change, right after it, and as it is now. */
export interface Versions {
  readonly was: OpenManifest
  readonly made: OpenManifest
  readonly is: OpenManifest
}

/** One place in the three versions of a file. */
export interface Places<T = Place> {
  readonly was: T
  readonly made: T
  readonly is: T
}

/**
 * Takes out what a change has added: the entry or item, and the maps and lists around it that were not there before and
 * hold nothing else now. One that was there, empty, is empty again in the way it was written.
 */
export function takeBack(versions: Versions, { was, made, is }: Places<ResolvedPointer | undefined>): string {
  if (is === undefined || made === undefined) throw unsafe({ path: versions.is.path, documentIndex: 0 }, 'is gone')
  const { documentIndex, steps } = is.at
  // The first step that led to nothing before.
  const first = was === undefined ? is.object.steps.length : was.at.steps.length - 1
  let depth = steps.length - 1
  while (depth > first && sizeAt(versions.is, { documentIndex, steps: steps.slice(0, depth) }) === 1) depth -= 1
  const holder = { documentIndex, steps: steps.slice(0, first) }
  if (was !== undefined && first > 0 && depth === first && sizeAt(versions.is, holder) === 1) {
    const places = {
      was: { ...was.at, steps: was.at.steps.slice(0, first) },
      made: { ...made.at, steps: made.at.steps.slice(0, first) },
      is: holder,
    }
    if (isEmptyAt(versions.was, places.was)) return restoreAt(versions, places)
  }
  return applyChanges(versions.is, [{ op: 'remove', at: { documentIndex, steps: steps.slice(0, depth + 1) } }]).text
}

function sizeAt(file: OpenManifest, at: Place): number {
  const node = spotAt(file, at)?.node
  return isMap(node) || isSeq(node) ? node.items.length : 0
}

function isEmptyAt(file: OpenManifest, at: Place): boolean {
  const node = spotAt(file, at)?.node ?? null
  return isMissing(node) || ((isMap(node) || isSeq(node)) && node.items.length === 0)
}

/** Puts back what stood at a place before, as it was written then. */
export function restoreValue(versions: Versions, { was, made, is }: Places<ResolvedPointer>): string {
  return restoreAt(versions, { was: was.at, made: made.at, is: is.at })
}

/**
 * The same for any place of which something stands in all versions. Where the lines are still those that the change has
 * left, they become those that it found; otherwise the value alone goes back.
 */
export function restoreAt(versions: Versions, places: Places): string {
  const [was, made, is] = [
    spotAt(versions.was, places.was),
    spotAt(versions.made, places.made),
    spotAt(versions.is, places.is),
  ]
  if (was === undefined || made === undefined || is === undefined) throw gone(versions, places)
  const splice = exchanged(was, made, is) ?? scalarBack(was, is)
  if (splice === undefined) return setBack(versions, places)
  const text = applySplices(versions.is.text, [splice]) ?? ''
  const tree = treeAt(places.is, { op: 'restore', node: was.node })
  assertOnlyChanged(versions.is, reparse(text, versions.is.path), new Map([[places.is.documentIndex, tree]]))
  return text
}

function gone({ is }: Versions, places: Places): Error {
  return unsafe({ path: is.path, documentIndex: places.is.documentIndex }, 'is not laid out as it was')
}

type Exchange = Region & { readonly insert: string }

function exchanged(was: Spot, made: Spot, is: Spot): Exchange | undefined {
  const [old, ours, region] = [regionOf(was), regionOf(made), regionOf(is)]
  if (old === undefined || ours === undefined || region === undefined) return undefined
  if (textOf(is, region) !== textOf(made, ours)) return undefined
  const insert = textOf(was, old)
  const isSameLayout = isInFlow(was) === isInFlow(is) && marginOf(was).length === marginOf(is).length
  return isSameLayout || !insert.includes('\n') ? { ...region, insert } : undefined
}

function textOf({ editing: { text } }: Spot, { start, end }: Region): string {
  return text.slice(start, end)
}

/** For scalars on one line: the old one as it was written, whatever else has come to stand on the line. */
function scalarBack({ editing, node: old }: Spot, { editing: { text }, node }: Spot): Exchange | undefined {
  if (!isScalar(old) || !isWritten(old) || isBlockScalar(old) || old.tag !== undefined) return undefined
  if (!isScalar(node) || !isWritten(node) || isBlockScalar(node) || node.tag !== undefined) return undefined
  const [from, to] = old.range
  const insert = editing.text.slice(from, to)
  const [start, end] = node.range
  return insert.includes('\n') || text.slice(start, end).includes('\n') ? undefined : { start, end, insert }
}

function setBack(versions: Versions, places: Places): string {
  const old = spotAt(versions.was, places.was)
  const value = old && jsonOf(old.node)
  if (value === undefined) throw gone(versions, places)
  return applyChanges(versions.is, [{ op: 'set', at: places.is, value }]).text
}
