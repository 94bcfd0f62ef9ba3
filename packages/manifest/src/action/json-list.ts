import { isObject, listAt, type JsonObject, type JsonValue } from '../layout/json-value.ts'

/** Whether a value is a list. */
export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value)
}

/** The objects in the list under some keys; empty where no list stands there. */
export function objectsAt(value: JsonValue | undefined, keys: readonly string[]): readonly JsonObject[] {
  return listAt(value, keys).filter((item) => isObject(item))
}
