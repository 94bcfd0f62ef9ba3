/** JSON's reviver context, in Node 22 and newer: https://github.com/tc39/proposal-json-parse-with-source */
interface ReviverContext {
  readonly source?: string
}

declare global {
  interface JSON {
    /** Text that `JSON.stringify` writes out as it stands. */
    rawJSON(text: string): object
    /** Whether a value was made by `rawJSON`. */
    isRawJSON(value: unknown): boolean
  }
}

type SourceReviver = (key: string, value: unknown, context: ReviverContext) => unknown

/**
 * Parses JSON so that `JSON.stringify` of the result, or of any part of it, gives every number back as it was written.
 *
 * Falco's integers exceed 2^53 (`evt.time`) and even 2^63 (inode times of some filesystems). Numbers that a double
 * cannot repeat become `JSON.rawJSON` objects: opaque to code, exact when written. Throws `SyntaxError` like `JSON.parse`.
 */
export function parseJsonLosslessly(text: string): unknown {
  const keepSource: SourceReviver = (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? JSON.rawJSON(source) : value
  return JSON.parse(text, keepSource as (key: string, value: unknown) => unknown)
}
