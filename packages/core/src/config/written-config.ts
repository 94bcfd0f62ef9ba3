import { z } from 'zod'
import { PRIORITIES, parsePriorityCondition } from '../alert/priority.ts'
import { parseDurationMs } from '../text/duration.ts'

/**
 * The config file as a user writes it: names and nesting of the file, nothing derived. `parseConfig` turns it into the
 * `Config` that code reads. Unknown keys are refused everywhere; a message never repeats a value.
 */

const Name = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/u, 'must be lower-case letters, digits, "-" and ".", at most 63')
const Text = z.string().min(1, 'must not be empty')

const Duration = z
  .string('must be a duration such as 200ms, 60s, 15m or 4h')
  .refine((text) => parseDurationMs(text) !== undefined, 'must be a duration such as 200ms, 60s, 15m or 4h')

const SecretRef = z.union([z.strictObject({ env: Text }), z.strictObject({ file: Text })], {
  error: 'must be { env: NAME } or { file: PATH }',
})

/** A path inside a repository: relative, with forward slashes, and never out of it. */
const RepositoryPath = Text.refine(
  (path) => !path.startsWith('/') && !path.split('/').includes('..') && !path.includes('\\'),
  'must be a path inside the repository, relative to its root',
)

const HttpUrl = Text.refine((url) => /^https?:$/u.test(URL.parse(url)?.protocol ?? ''), 'must be an http or https URL')

const Notification = z.strictObject({ urlFrom: SecretRef, hmacFrom: SecretRef.optional() })

const ClusterPlace = {
  paths: z.array(RepositoryPath).min(1).optional(),
  file: RepositoryPath.optional(),
  notify: z.array(Notification).optional(),
}

const GitHubName = z.string().regex(/^[A-Za-z0-9._-]+$/u, 'must be a name on GitHub: letters, digits, "-", "_" and "."')

const GitUrl = Text.refine(
  (url) => /^(?:https?|ssh|file):\/\/./u.test(url) && URL.parse(url)?.password === '',
  'must be an https://, ssh:// or file:// URL without a password in it',
)

const Auth = z.strictObject({
  tokenFrom: SecretRef.optional(),
  username: Text.optional(),
  app: z
    .strictObject({ id: z.union([z.int(), Text]), installationId: z.union([z.int(), Text]), privateKeyFrom: SecretRef })
    .optional(),
  ssh: z.strictObject({ keyFrom: SecretRef, knownHosts: Text }).optional(),
})

/** One repository as written. */
export const WrittenRepository = z.strictObject({
  github: z.strictObject({ owner: GitHubName, repository: GitHubName, apiUrl: HttpUrl.optional() }).optional(),
  git: z.strictObject({ url: GitUrl }).optional(),
  auth: Auth.optional(),
  branch: Text.default('main'),
  delivery: z.enum(['commit', 'observe'], 'must be commit or observe'),
  clusters: z
    .record(Name, z.strictObject(ClusterPlace))
    .refine((all) => Object.keys(all).length > 0, 'must name at least one cluster')
    .optional(),
  ...ClusterPlace,
})

const NamespaceMatch = z.strictObject({ in: z.array(Text).min(1).optional(), notIn: z.array(Text).min(1).optional() })

const WrittenMatch = z.strictObject({
  alertRules: z.array(Text).min(1).optional(),
  priority: z
    .string()
    .refine(
      (text) => parsePriorityCondition(text) !== undefined,
      `must be one of ${PRIORITIES.join(', ')}, with <, <=, =, >= or > in front if wanted`,
    )
    .optional(),
  sources: z.array(Text).min(1).optional(),
  clusters: z.array(Name).min(1).optional(),
  namespaces: NamespaceMatch.optional(),
})

/** One response as written. */
export const WrittenResponse = z.strictObject({
  name: Name,
  match: WrittenMatch,
  actions: z.array(z.strictObject({ contain: z.strictObject({}) })).min(1),
  delivery: z.enum(['commit', 'observe'], 'must be commit or observe').optional(),
  continue: z.boolean().optional(),
})

const AdminToken = z.strictObject({ name: Name, tokenFrom: SecretRef })

/** One token of the ingest API as written. */
export const WrittenIngestToken = AdminToken.extend({ clusters: z.array(Name).min(1).optional() })

/** Schema of the whole file. */
export const WrittenConfig = z.strictObject({
  version: z.literal(1, 'must be 1'),
  repositories: z
    .record(Name, WrittenRepository)
    .refine((all) => Object.keys(all).length > 0, 'must name at least one repository'),
  responses: z.array(WrittenResponse).min(1),
  guard: z
    .strictObject({ protectedNamespaces: z.array(Text).optional(), unprotectNamespaces: z.array(Text).optional() })
    .optional(),
  dedupe: z.strictObject({ window: Duration }).optional(),
  coalesce: z.strictObject({ quiet: Duration.optional(), max: Duration.optional() }).optional(),
  outcomes: z.strictObject({ keep: Duration.optional(), keepFailed: Duration.optional() }).optional(),
  commit: z
    .strictObject({
      author: z
        .string()
        .regex(/^[^<>\n]+ <[^<>\s]+>$/u, 'must have the form Name <mail@address>')
        .optional(),
      signOff: z.boolean().optional(),
      includeFields: z.array(Text).optional(),
    })
    .optional(),
  ingest: z
    .strictObject({
      tokens: z.array(WrittenIngestToken).optional(),
      allowAnonymous: z.boolean().optional(),
    })
    .optional(),
  admin: z.strictObject({ tokens: z.array(AdminToken).optional() }).optional(),
})

/** The config file's content, checked for form but not yet for sense. */
export type WrittenConfig = z.infer<typeof WrittenConfig>

/** See the schema of the same name. */
export type WrittenRepository = z.infer<typeof WrittenRepository>

/** See the schema of the same name. */
export type WrittenResponse = z.infer<typeof WrittenResponse>

/** See the schema of the same name. */
export type WrittenIngestToken = z.infer<typeof WrittenIngestToken>
