import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { parseJsonLosslessly } from '../alert/lossless-json.ts'
import { sightingKeyOf, type PodSighting } from '../pod/pod-sighting.ts'
import type { Response } from '../response/response.ts'

/** What travels through Redis for one alert × response: the alert as received, and what ingest already knows of it. */
export const ResponseJob = z.object({
  version: z.literal(1),
  /** Names the response wherever it appears: job, commit line, `saker undo`. */
  id: z.string(),
  response: z.string(),
  cluster: z.string(),
  sighting: z.object({
    namespace: z.string().optional(),
    podName: z.string().optional(),
    owner: z.object({ kind: z.string(), name: z.string() }).optional(),
  }),
  /** JSON text of the alert, numbers as on the wire. */
  alert: z.string(),
  /** When ingest took it, in milliseconds since 1970. */
  receivedAt: z.number(),
  fingerprint: z.string(),
  /** Why it is proposed, where its own delivery is `commit`. */
  forwardedFor: z.enum(['BranchProtected', 'WorkloadCap']).optional(),
})

/** See the schema of the same name. */
export type ResponseJob = Omit<z.infer<typeof ResponseJob>, 'sighting'> & { readonly sighting: PodSighting }

/** How people find a job among others: `contain default/web-0`; a namespace that the alert does not name is `-`. */
export function jobTitle({ response, sighting: { namespace, podName, owner } }: ResponseJob): string {
  return `${response} ${namespace ?? '-'}/${podName ?? owner?.name ?? '-'}`
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/**
 * A new response id: ten characters of time, eight random ones, so that ids sort by age and two alerts never share one.
 * Not a hash of the alert: BullMQ silently swallows a job whose id it still keeps, and an alert that is sent again after
 * its response failed must run again.
 */
export function newResponseId(now: number): string {
  const time = Array.from({ length: 10 }, (_, digit) => ALPHABET[Math.floor(now / 32 ** (9 - digit)) % 32]).join('')
  const random = Array.from(randomBytes(8), (byte) => ALPHABET[byte % 32]).join('')
  return `${time}${random}`
}

/** When a response was begun, as its id tells, in milliseconds since 1970. */
export function responseTimeOf(id: string): number {
  return Array.from(id.slice(0, 10)).reduce((time, digit) => time * 32 + Math.max(0, ALPHABET.indexOf(digit)), 0)
}

/** Whether a text has the form of a response id. */
export function isResponseId(text: string): boolean {
  return /^[0-9a-hjkmnp-tv-z]{18}$/u.test(text)
}

/**
 * Identity for deduplication: cluster, namespace, stem and shape of the pod's name, and the response with all it says.
 * No time, no process id, no output text: they differ in every alert of one attack.
 */
export function fingerprintOf(cluster: string, sighting: PodSighting, response: Response): string {
  const parts = [cluster, sighting.namespace ?? '', sightingKeyOf(sighting), JSON.stringify(response)]
  return createHash('sha256').update(parts.join('\0')).digest('base64url').slice(0, 27)
}

/**
 * Identity of one alert, for merging deliveries of the very same: cluster, response, and all that the alert says but for
 * `uuid`, which Falcosidekick makes anew for every receipt. The order of keys and the white space do not count, so every
 * form in which the alert can arrive gives the same.
 */
export function deliveryFingerprintOf(cluster: string, response: Response, alert: string): string {
  const body = parseJsonLosslessly(alert)
  const said = isObject(body) ? Object.fromEntries(Object.entries(body).filter(([key]) => key !== 'uuid')) : body
  const parts = [cluster, JSON.stringify(response), JSON.stringify(sorted(said))]
  return createHash('sha256').update(parts.join('\0')).digest('base64url').slice(0, 27)
}

/** The value with the keys of all its objects in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isObject(value)) return value
  const byKey = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1)
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(byKey)
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}

/** Whether a value is an object with keys of its own; numbers kept as their text are none. */
function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value)
}
