/** A plain value, as JSON has it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Key of a map, or 0-based index of an item of a list. */
export type Step = string | number

/** Where in a file a value stands, or is to stand. */
export interface Place {
  /** 0-based, counting the documents of the file as the YAML parser does. */
  readonly documentIndex: number
  /** From the top of the document. */
  readonly steps: readonly Step[]
}

/** One thing that is wanted of a file. */
export type Change =
  /** The value stands there, whatever did before. Maps that are missing on the way are made. */
  | { readonly op: 'set'; readonly at: Place; readonly value: Json }
  /** The list there holds the value; one that is absent or null is made. An equal item that it has already is enough. */
  | { readonly op: 'append'; readonly at: Place; readonly value: Json }
  /**
   * Nothing stands there: the entry or item is gone, with the lines that are its own. Comments around it stay. With
   * `pruneEmpty`, so do the maps and lists go that it leaves empty, the top of the document excepted.
   */
  | { readonly op: 'remove'; readonly at: Place; readonly pruneEmpty?: boolean }
  /** The document is gone. */
  | { readonly op: 'removeDocument'; readonly documentIndex: number }

/** An object of JSON. */
export type JsonMap = { readonly [key: string]: Json }

/** Whether a plain value is a list. */
export function isJsonList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

/** Whether a plain value is a map. */
export function isJsonMap(value: Json): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** One text for all spellings of a value: keys sorted, no spaces. */
export function canonicalJson(value: Json): string {
  if (isJsonList(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (!isJsonMap(value)) return JSON.stringify(value)
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonicalJson(one)}`).join(',')}}`
}
