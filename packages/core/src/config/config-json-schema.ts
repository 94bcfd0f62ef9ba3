import { z } from 'zod'
import { WrittenConfig } from './written-config.ts'

/**
 * The form of the config file as a JSON Schema (2020-12), for editors and for checks before Saker sees the file. It is made
 * of the same source as the validation; what no schema can say (names that lead nowhere, actions that contradict each other)
 * is left to Saker.
 */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(WrittenConfig, { io: 'input' })
}
