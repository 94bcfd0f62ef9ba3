import { z } from 'zod'
import { parseDurationMs } from '../text/duration.ts'

/** Forms of text that stand in many places of the config file. */

/** The error of a form: whatever is not there is missing, and anything else must be what the message says. */
export function mustBe(message: string): { readonly error: (issue: { readonly input?: unknown }) => string } {
  return { error: ({ input }) => (input === undefined ? 'is missing' : message) }
}

/** A rule about a map as a whole. Where a key of it is wrong already, the rule would only tell of that once more. */
export function onceWhole(message: string): {
  readonly message: string
  readonly when: (payload: { readonly issues: readonly unknown[] }) => boolean
} {
  return { message, when: ({ issues }) => issues.length === 0 }
}

/** Text that is not empty. */
export const Text = z.string().min(1, 'must not be empty')

/** A name that the user chooses: of a repository, cluster, response or token. */
export const Name = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/u, 'must be lower-case letters, digits, "-" and ".", at most 63')
  .meta({ id: 'Name', description: 'Lower-case letters, digits, `-` and `.`, at most 63.' })

const DURATION = 'must be a duration such as 200ms, 60s, 15m, 4h or 7d'

/** A duration with its unit; a bare number names none. */
export const Duration = z
  .string(mustBe(DURATION))
  .regex(/^[0-9]+(?:ms|s|m|h|d)$/u, { error: DURATION, abort: true })
  .refine((text) => parseDurationMs(text) !== undefined, 'must be a duration of at most a year')
  .meta({ id: 'Duration', description: 'A whole number and its unit: `200ms`, `60s`, `15m`, `4h`, `7d`.' })

/** A duration of more than nothing. */
export const PositiveDuration = Duration.regex(/[1-9]/u, 'must be longer than nothing').meta({
  id: 'PositiveDuration',
  description: 'A duration of more than nothing.',
})

const SECRET_REF = 'must be { env: NAME } or { file: PATH }'

/** Where a secret stands; never the secret. */
export const SecretRef = z
  .union(
    [
      z.strictObject({ env: Text.meta({ description: 'Name of an environment variable.' }) }),
      z.strictObject({ file: Text.meta({ description: 'Path of a file; it is read again when it changes.' }) }),
    ],
    mustBe(SECRET_REF),
  )
  .meta({ id: 'SecretRef', description: 'Where a secret stands: `{ env: NAME }` or `{ file: PATH }`.' })

/** A path inside a repository: relative, with forward slashes, and never out of it. */
export const RepositoryPath = Text.regex(
  /^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))[^\\\n]+$/u,
  'must be a path inside the repository, relative to its root',
).meta({ id: 'RepositoryPath', description: 'A path inside the repository, relative to its root.' })

/** The name of a Kubernetes namespace. Globs are none: where they are not taken, a `*` must not pass for one. */
export const Namespace = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u, 'must be the name of a namespace, not a glob')
  .meta({ id: 'Namespace', description: 'Name of a Kubernetes namespace.' })
