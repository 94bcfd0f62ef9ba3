/** An object of Kubernetes, or a part of one, as parsed: nothing is known of its inside. */
export type JsonObject = { readonly [key: string]: unknown }

/** Whether a value is a map. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What stands at the end of some keys; undefined where there is nothing. */
export function valueAt(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce((inner: unknown, key) => (isJsonObject(inner) ? inner[key] : undefined), value)
}

/** The text at the end of some keys; undefined where there is none, or it is empty. */
export function textAt(value: unknown, ...keys: readonly string[]): string | undefined {
  const text = valueAt(value, ...keys)
  return typeof text === 'string' && text !== '' ? text : undefined
}

/** The list at the end of some keys; empty where there is none. */
export function listAt(value: unknown, ...keys: readonly string[]): readonly unknown[] {
  const list = valueAt(value, ...keys)
  return Array.isArray(list) ? (list as readonly unknown[]) : []
}

/** The map at the end of some keys; empty where there is none. */
export function mapAt(value: unknown, ...keys: readonly string[]): JsonObject {
  const map = valueAt(value, ...keys)
  return isJsonObject(map) ? map : {}
}

/** `namespace/Kind/name`, with `-` for a namespace that is left to whoever applies the object. */
export function titleOf(object: JsonObject): string {
  const namespace = textAt(object, 'metadata', 'namespace') ?? '-'
  return `${namespace}/${textAt(object, 'kind') ?? '?'}/${textAt(object, 'metadata', 'name') ?? '?'}`
}

/** JSON merge patch (RFC 7396): maps are merged, null deletes, all else replaces. */
export function mergePatched(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch
  const merged: Record<string, unknown> = isJsonObject(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(merged, key)
    else merged[key] = mergePatched(merged[key], value)
  }
  return merged
}
