import { stringify } from 'yaml'
import type { JsonValue } from '../layout/json-value.ts'

/** A value as the text of a patch. Text that some parser takes for something else is quoted, and no line is folded. */
export function patchText(value: JsonValue): string {
  return stringify(value, { lineWidth: 0, version: '1.1' })
}
