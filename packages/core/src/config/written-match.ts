import { z } from 'zod'
import { PRIORITIES } from '../alert/priority.ts'
import { isExactNumber } from '../text/decimal.ts'
import { regexFault } from '../text/linear-regex.ts'
import { Name, onceWhole, Text } from './written-text.ts'

const texts = (description: string) => z.array(Text).min(1).optional().meta({ description })

/** For lists that only narrow: an empty one says nothing, and says so plainly. */
const emptyTexts = (description: string) => z.array(Text).optional().meta({ description, default: [] })

const TagMatch = z.strictObject({
  any: texts('At least one of these tags.'),
  all: emptyTexts('Every one of these tags.'),
  none: emptyTexts('None of these tags.'),
})

const NamespaceGlob = z
  .string()
  .regex(/^[a-z0-9*-]{1,63}$/u, 'must be the name of a namespace, or a glob of one with *')

const NamespaceMatch = z.strictObject({
  in: z.array(NamespaceGlob).min(1).optional().meta({
    description: 'Names or globs, one of which must be the namespace; an alert without a namespace matches none.',
  }),
  notIn: z
    .array(NamespaceGlob)
    .optional()
    .meta({ description: 'Names or globs, none of which may be it.', default: [] }),
})

const VALUE = 'must be text, a whole number, true or false; other numbers in quotes'

/** What a field is compared with. Text that counts as absent would never be equal to anything. */
const FieldValue = z
  .union(
    [
      z
        .string()
        .refine((text) => text !== '' && text !== '<NA>', 'counts as absent; use exists')
        .meta({ not: { enum: ['', '<NA>'] } }),
      z.int(VALUE),
      z.boolean(),
    ],
    { error: VALUE },
  )
  .meta({ id: 'FieldValue', description: 'Text is compared as it stands in the alert, a whole number by its value.' })

const FieldValues = z.array(FieldValue).min(1)

const BOUND = 'must be a decimal number, in quotes when it has more than 15 digits'

const Bound = z
  .union([z.number().refine(isExactNumber, BOUND), z.string().regex(/^-?[0-9]{1,40}(?:\.[0-9]{1,40})?$/u, BOUND)], {
    error: BOUND,
  })
  .meta({ id: 'Bound', description: 'A decimal number; in quotes when it has more than 15 digits.' })

const MAX_REGEX_LENGTH = 500

const FieldMatch = z
  .strictObject({
    equals: FieldValue.optional().meta({ description: 'This value.' }),
    notEquals: FieldValue.optional().meta({ description: 'Any other value, or none.' }),
    in: FieldValues.optional().meta({ description: 'One of these values.' }),
    notIn: FieldValues.optional().meta({ description: 'None of these values, or none at all.' }),
    glob: Text.optional().meta({ description: 'Text in which `*` stands for any run of characters.' }),
    regex: Text.max(MAX_REGEX_LENGTH, { error: `must have at most ${MAX_REGEX_LENGTH} characters`, abort: true })
      .check((check) => {
        const fault = regexFault(check.value)
        if (fault !== undefined) check.issues.push({ code: 'custom', input: check.value, message: fault })
      })
      .optional()
      .meta({
        description:
          'A regular expression in RE2 syntax (no look-around, no back-references), found anywhere in the text unless it is anchored with `^` and `$`.',
      }),
    exists: z.boolean().optional().meta({ description: 'Whether the alert has the field.' }),
    greaterThan: Bound.optional().meta({ description: 'A number above this one, compared exactly.' }),
    lessThan: Bound.optional().meta({ description: 'A number below this one, compared exactly.' }),
  })
  .refine((match) => Object.keys(match).length > 0, onceWhole('must have at least one condition'))
  .meta({ id: 'FieldMatch', description: 'Conditions on one output field; all of them must hold.', minProperties: 1 })

/** What an alert must be for a response to answer it, as written. */
export const WrittenMatch = z
  .strictObject({
    alertRules: texts('Names of Falco rules, exact or as globs with `*`; one of them must match.'),
    priority: z
      .string()
      .regex(priorityPattern(), `must be one of ${PRIORITIES.join(', ')}, with <, <=, =, >= or > in front if wanted`)
      .optional()
      .meta({
        description: 'A priority, with `<`, `<=`, `=`, `>=` or `>` in front; a bare name is for equality.',
        examples: PRIORITIES.map((priority) => `>=${priority}`),
      }),
    sources: texts('Falco’s event sources, such as `syscall`; one of them must be the alert’s.'),
    tags: TagMatch.optional().meta({ description: 'Tags of the alert, exactly.' }),
    clusters: z.array(Name).min(1).optional().meta({ description: 'Clusters, one of which the alert must come from.' }),
    namespaces: NamespaceMatch.optional().meta({ description: 'The namespace that the alert names.' }),
    fields: z.record(Text.max(200, 'must have at most 200 characters'), FieldMatch).optional().meta({
      description:
        'Conditions on output fields, by the name of the field; every entry must hold. A field that is absent, null, empty or `<NA>` matches only `exists: false`, `notEquals` and `notIn`.',
    }),
  })
  .meta({
    id: 'Match',
    description: 'Which alerts it answers; every condition must hold, and one that is left out does not constrain.',
  })

/** See the schema of the same name. */
export type WrittenMatch = z.infer<typeof WrittenMatch>

/** Priorities in any case, as `parsePriorityCondition` takes them, as a pattern that needs no flag: a JSON Schema has none. */
function priorityPattern(): RegExp {
  const anyCase = (name: string): string =>
    name.replaceAll(/[A-Za-z]/gu, (letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`)
  return new RegExp(`^\\s*(?:<=|<|>=|>|=)?\\s*(?:${[...PRIORITIES, 'Info'].map(anyCase).join('|')})\\s*$`, 'u')
}
