import { isObject, type JsonValue } from '../layout/json-value.ts'

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
