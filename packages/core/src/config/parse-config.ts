import { closestMatch } from 'leven'
import type { z } from 'zod'
import { plainIssue } from '../text/plain-issue.ts'
import { senseFaults, wellFormedParts } from './config-sense.ts'
import type { ConfigFault } from './config-fault.ts'
import type { Config } from './config.ts'
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
  const parsed = WrittenConfig.safeParse(written, { error: plainConfigIssue })
  const form = parsed.success ? [] : parsed.error.issues.flatMap(faultsOf)
  const faults = distinct([...form, ...hiddenKeyFaults(written, []), ...senseFaults(wellFormedParts(written))])
  if (!parsed.success || faults.length > 0) return { faults }
  return { config: normaliseConfig(parsed.data, options.ownNamespace) }
}

/** A value can break two rules that say the same. */
function distinct(faults: readonly ConfigFault[]): readonly ConfigFault[] {
  return [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()]
}

/** As {@link plainIssue}; for unknown keys the message is the list of the known ones, which only the schema can tell. */
const plainConfigIssue: z.core.$ZodErrorMap = (issue) =>
  issue.code === 'unrecognized_keys' ? JSON.stringify(keysOf(issue.inst)) : plainIssue(issue)

function keysOf(schema: unknown): readonly string[] {
  const { shape } = schema as { readonly shape?: object }
  return Object.keys(shape ?? {})
}

function faultsOf(issue: z.core.$ZodIssue): readonly ConfigFault[] {
  const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }]
  const known = JSON.parse(issue.message) as readonly string[]
  return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, known) }))
}

function unknownKey(key: string, known: readonly string[]): string {
  const nearest = nearestKey(key, known)
  const hint = nearest === undefined ? `here are known: ${known.join(', ')}` : `did you mean \`${nearest}\`?`
  return known.length === 0 ? `unknown key \`${key}\`; none is known here` : `unknown key \`${key}\`; ${hint}`
}

/** The known key that is spelled most like one, case aside, or that it is a part of. */
function nearestKey(key: string, known: readonly string[]): string | undefined {
  const lowered = known.map((one) => one.toLowerCase())
  const wanted = key.toLowerCase()
  const spelled = closestMatch(wanted, lowered, { maxDistance: Math.max(2, Math.floor(key.length / 3)) })
  const nearest = spelled ?? lowered.find((one) => key.length > 2 && (one.includes(wanted) || wanted.includes(one)))
  return nearest === undefined ? undefined : known[lowered.indexOf(nearest)]
}

/** Where zod reads maps it passes over `__proto__`, and a condition that is passed over is one that does not constrain. */
function hiddenKeyFaults(value: unknown, path: ConfigFault['path']): readonly ConfigFault[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const at = [...path, Array.isArray(value) ? Number(key) : key]
    return key === '__proto__' ? [{ path: at, message: 'is not allowed as a key' }] : hiddenKeyFaults(inner, at)
  })
}
