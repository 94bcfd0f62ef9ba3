/** An answer's object, or undefined where there is none: nothing that comes over the wire is trusted to have its shape. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined
}

/** The value that a path of keys leads to, or undefined where the path breaks off. */
export function valueAt(value: unknown, ...keys: readonly string[]): unknown {
  let here = value
  for (const key of keys) here = recordOf(here)?.[key]
  return here
}

/** The text that a path of keys leads to, or undefined when it is no text. */
export function textAt(value: unknown, ...keys: readonly string[]): string | undefined {
  const found = valueAt(value, ...keys)
  return typeof found === 'string' ? found : undefined
}

/** The list that a path of keys leads to, or undefined when it is no list. */
export function listAt(value: unknown, ...keys: readonly string[]): readonly unknown[] | undefined {
  const found = valueAt(value, ...keys)
  return Array.isArray(found) ? (found as readonly unknown[]) : undefined
}
