import {
  copyOf,
  isMutableObject,
  setField,
  type JsonObject,
  type MutableJson,
  type MutableObject,
} from '../json-value.ts'
import { mergeFieldOf, mergeTypeOf, type MergeField } from './merge-keys.ts'
import { mergeKeyedLists } from './merge-lists.ts'

/**
 * Applies a strategic merge patch as kustomize does (kyaml's merge2): lists that the schema merges by key are merged item
 * by item, the patch's items first; all others are replaced; null deletes. Undefined where the patch deletes the object.
 * The value is changed. Throws a plain Error, without any content, where patch and value do not fit.
 */
export function applyStrategicMerge(value: MutableObject, patch: JsonObject): MutableObject | undefined {
  const own = copyOf(patch)
  // kustomize forgets the result where all of an object is to be replaced
  if (isMutableObject(own) && own[DIRECTIVE] === 'replace') return value
  const merged = merge({ dest: value, patch: own }, {})
  return isMutableObject(merged) ? merged : undefined
}

/** What stands at one place in the object and in the patch; undefined where nothing does. */
interface Pair {
  readonly dest: MutableJson | undefined
  readonly patch: MutableJson | undefined
}

/** Undefined where the field or item is to go. */
function merge(pair: Pair, field: MergeField): MutableJson | undefined {
  const { dest, patch } = pair
  const shape = dest ?? patch
  if (shape === undefined || shape === null) return dest === null && patch === undefined ? null : undefined
  if (Array.isArray(shape)) return mergeLists(pair, field)
  if (typeof shape === 'object') return mergeObjects(pair, field)
  if (isCollection(dest) || isCollection(patch)) throw misfit()
  if (patch === undefined) return dest
  return patch ?? undefined
}

function isCollection(value: MutableJson | undefined): boolean {
  return typeof value === 'object' && value !== null
}

function misfit(): Error {
  return new Error('a patch has a value of another form than the object that it patches')
}

const DIRECTIVE = '$patch'

/** Takes the directive out of the patch. */
function directiveOf(patch: MutableObject): string {
  const directive = patch[DIRECTIVE]
  if (!Object.hasOwn(patch, DIRECTIVE)) return 'merge'
  delete patch[DIRECTIVE]
  if (directive !== 'delete' && directive !== 'replace' && directive !== 'merge') {
    throw new Error('a patch has an unknown $patch directive')
  }
  return directive
}

function mergeObjects({ dest, patch }: Pair, field: MergeField): MutableJson | undefined {
  if ((isCollection(dest) && !isMutableObject(dest)) || (isCollection(patch) && !isMutableObject(patch))) throw misfit()
  if ((dest ?? null) !== null && !isMutableObject(dest)) throw misfit()
  if ((patch ?? null) !== null && !isMutableObject(patch)) throw misfit()
  if (!isMutableObject(dest)) {
    if (!isMutableObject(patch) || directiveOf(patch) === 'delete') return undefined
    return mergeFields(patch, patch, field)
  }
  if (patch === null) return undefined
  const directive = isMutableObject(patch) ? directiveOf(patch) : 'merge'
  if (directive === 'delete') return undefined
  if (directive === 'replace' && isMutableObject(patch)) return mergeFields(patch, patch, field)
  return mergeFields(dest, isMutableObject(patch) ? patch : undefined, field)
}

/** The same object twice stands for one that is new: it is gone through only for its own nulls and directives. */
function mergeFields(dest: MutableObject, patch: MutableObject | undefined, { type }: MergeField): MutableObject {
  const typed = type ?? mergeTypeOf(dest['apiVersion'] ?? patch?.['apiVersion'], dest['kind'] ?? patch?.['kind'])
  const own = (object: MutableObject | undefined, key: string): MutableJson | undefined =>
    object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined
  for (const key of new Set([...Object.keys(dest), ...Object.keys(patch ?? {})])) {
    const merged = merge({ dest: own(dest, key), patch: own(patch, key) }, mergeFieldOf(typed, key))
    if (merged === undefined) delete dest[key]
    else setField(dest, key, merged)
  }
  return dest
}

function mergeLists({ dest, patch }: Pair, field: MergeField): MutableJson | undefined {
  if ((dest ?? null) !== null && !Array.isArray(dest)) throw misfit()
  if ((patch ?? null) !== null && !Array.isArray(patch)) throw misfit()
  if (field.keys === undefined) return patch === undefined ? dest : (patch ?? undefined)
  if (patch === null) return undefined
  if (!Array.isArray(patch)) return mergeItems({ dest: dest as MutableJson[], patch: [] }, field)
  const directive = takeListDirective(patch)
  if (directive === 'delete') return undefined
  const kept = Array.isArray(dest) && directive !== 'replace' ? dest : []
  return mergeItems({ dest: kept, patch }, field)
}

/** An item that is nothing but a directive speaks for the whole list. */
function takeListDirective(patch: MutableJson[]): string {
  const index = patch.findIndex(
    (item) => isMutableObject(item) && Object.hasOwn(item, DIRECTIVE) && Object.keys(item).length === 1,
  )
  const [item] = index < 0 ? [] : patch.splice(index, 1)
  return isMutableObject(item) ? directiveOf(item) : 'merge'
}

interface Lists {
  readonly dest: MutableJson[]
  readonly patch: MutableJson[]
}

function mergeItems({ dest, patch }: Lists, { keys = [], type }: MergeField): MutableJson[] {
  const items = type === undefined ? {} : { type }
  const lists = { dest, patch, keys: keys.length === 0 ? [''] : keys }
  return mergeKeyedLists(lists, (ofDest, ofPatch) => merge({ dest: ofDest, patch: ofPatch }, items))
}
