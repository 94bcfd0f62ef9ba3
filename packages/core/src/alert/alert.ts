import { z } from 'zod'
import { ResponseError } from '../errors/response-error.ts'
import { plainIssue } from '../text/plain-issue.ts'
import { parseJsonLosslessly } from './lossless-json.ts'
import { parsePriority, type Priority } from './priority.ts'

/** One Falco detection as received, reduced to what Saker decides on. The bytes themselves stay in `raw`. */
export interface Alert {
  /** Name of the Falco rule that fired. */
  readonly alertRule: string
  readonly priority: Priority
  /** Falco's event source (`syscall`, `k8s_audit`, …); empty when the sender named none. */
  readonly source: string
  /** Without the empty tag that Falcosidekick's chart adds. */
  readonly tags: readonly string[]
  /** RFC 3339 as the sender wrote it; never parsed for a decision, because real alerts hold invalid ones. */
  readonly time: string
  readonly hostname: string
  /** `output_fields`, numbers rounded. Read them with {@link readField}, which knows their digits and what counts as absent. */
  readonly fields: Readonly<Record<string, unknown>>
  /** The alert as JSON text, numbers as they were on the wire: `evt.time` and inode times do not fit a double. */
  readonly raw: string
}

/** The parts of Falco's JSON that Saker reads; everything else stays in the raw text. */
const AlertBody = z.object({
  rule: z.string().min(1),
  priority: z.string().transform((text, context) => {
    const priority = parsePriority(text)
    if (priority !== undefined) return priority
    context.addIssue({ code: 'custom', message: 'is not a Falco priority' })
    return z.NEVER
  }),
  time: z.string().min(1),
  source: z.string().nullish(),
  hostname: z.string().nullish(),
  tags: z.array(z.string()).nullish(),
  output_fields: z.record(z.string(), z.unknown()).nullish(),
})

/**
 * Reads one alert from its JSON text: a Falcosidekick webhook or Talon body, Falco's `http_output`, or the data of a
 * CloudEvent. All four are the same document (falcosidekick `types/types.go`, falco `userspace/engine/formats.cpp`).
 *
 * Throws `ALERT_MALFORMED` naming the fields that are wrong, never their values.
 */
export function parseAlert(raw: string): Alert {
  let body: unknown
  try {
    body = JSON.parse(raw)
  } catch (cause) {
    throw new ResponseError('ALERT_MALFORMED', 'the body is not valid JSON', { cause })
  }
  const parsed = AlertBody.safeParse(body, { error: plainIssue })
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the body'}: ${issue.message}`)
    throw new ResponseError('ALERT_MALFORMED', `not a Falco alert: ${faults.join('; ')}`)
  }
  const { rule, priority, time, source, hostname, tags, output_fields: fields } = parsed.data
  return {
    alertRule: rule,
    priority,
    source: source ?? '',
    tags: (tags ?? []).filter((tag) => tag !== ''),
    time,
    hostname: hostname ?? '',
    fields: fields ?? {},
    raw,
  }
}

/** How Falco and its plugins write "no value": besides a missing key these stand in real alerts, sometimes side by side. */
const ABSENT_VALUES: ReadonlySet<unknown> = new Set([undefined, null, '', '<NA>'])

/** What stands in an output field. */
export type FieldReading =
  /** Missing, null, empty or `<NA>`. */
  | { readonly kind: 'absent' }
  /** A single value, numbers with the digits they have on the wire. */
  | { readonly kind: 'text'; readonly text: string }
  /** A list or a map. */
  | { readonly kind: 'other' }

/** Reads an output field, whatever an alert holds there. */
export function readField(alert: Alert, name: string): FieldReading {
  const value = Object.hasOwn(alert.fields, name) ? alert.fields[name] : undefined
  if (ABSENT_VALUES.has(value)) return { kind: 'absent' }
  if (typeof value === 'string') return { kind: 'text', text: value }
  if (typeof value === 'number') return { kind: 'text', text: JSON.stringify(exactFieldsOf(alert)[name]) }
  return typeof value === 'boolean' ? { kind: 'text', text: String(value) } : { kind: 'other' }
}

const exactFields = new WeakMap<Alert, Readonly<Record<string, unknown>>>()

/** The fields with their numbers as they were written. Made on demand: it takes four times as long, and few ask for numbers. */
function exactFieldsOf(alert: Alert): Readonly<Record<string, unknown>> {
  const known = exactFields.get(alert)
  if (known !== undefined) return known
  const { output_fields: fields = {} } = parseJsonLosslessly(alert.raw) as { output_fields?: Record<string, unknown> }
  exactFields.set(alert, fields)
  return fields
}

/** The text of an output field, or undefined when it is missing, null, empty, `<NA>`, or not a single value. */
export function fieldOf(alert: Alert, name: string): string | undefined {
  const reading = readField(alert, name)
  return reading.kind === 'text' ? reading.text : undefined
}

/** Why an alert is none that Saker may act on. */
export type NotActionable = 'TestAlert' | 'FalcoInternal'

/**
 * Recognises Falcosidekick's `/test` alert and Falco's alerts about itself (metrics snapshots, dropped events), whose
 * priority goes up to Critical. Both are answered and counted, never acted on, whatever a response matches.
 */
export function notActionable(alert: Alert): NotActionable | undefined {
  if (alert.alertRule === 'Test rule') return 'TestAlert'
  if (alert.source === 'internal' || alert.alertRule.startsWith('Falco internal:')) return 'FalcoInternal'
  return undefined
}
