import { z } from 'zod'
import { ISOLATION_POLICIES, type JsonValue } from '../response/action.ts'
import { mustBe, onceWhole, Text } from './written-text.ts'

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
const METADATA_KEY =
  /^(?:(?=[^/]{1,253}\/)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/u

const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/u

/** https://pkg.go.dev/github.com/distribution/reference: domain, path, tag and digest. */
const IMAGE = new RegExp(
  [
    '^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]{1,5})?/)?',
    '[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*)*',
    '(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128}))?$',
  ].join(''),
  'u',
)

const MUST_BE_TEXT = mustBe('must be text: put it in quotes')

const MetadataKey = z
  .string()
  .regex(
    METADATA_KEY,
    'has a key that Kubernetes does not take: letters, digits, "-", "_" and ".", after a domain and "/"',
  )

const Label = z
  .record(
    MetadataKey,
    z
      .string(MUST_BE_TEXT)
      .regex(LABEL_VALUE, 'must be at most 63 letters, digits, "-", "_" and ".", the ends letters or digits'),
  )
  .refine((all) => Object.keys(all).length > 0, 'must name at least one label')
  .meta({ description: 'Sets these labels on the workload.', minProperties: 1 })

const Annotate = z
  .record(MetadataKey, z.string(MUST_BE_TEXT))
  .refine((all) => Object.keys(all).length > 0, 'must name at least one annotation')
  .meta({ description: 'Sets these annotations on the workload.', minProperties: 1 })

const Image = z
  .strictObject({
    container: z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u, 'must be the name of a container')
      .meta({ description: 'Name of the container.' }),
    set: z
      .string()
      .max(512, 'must have at most 512 characters')
      .regex(IMAGE, 'must be an image reference, such as registry.example.com/app:1.2')
      .optional()
      .meta({ description: 'The image to run.' }),
    rollback: z
      .literal(true, 'must be true, or left out')
      .optional()
      .meta({ description: 'Goes back to the image before.' }),
  })
  .refine(
    ({ set, rollback }) => (set === undefined) !== (rollback === undefined),
    onceWhole('must have exactly one of set and rollback'),
  )
  .meta({
    description: 'Changes the image of one container, by `set` or by `rollback`.',
    oneOf: [{ required: ['set'] }, { required: ['rollback'] }],
  })

const Pointer = z
  .string()
  .regex(/^(?:\/(?:[^~/]|~[01])*)+$/u, 'must be a JSON pointer, such as /spec/replicas')
  .meta({ id: 'JsonPointer', description: 'A JSON pointer (RFC 6901) into the manifest.' })

const Value: z.ZodType<JsonValue> = z
  .lazy(() =>
    z.union(
      [z.string(), z.number(), z.boolean(), z.null(), z.array(Value), z.record(z.string(), Value)],
      mustBe('must be something that JSON can say'),
    ),
  )
  .meta({ id: 'JsonValue', description: 'Anything that JSON can say.' })

const Operation = z.discriminatedUnion(
  'op',
  [
    z.strictObject({ op: z.enum(['add', 'replace', 'test']), path: Pointer, value: Value }),
    z.strictObject({ op: z.literal('remove'), path: Pointer }),
    z.strictObject({ op: z.enum(['move', 'copy']), from: Pointer, path: Pointer }),
  ],
  { error: 'must have an op: add, remove, replace, move, copy or test' },
)

const Patch = z
  .strictObject({
    json6902: z.array(Operation).min(1).optional().meta({ description: 'Operations of a JSON patch (RFC 6902).' }),
    merge: z
      .record(Text, Value)
      .refine((all) => Object.keys(all).length > 0, 'must not be empty')
      .optional()
      .meta({ description: 'A JSON merge patch (RFC 7386); `null` removes.', minProperties: 1 }),
  })
  .refine(
    ({ json6902, merge }) => (json6902 === undefined) !== (merge === undefined),
    onceWhole('must have exactly one of json6902 and merge'),
  )
  .meta({
    description: 'Changes the manifest as written; never what it is, what it is called, or its status.',
    oneOf: [{ required: ['json6902'] }, { required: ['merge'] }],
  })

/** One action of a response as written: a map with one key, the verb. */
export const WrittenAction = z
  .strictObject({
    contain: z.strictObject({}).optional().meta({ description: 'Stops the workload, whatever its kind.' }),
    scale: z
      .strictObject({
        replicas: z
          .int(mustBe('must be a whole number'))
          .min(0, 'must not be negative')
          .max(2_147_483_647, 'must be less than 2147483648')
          .meta({ description: 'How many pods there are to be.' }),
      })
      .optional()
      .meta({ description: 'Sets the number of replicas.' }),
    isolate: z
      .strictObject({
        policy: z
          .enum(ISOLATION_POLICIES, 'must be kubernetes or cilium')
          .optional()
          .meta({ description: 'Which kind of network policy.' }),
      })
      .optional()
      .meta({ description: 'Cuts the workload off by a network policy that denies everything.' }),
    label: Label.optional(),
    annotate: Annotate.optional(),
    image: Image.optional(),
    patch: Patch.optional(),
  })
  .refine(
    (action) => Object.keys(action).length === 1,
    onceWhole('must have exactly one action; start each with a dash of its own'),
  )
  .meta({ id: 'Action', description: 'A map with one key, the verb.', minProperties: 1, maxProperties: 1 })

/** See the schema of the same name. */
export type WrittenAction = z.infer<typeof WrittenAction>
