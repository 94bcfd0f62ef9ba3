import { isMutableObject, plainText, setField, type MutableJson, type MutableObject } from '../json-value.ts'
import { groupVersionOf } from './cluster-scope.ts'
import { isOfKind, type KindSelector } from './resource.ts'

/** Where a transformer writes: a path of keys with `/` between, `[]` after a key that holds a list. */
export interface FieldSpec extends KindSelector {
  readonly path: string
  readonly create?: boolean
}

/** What stands at the end of a path, with a way to put something else there. */
export interface Slot {
  readonly value: MutableJson
  put(value: MutableJson): void
}

/** What a path's missing end is made as: an empty object, an empty text, or nothing at all. */
export type Creation = 'object' | 'text' | 'none'

/**
 * Calls back for each place that a spec's path leads to in an object of the spec's kind, making what is missing where the
 * spec says so. Lists on the way are gone through. Throws a plain Error where a path leads into a scalar, as kustomize
 * does. Source: kustomize's api/filters/fieldspec.
 */
export function visitField(
  object: MutableObject,
  { spec, creation }: { readonly spec: FieldSpec; readonly creation: Creation },
  visit: (slot: Slot) => void,
): void {
  const { apiVersion, kind } = object
  const id = { ...groupVersionOf(plainText(apiVersion) ?? ''), kind: plainText(kind) ?? '' }
  if (!isOfKind(id, spec)) return
  const walk: Walk = { create: spec.create === true && creation !== 'none', creation, visit }
  descend({ value: object, put: () => undefined }, keysOf(spec.path), walk)
}

interface Walk {
  readonly create: boolean
  readonly creation: Creation
  readonly visit: (slot: Slot) => void
}

/** A `/` in a key is written `\/`. */
function keysOf(path: string): readonly string[] {
  return path.split(/(?<!\\)\//u).map((key) => key.replaceAll('\\/', '/'))
}

function descend(slot: Slot, keys: readonly string[], walk: Walk): void {
  const [key, ...rest] = keys
  if (key === undefined) {
    walk.visit(slot)
    return
  }
  const { value } = slot
  if (value === null) return
  if (Array.isArray(value)) {
    value.forEach((item, index) => descend({ value: item, put: (changed) => (value[index] = changed) }, keys, walk))
    return
  }
  if (!isMutableObject(value)) throw new Error(`a value stands where an object or a list is expected, at ${key}`)
  descendInto(value, { key, rest }, walk)
}

function descendInto(object: MutableObject, { key, rest }: { key: string; rest: readonly string[] }, walk: Walk): void {
  const isList = key.endsWith('[]')
  const name = isList ? key.slice(0, -2) : key
  const put = (changed: MutableJson): void => setField(object, name, changed)
  const create = walk.create && !isList
  const present = Object.hasOwn(object, name)
  let value = present ? (object[name] ?? null) : undefined
  if (value === undefined && !create) return
  if (value === undefined || value === null) {
    if (isList) value = []
    else if (create) value = rest.length > 0 || walk.creation === 'object' ? {} : ''
    else value = null
    put(value)
  }
  descend({ value, put }, rest, walk)
}
