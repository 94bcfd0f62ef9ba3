import { z } from 'zod'
import { parseDurationMs } from '../text/duration.ts'
import { WrittenAction } from './written-action.ts'
import { WrittenMatch } from './written-match.ts'
import { WrittenDelivery, WrittenRepository } from './written-repository.ts'
import { Duration, mustBe, Name, Namespace, PositiveDuration, SecretRef, Text } from './written-text.ts'

/**
 * The config file as a user writes it: names and nesting of the file, nothing derived. `parseConfig` turns it into the
 * `Config` that code reads. Unknown keys are refused everywhere; a message never repeats a value. The published JSON Schema
 * and the reference tables of docs/configuration.md are made of these same schemas.
 */

/** One response as written. */
export const WrittenResponse = z
  .strictObject({
    name: Name.meta({ description: 'Stands in commits, metrics and outcomes.' }),
    match: WrittenMatch,
    actions: z.array(WrittenAction).min(1).meta({ description: 'What is done: all of it or nothing.' }),
    delivery: WrittenDelivery.optional().meta({ description: 'Overrides the repository’s.' }),
    revertAfter: PositiveDuration.optional().meta({ description: 'Undone after this time by a commit of its own.' }),
    continue: z
      .boolean()
      .optional()
      .meta({ description: 'Whether later responses may answer the same alert too.', default: false }),
  })
  .meta({ id: 'Response', description: 'Which alerts are answered, and how.' })

const MaxWorkloads = z
  .strictObject({
    count: z
      .int('must be a whole number')
      .min(0, 'must not be negative')
      .optional()
      .meta({ description: 'How many distinct workloads.', default: 20 }),
    per: PositiveDuration.optional().meta({ description: 'Within which time.', default: '1h' }),
    otherwise: z.enum(['hold', 'pull-request'], 'must be hold or pull-request').optional().meta({
      description: 'What becomes of the rest: held until somebody releases it, or proposed.',
      default: 'hold',
    }),
  })
  .meta({ description: 'How many distinct workloads of one cluster may be stopped.' })

const Guard = z
  .strictObject({
    onlyNamespaces: z
      .array(Namespace)
      .optional()
      .meta({ description: 'When not empty, nothing outside these namespaces is touched.', default: [] }),
    protectedNamespaces: z.array(Namespace).optional().meta({
      description:
        'Namespaces that are never touched, besides `kube-system`, `kube-public`, `kube-node-lease`, `flux-system`, `argocd`, `falco` and Saker’s own.',
      default: [],
    }),
    unprotectNamespaces: z
      .array(Namespace)
      .optional()
      .meta({ description: 'Takes these out of the ones that are protected without being named.', default: [] }),
    maxWorkloads: MaxWorkloads.optional(),
    maxAge: PositiveDuration.optional().meta({
      description: 'A response that waited longer than this since its alert was received is held.',
      default: '15m',
    }),
    muteFor: Duration.optional().meta({
      description:
        'How long a workload is left alone after an undo, a pull request closed unmerged, or a revert by somebody else.',
      default: '1h',
    }),
  })
  .meta({ description: 'What is never touched, and how much at most.' })

const AdminToken = z.strictObject({
  name: Name.meta({ description: 'Stands in the log.' }),
  tokenFrom: SecretRef.meta({ description: 'The token.' }),
})

/** One token of the ingest API as written. */
export const WrittenIngestToken = AdminToken.extend({
  clusters: z.array(Name).min(1).optional().meta({ description: 'Clusters that it may speak for. Left out: all.' }),
})

const Commit = z
  .strictObject({
    author: z
      .string()
      .regex(/^[^<>\n]+ <[^<>\s]+>$/u, 'must have the form Name <mail@address>')
      .optional()
      .meta({
        description:
          'Author and committer. Left out: on GitHub the token’s owner, elsewhere `Saker <saker@localhost>`.',
      }),
    signOff: z.boolean().optional().meta({ description: 'Adds `Signed-off-by`.', default: false }),
    includeFields: z.array(Text).optional().meta({
      description:
        'Output fields of the alert that may stand in commits; command lines hold passwords, so none do unless named.',
      default: [],
    }),
  })
  .meta({ description: 'How commits look.' })

/** Schema of the whole file. */
export const WrittenConfig = z
  .strictObject({
    version: z.literal(1, mustBe('must be 1')).meta({ description: 'The form of the file.' }),
    repositories: z
      .record(Name, WrittenRepository)
      .refine((all) => Object.keys(all).length > 0, 'must name at least one repository')
      .meta({ description: 'Repositories, by a name of your choice.', minProperties: 1 }),
    responses: z.array(WrittenResponse).min(1).meta({
      description: 'Tried in order; the first that matches answers the alert, unless it says `continue: true`.',
    }),
    guard: Guard.optional(),
    dedupe: z
      .strictObject({
        window: Duration.optional().meta({
          description:
            'Alerts of the same cluster, workload and response within it are one; `0s` turns it off, and then only the very same alert delivered twice within a minute is one.',
          default: '60s',
        }),
      })
      .optional()
      .meta({ description: 'When alerts count as the same.' }),
    coalesce: z
      .strictObject({
        quiet: Duration.optional().meta({
          description: 'A commit waits until no further alert came for this long.',
          default: '200ms',
        }),
        max: Duration.optional().meta({ description: 'A commit waits at most this long.', default: '2s' }),
      })
      .refine(({ quiet, max }) => durationMs(quiet) <= (max === undefined ? Infinity : durationMs(max)), {
        path: ['quiet'],
        message: 'must not be longer than coalesce.max',
      })
      .optional()
      .meta({ description: 'How long a commit waits for more of the same burst.' }),
    outcomes: z
      .strictObject({
        keep: Duration.optional().meta({
          description: 'How long responses that ended can be looked at.',
          default: '7d',
        }),
        keepFailed: Duration.optional().meta({
          description: 'How long those that failed can be looked at and run again.',
          default: '30d',
        }),
      })
      .optional()
      .meta({
        description: 'At most 50,000 of each are kept per lane. What was done stays in Git in any case.',
      }),
    commit: Commit.optional(),
    ingest: z
      .strictObject({
        tokens: z.array(WrittenIngestToken).optional().meta({
          description: 'Who may send alerts. Left out: whoever has the token in `SAKER_INGEST_TOKEN`.',
        }),
        allowAnonymous: z
          .boolean()
          .optional()
          .meta({ description: 'Whether anybody who can connect may.', default: false }),
      })
      .optional()
      .meta({ description: 'Where alerts come in.' }),
    admin: z
      .strictObject({
        tokens: z.array(AdminToken).optional().meta({
          description: 'Who may use the admin API. Left out: whoever has the token in `SAKER_ADMIN_TOKEN`.',
        }),
      })
      .optional()
      .meta({ description: 'Where operators come in.' }),
  })
  .meta({ title: 'Saker’s config file' })

function durationMs(written: string | undefined): number {
  return parseDurationMs(written ?? '') ?? 0
}

/** The config file's content, checked for form but not yet for sense. */
export type WrittenConfig = z.infer<typeof WrittenConfig>

/** See the schema of the same name. */
export type WrittenResponse = z.infer<typeof WrittenResponse>

/** See the schema of the same name. */
export type WrittenIngestToken = z.infer<typeof WrittenIngestToken>
