import type { z } from 'zod'
import { senseFaults, wellFormedParts } from './config-sense.ts'
import type { ConfigFault } from './config-fault.ts'
import type { Config } from './config.ts'
import { plainIssue } from '../text/plain-issue.ts'
import { normaliseConfig } from './normalise-config.ts'
import { WrittenConfig } from './written-config.ts'

/** A usable config, or everything that is wrong with it. */
export type ParsedConfig = { readonly config: Config } | { readonly faults: readonly ConfigFault[] }

/**
 * Checks a config as parsed from its file and normalises it. All faults are reported together: those of form, and those of
 * sense (two repositories for one lane, a response for an unknown cluster) in every part whose form is right.
 *
 * `ownNamespace` is where Saker itself runs; it is protected too.
 */
export function parseConfig(written: unknown, options: { readonly ownNamespace?: string } = {}): ParsedConfig {
  const parsed = WrittenConfig.safeParse(written, { error: plainIssue })
  const form = parsed.success ? [] : parsed.error.issues.flatMap(faultsOf)
  const faults = [...form, ...senseFaults(wellFormedParts(written))]
  if (!parsed.success || faults.length > 0) return { faults }
  return { config: normaliseConfig(parsed.data, options.ownNamespace) }
}

function faultsOf(issue: z.core.$ZodIssue): ConfigFault[] {
  const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: 'is not a known key' }))
  return [{ path, message: issue.message }]
}
