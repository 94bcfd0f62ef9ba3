import type { ChangedPlace } from '@saker/core'
import { isMap, isSeq, type ParsedNode } from 'yaml'
import type { Change, Json, Place, Step } from './change.ts'
import { jsonOf } from './json-of.ts'
import { isSameIdentity, objectsOf, type ManifestObject } from './manifest-objects.ts'
import type { OpenManifest } from './open-manifest.ts'
import { keyText } from './parse-manifest.ts'
import { itemsAt, segmentOfItem } from './pointer-segment.ts'
import { unsafe } from './spot.ts'

/** A place as the ledger keeps it: the object by its identity, the field in it by a pointer. */
export type PointedPlace = Pick<ChangedPlace, 'document' | 'pointer'>

/**
 * The place that a change of a file changes, in words that stay true when other things are added to the file: keys as in
 * RFC 6901, items of lists by what they are (`segmentOfItem`), and `[@2]` in front for the second of several documents that
 * say the same of themselves. A change of a whole document has the pointer `''`.
 *
 * Ends in `MANIFEST_EDIT_UNSAFE` where the change leads to nothing that could be, or takes out one of several equal items.
 */
export function pointerOf(file: OpenManifest, change: Change): PointedPlace {
  const at = change.op === 'removeDocument' ? { documentIndex: change.documentIndex, steps: [] } : change.at
  const object = objectAt(file, at)
  const alike = objectsOf(file).filter(({ identity }) => isSameIdentity(identity, object.identity))
  const ordinal = alike.length > 1 ? [`[@${alike.indexOf(object) + 1}]`] : []
  let node: ParsedNode | null | undefined = file.documents[at.documentIndex]?.contents
  for (const step of object.steps) node = childAt(node, step)
  const segments = segmentsOf(file, node, {
    change,
    documentIndex: at.documentIndex,
    steps: at.steps.slice(object.steps.length),
  })
  return { document: object.identity, pointer: [...ordinal, ...segments].map((one) => `/${escaped(one)}`).join('') }
}

function objectAt(file: OpenManifest, { documentIndex, steps }: Place): ManifestObject {
  const objects = objectsOf(file).filter((object) => object.documentIndex === documentIndex)
  const object = objects.find((one) => one.steps.every((step, index) => step === steps[index]))
  if (object === undefined) throw unsafe({ path: file.path, documentIndex }, 'is not in the file')
  return object
}

interface Way {
  readonly change: Change
  readonly documentIndex: number
  readonly steps: readonly Step[]
}

function segmentsOf(file: OpenManifest, start: ParsedNode | null | undefined, way: Way): readonly string[] {
  const { change, documentIndex, steps } = way
  let node = start
  const segments: string[] = []
  for (const [depth, step] of steps.entries()) {
    const rest = steps.slice(depth + 1)
    if (typeof step === 'string') segments.push(step)
    else if (isSeq(node) && step < node.items.length) {
      const segment = itemSegment(plainItems(node), step, { rest, change })
      if (change.op === 'remove' && rest.length === 0 && /@\d+$/u.test(segment)) {
        throw unsafe({ path: file.path, documentIndex }, `has several items like item ${step + 1}`)
      }
      segments.push(segment)
    } else throw unsafe({ path: file.path, documentIndex }, `has no item ${step + 1} there`)
    node = childAt(node, step)
  }
  return change.op === 'append' ? [...segments, appendedSegment(node, change.value)] : segments
}

function itemSegment(
  items: readonly (Json | undefined)[],
  index: number,
  { rest, change }: { readonly rest: readonly Step[]; readonly change: Change },
): string {
  const inside = change.op === 'append' ? [...rest, -1] : rest
  const segment = segmentOfItem(items, index, inside)
  // An item that is replaced as a whole is told by its name or, failing that, by where it is.
  return change.op === 'set' && rest.length === 0 && !segment.startsWith('[name=') ? String(index) : segment
}

function appendedSegment(node: ParsedNode | null | undefined, value: Json): string {
  const items = isSeq(node) ? plainItems(node) : []
  return segmentOfItem([...items, value], items.length, [])
}

/**
 * Where a place of the ledger is in a file now. Undefined when it is not there any more: the object, the field, or something
 * on the way. Ends in `MANIFEST_EDIT_UNSAFE` when several fit.
 */
export function findPointer(file: OpenManifest, place: PointedPlace): Place | undefined {
  const found = resolvePointer(file, place)
  return found?.node === undefined ? undefined : found.at
}

/** As far as a pointer leads in a file. */
export interface ResolvedPointer {
  readonly object: ManifestObject
  readonly at: Place
  /** Undefined where the last step, or one before it, leads to nothing; `at` then ends with the first that does. */
  readonly node: ParsedNode | null | undefined
  /** The segments behind `at` that could not be followed. */
  readonly left: readonly string[]
}

/** Follows a pointer as far as it leads. Undefined when the object is not in the file. */
export function resolvePointer(file: OpenManifest, { document, pointer }: PointedPlace): ResolvedPointer | undefined {
  const segments = pointer.split('/').slice(1).map(unescaped)
  const ordinal = /^\[@([1-9]\d{0,5})\]$/u.exec(segments[0] ?? '')?.[1]
  if (ordinal !== undefined) segments.shift()
  const alike = objectsOf(file).filter(({ identity }) => isSameIdentity(identity, document))
  const object = alike[Number(ordinal ?? 1) - 1]
  if (object === undefined) return undefined
  const { documentIndex } = object
  if (ordinal === undefined && alike.length > 1) {
    throw unsafe({ path: file.path, documentIndex }, `is not the only one called ${document.name}`)
  }
  let node: ParsedNode | null | undefined = file.documents[documentIndex]?.contents
  const steps: Step[] = [...object.steps]
  for (const step of object.steps) node = childAt(node, step)
  for (const [depth, segment] of segments.entries()) {
    const [step, another] = stepsTo(node, segment, segments.slice(depth + 1))
    if (another !== undefined) throw unsafe({ path: file.path, documentIndex }, `has several items that fit ${pointer}`)
    steps.push(step ?? segment)
    node = step === undefined ? undefined : childAt(node, step)
    if (node === undefined) return { object, at: { documentIndex, steps }, node, left: segments.slice(depth + 1) }
  }
  return { object, at: { documentIndex, steps }, node, left: [] }
}

/** The steps that a segment can mean. */
function stepsTo(node: ParsedNode | null | undefined, segment: string, rest: readonly string[]): readonly Step[] {
  if (isMap(node)) return [segment]
  return isSeq(node) ? itemsAt(plainItems(node), segment, rest) : []
}

/** What stands under a step of a node, no alias resolved. Undefined where nothing does. */
function childAt(node: ParsedNode | null | undefined, step: Step): ParsedNode | null | undefined {
  if (typeof step === 'number') return isSeq(node) ? node.items[step] : undefined
  return isMap(node) ? node.items.find(({ key }) => keyText(key) === step)?.value : undefined
}

const plain = new WeakMap<object, readonly (Json | undefined)[]>()

function plainItems(list: { readonly items: readonly ParsedNode[] }): readonly (Json | undefined)[] {
  const known = plain.get(list) ?? list.items.map((item) => jsonOf(item))
  plain.set(list, known)
  return known
}

function escaped(segment: string): string {
  return segment.replaceAll('~', '~0').replaceAll('/', '~1')
}

function unescaped(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~')
}
