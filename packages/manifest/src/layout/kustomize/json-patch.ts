import {
  copyOf,
  fieldOf,
  isMutableObject,
  sameJson,
  setField,
  textAt,
  type JsonValue,
  type MutableJson,
  type MutableObject,
} from '../json-value.ts'

/** Whose reading of RFC 6902 counts: to kustomize, replacing what is missing adds it, and copying it copies null. */
export type PatchReading = 'kustomize' | 'strict'

/**
 * Applies a JSON patch (RFC 6902), as Go's evanphx/json-patch does, which kustomize uses, or strictly. The value is
 * changed. Throws a plain Error, without any content, where an operation cannot be done.
 */
export function applyJsonPatch(
  value: MutableObject,
  operations: readonly JsonValue[],
  reading: PatchReading = 'kustomize',
): MutableObject {
  const holder: MutableObject = { '': value }
  for (const operation of operations) {
    if (reading === 'strict') refuseMissing(holder, operation)
    applyOne(holder, operation)
  }
  const result = holder['']
  if (!isMutableObject(result)) throw new Error('a JSON patch leaves no object')
  return result
}

function refuseMissing(holder: MutableObject, operation: JsonValue): void {
  const op = fieldOf(operation, 'op')
  if (op === 'replace') valueAt(holder, pointerOf(operation, 'path'))
  if (op === 'copy') valueAt(holder, pointerOf(operation, 'from'))
}

function applyOne(holder: MutableObject, operation: JsonValue): void {
  const op = textAt(operation, ['op']) ?? ''
  const path = pointerOf(operation, 'path')
  const value = (): MutableJson => copyOf(fieldOf(operation, 'value') ?? null)
  switch (op) {
    case 'add':
      return add(holder, path, value())
    case 'remove':
      return remove(holder, path)
    case 'replace':
      return replace(holder, path, value())
    case 'test':
      return test(holder, path, value())
    case 'copy':
      return add(holder, path, copyOf(copiedFrom(holder, pointerOf(operation, 'from'))))
    case 'move': {
      const from = pointerOf(operation, 'from')
      const moved = copyOf(valueAt(holder, from))
      remove(holder, from)
      return add(holder, path, moved)
    }
    default:
      throw new Error('a JSON patch has an unknown operation')
  }
}

type Pointer = readonly string[]

/** The first key leads from the holder to the document. */
function pointerOf(operation: JsonValue, field: 'path' | 'from'): Pointer {
  const pointer = fieldOf(operation, field)
  if (typeof pointer !== 'string' || (pointer !== '' && !pointer.startsWith('/'))) {
    throw new Error('a JSON patch has no usable path')
  }
  return pointer.split('/').map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
}

type Container = MutableObject | MutableJson[]

function containerAt(holder: MutableObject, path: Pointer): { container: Container; key: string } {
  const container = path.slice(0, -1).reduce<MutableJson>((found, key) => childOf(found, key), holder)
  if (typeof container !== 'object' || container === null) throw missing()
  return { container, key: path.at(-1) ?? '' }
}

function valueAt(holder: MutableObject, path: Pointer): MutableJson {
  return path.reduce<MutableJson>((found, key) => childOf(found, key), holder)
}

/** A key that is missing at the end is copied as null. */
function copiedFrom(holder: MutableObject, path: Pointer): MutableJson {
  const { container, key } = containerAt(holder, path)
  return !Array.isArray(container) && !Object.hasOwn(container, key) ? null : childOf(container, key)
}

function childOf(value: MutableJson, key: string): MutableJson {
  if (Array.isArray(value)) return value[indexIn(value, key, value.length - 1)] ?? null
  if (!isMutableObject(value) || !Object.hasOwn(value, key)) throw missing()
  return value[key] ?? null
}

/** Negative indices count from the end. */
function indexIn(list: readonly MutableJson[], key: string, highest: number): number {
  if (!/^-?[0-9]+$/u.test(key)) throw missing()
  const index = Number(key) < 0 ? Number(key) + list.length : Number(key)
  if (index < 0 || index > highest) throw missing()
  return index
}

function missing(): Error {
  return new Error('a JSON patch leads to something that is not there')
}

function add(holder: MutableObject, path: Pointer, value: MutableJson): void {
  const { container, key } = containerAt(holder, path)
  if (!Array.isArray(container)) setField(container, key, value)
  else if (key === '-') container.push(value)
  else
    container.splice(
      Number(key) < 0 ? container.length + 1 + Number(key) : indexIn(container, key, container.length),
      0,
      value,
    )
}

function remove(holder: MutableObject, path: Pointer): void {
  const { container, key } = containerAt(holder, path)
  if (Array.isArray(container)) container.splice(indexIn(container, key, container.length - 1), 1)
  else if (!Object.hasOwn(container, key)) throw missing()
  else delete container[key]
}

/** Of an object, a key that is missing is added, whatever the standard says. */
function replace(holder: MutableObject, path: Pointer, value: MutableJson): void {
  const { container, key } = containerAt(holder, path)
  if (Array.isArray(container)) container[indexIn(container, key, container.length - 1)] = value
  else setField(container, key, value)
}

/** A missing value passes for null. */
function test(holder: MutableObject, path: Pointer, wanted: MutableJson): void {
  const { container, key } = containerAt(holder, path)
  const found = Array.isArray(container)
    ? container[indexIn(container, key, container.length - 1)]
    : fieldOf(container, key)
  if (!sameJson(found ?? null, wanted)) throw new Error('a test of a JSON patch fails')
}
