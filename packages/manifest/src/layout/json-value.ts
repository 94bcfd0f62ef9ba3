import type { Json, JsonMap } from '../yaml/change.ts'

/** A value as Kubernetes sees it, after the way from YAML to JSON. */
export type JsonValue = Json

/** A JSON object. Keys may be anything, `__proto__` among them: read with {@link fieldOf}. */
export type JsonObject = JsonMap

/** A JSON value that its owner may change. */
export type MutableJson = null | boolean | number | string | MutableJson[] | MutableObject

/** A JSON object that its owner may change; write with {@link setField}. */
export interface MutableObject {
  [key: string]: MutableJson
}

/** Whether a value is an object, and not a list or null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a value is an object of ours that may be changed. */
export function isMutableObject(value: MutableJson | undefined): value is MutableObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What an object holds itself under a key, never what every object inherits. Undefined for anything but objects. */
export function fieldOf(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

/** The value some keys below an object; undefined as soon as one of them is missing. */
export function fieldAt(value: JsonValue | undefined, keys: readonly string[]): JsonValue | undefined {
  let found = value
  for (const key of keys) found = fieldOf(found, key)
  return found
}

/** The text under some keys; undefined where something else stands there, or nothing. */
export function textAt(value: JsonValue | undefined, keys: readonly string[]): string | undefined {
  const found = fieldAt(value, keys)
  return typeof found === 'string' ? found : undefined
}

/** A text, number or boolean as text. Undefined for anything else. */
export function plainText(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined
}

/** The texts of a list under some keys; what is no plain value is left out. */
export function textsAt(value: JsonValue | undefined, keys: readonly string[]): readonly string[] {
  return listAt(value, keys).flatMap((item) => plainText(item) ?? [])
}

/** The list under some keys; empty where none stands there. */
export function listAt(value: JsonValue | undefined, keys: readonly string[]): readonly JsonValue[] {
  const found = fieldAt(value, keys)
  return Array.isArray(found) ? (found as readonly JsonValue[]) : []
}

/** Sets a key of an object, also one that every object inherits. */
export function setField(target: MutableObject, key: string, value: MutableJson): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
  } else target[key] = value
}

/** A copy that shares nothing with the original. */
export function copyOf(value: JsonValue): MutableJson {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(copyOf)
  const copy: MutableObject = {}
  for (const [key, entry] of Object.entries(value)) setField(copy, key, copyOf(entry))
  return copy
}

/** Whether two values are the same JSON; the order of keys does not count. */
export function sameJson(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameJson(item, b[index]))
  }
  if (!isObject(a) || !isObject(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]))
}
