import type { JsonPatchOperation } from '@saker/core'
import { isObject, sameJson, type JsonValue } from '../layout/json-value.ts'
import { isList } from './json-list.ts'

/**
 * A value after the operations of a JSON patch (https://www.rfc-editor.org/rfc/rfc6902). Undefined when one of them does not
 * fit: a path that is not there, a test that fails.
 */
export function withJsonPatch(value: JsonValue, operations: readonly JsonPatchOperation[]): JsonValue | undefined {
  let current: JsonValue | undefined = value
  for (const operation of operations) {
    if (current === undefined) return undefined
    current = withOperation(current, operation)
  }
  return current
}

function withOperation(value: JsonValue, operation: JsonPatchOperation): JsonValue | undefined {
  const path = segmentsOf(operation.path)
  switch (operation.op) {
    case 'test':
      return sameJson(at(value, path), operation.value) ? value : undefined
    case 'add':
      return place(value, path, { value: operation.value, mode: 'add' })
    case 'replace':
      return place(value, path, { value: operation.value, mode: 'replace' })
    case 'remove':
      return place(value, path, { mode: 'remove' })
    case 'copy':
    case 'move': {
      const from = segmentsOf(operation.from)
      const moved = at(value, from)
      if (moved === undefined) return undefined
      const rest = operation.op === 'move' ? place(value, from, { mode: 'remove' }) : value
      return rest === undefined ? undefined : place(rest, path, { value: moved, mode: 'add' })
    }
  }
}

/** The segments of a JSON pointer (https://www.rfc-editor.org/rfc/rfc6901). */
export function segmentsOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** A JSON pointer of segments. */
export function pointerTo(segments: readonly (string | number)[]): string {
  return segments.map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function at(value: JsonValue | undefined, segments: readonly string[]): JsonValue | undefined {
  return segments.reduce<JsonValue | undefined>(childAt, value)
}

function childAt(value: JsonValue | undefined, segment: string): JsonValue | undefined {
  if (isList(value)) return /^(?:0|[1-9][0-9]*)$/u.test(segment) ? value[Number(segment)] : undefined
  return isObject(value) && Object.hasOwn(value, segment) ? value[segment] : undefined
}

type Placing = { readonly value: JsonValue; readonly mode: 'add' | 'replace' } | { readonly mode: 'remove' }

function place(value: JsonValue, [segment, ...rest]: readonly string[], placing: Placing): JsonValue | undefined {
  if (segment === undefined) return placing.mode === 'remove' ? undefined : placing.value
  if (rest.length === 0) return placeIn(value, segment, placing)
  const child = childAt(value, segment)
  const inner = child === undefined ? undefined : place(child, rest, placing)
  if (inner === undefined) return undefined
  if (isList(value)) return value.with(Number(segment), inner)
  return isObject(value) ? { ...value, [segment]: inner } : undefined
}

function placeIn(value: JsonValue, segment: string, placing: Placing): JsonValue | undefined {
  if (placing.mode !== 'add' && childAt(value, segment) === undefined) return undefined
  if (isObject(value)) {
    if (placing.mode !== 'remove') return { ...value, [segment]: placing.value }
    const { [segment]: _gone, ...others } = value
    return others
  }
  if (!isList(value)) return undefined
  if (placing.mode === 'remove') return value.toSpliced(Number(segment), 1)
  if (placing.mode === 'replace') return value.with(Number(segment), placing.value)
  if (segment === '-') return [...value, placing.value]
  const index = /^(?:0|[1-9][0-9]*)$/u.test(segment) ? Number(segment) : Number.NaN
  return index <= value.length ? value.toSpliced(index, 0, placing.value) : undefined
}

/** A value after a JSON merge patch (https://www.rfc-editor.org/rfc/rfc7386). */
export function withMergePatch(value: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isObject(patch)) return patch
  const merged = new Map(Object.entries(isObject(value) ? value : {}))
  for (const [key, entry] of Object.entries(patch)) {
    if (entry === null) merged.delete(key)
    else merged.set(key, withMergePatch(merged.get(key), entry))
  }
  return Object.fromEntries(merged)
}
