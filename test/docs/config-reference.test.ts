import { readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { configJsonSchema, parseConfig } from '@saker/core'
import { readYamlWithPositions } from '@saker/manifest'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { changedConfig, FULL_CONFIG, placesIn, type Change, type Path } from '../support/full-config.ts'
import { schemaFile, withReference } from './config-reference.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

const schema = configJsonSchema()
const meetsSchema = new Ajv2020({ strict: true, allErrors: true, strictRequired: false }).compile(schema)

/** The messages of everything that Saker finds wrong. */
function messagesOf(config: unknown): readonly string[] {
  const parsed = parseConfig(config)
  return 'faults' in parsed ? parsed.faults.map(({ message }) => message) : []
}

describe('the documentation of the config file', () => {
  it('publishes the schema that the validation has (npx -y pnpm reference)', () => {
    expect(textOf('docs/saker-config.schema.json')).toBe(schemaFile(schema))
  })

  it('shows its keys, defaults and meanings (npx -y pnpm reference)', () => {
    const page = textOf('docs/configuration.md')

    expect(page).toBe(withReference(page, schema))
    expect(page).toContain('| `maxWorkloads.per` | Within which time. | `1h` |')
    expect(page).toContain('| `pins[].file` | The file that declares it. | required |')
  })

  it('tells of every key, somewhere', () => {
    const page = textOf('docs/configuration.md')
    const missing = keysIn(schema).filter(
      (key) => !new RegExp(`^\\| \`(?:[^\`]*[.\\]])?${key}\` \\| [^|]`, 'mu').test(page),
    )

    // how secrets are named is told once, for all of them
    expect(missing).toEqual(['env'])
  })
})

/** Every key that the schema of a map knows, but for those inside a JSON patch, which RFC 6902 tells of. */
function keysIn(part: unknown): readonly string[] {
  if (typeof part !== 'object' || part === null) return []
  return Object.entries(part).flatMap(([key, value]: [string, unknown]) =>
    key === 'properties' && !('op' in Object(value))
      ? [...Object.keys(Object(value)), ...Object.values(Object(value)).flatMap(keysIn)]
      : keysIn(value),
  )
}

/** Every YAML example of the documentation that is a whole config file. */
const EXAMPLES = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`),
]
  .filter((path) => path.endsWith('.md'))
  .flatMap((path) =>
    Array.from(textOf(path).matchAll(/^```ya?ml\n([\s\S]*?)^```$/gmu), ([, example = ''], index) => ({
      name: `${path}, example ${index + 1}`,
      example,
    })),
  )
  .filter(({ example }) => /^version: 1$/mu.test(example))

describe('the examples', () => {
  it('are there', () => {
    expect(EXAMPLES.length).toBeGreaterThan(0)
  })

  it.each(EXAMPLES)('$name is valid', ({ example }) => {
    const { value, faults } = readYamlWithPositions(example)

    expect(faults).toEqual([])
    meetsSchema(value)
    expect(meetsSchema.errors ?? []).toEqual([])
    expect(messagesOf(value)).toEqual([])
  })
})

const PLACES = placesIn(FULL_CONFIG)
const MUTATIONS: readonly (readonly [name: string, change: Change])[] = [
  ...[null, '', ' ', 'x', '${x}', 'X Y', '0s', 7, -1, 0.5, true, [], {}, ['x'], [[]], { x: 1 }].map(
    (value) =>
      [`becomes ${JSON.stringify(value)}`, (parent, key) => void (parent[key] = value)] as (typeof MUTATIONS)[number],
  ),
  ['is left out', (parent, key) => void (Array.isArray(parent) ? parent.splice(Number(key), 1) : delete parent[key])],
  ['has a key more', (parent, key) => void Object.assign(Object(parent[key]), { surprise: 1 })],
]

/** What only Saker can say: how things stand to each other, and what a value means. */
const SENSE =
  /^(?:must have (?:tokenFrom or app|ssh for|only one of)|must have exactly one action|(?:app|username) works only|is (?:the same repository|a cluster that no|not the name of a branch|not what a branch|not a regular)|must name a file|can never hold|contradicts action|must not hold (?:\$|control)|must be longer than nothing|must be an? (?:https:\/\/|http or)|works only without draft|has both clusters|must not be longer than)/u

describe('the schema and the validation', () => {
  it('take a config that uses every key', () => {
    const used = new Set(PLACES.flat().filter((step) => typeof step === 'string'))

    expect(keysIn(schema).filter((key) => !used.has(key))).toEqual([])
    meetsSchema(FULL_CONFIG)
    expect(meetsSchema.errors ?? []).toEqual([])
    expect(messagesOf(FULL_CONFIG)).toEqual([])
  })

  it.each(MUTATIONS)('agree when any one place %s', (_, change) => {
    const disagreements = PLACES.flatMap((path) => {
      const config = changedConfig(path, change)
      const messages = messagesOf(config)
      const form = messages.filter((message) => !SENSE.test(message))
      const takes = meetsSchema(config)
      if (takes && form.length > 0) return [`${path.join('.')}: only the validation refuses: ${form.join(', ')}`]
      return !takes && messages.length === 0 ? [`${path.join('.')}: only the schema refuses`] : []
    })

    expect(disagreements).toEqual([])
  })

  it.each<readonly [string, Path, unknown]>([
    ['another version', ['version'], 2],
    ['an unknown delivery', ['repositories', 'fleet', 'delivery'], 'push'],
    ['both github and git', ['repositories', 'fleet', 'git'], { url: 'https://git.example.com/a' }],
    ['a secret in place of a reference', ['admin', 'tokens', 0, 'tokenFrom'], 'hunter2'],
    ['a secret that is named twice', ['admin', 'tokens', 0, 'tokenFrom'], { env: 'A', file: 'b' }],
    ['a path that leads out', ['repositories', 'fleet', 'clusters', 'prod', 'paths', 0], 'a/../../b'],
    ['an absolute path', ['repositories', 'fleet', 'clusters', 'prod', 'file'], '/etc/passwd'],
    ['a password in a URL', ['repositories', 'edge', 'git', 'url'], 'https://u:p@git.example.com/a'],
    ['a bare number for a duration', ['dedupe', 'window'], 60],
    ['a duration without a unit', ['dedupe', 'window'], '60'],
    ['a duration of nothing', ['guard', 'maxAge'], '0s'],
    ['a glob where a name belongs', ['guard', 'protectedNamespaces', 0], 'pay*'],
    ['a priority that is none', ['responses', 0, 'match', 'priority'], '>=High'],
    ['an operator that is none', ['responses', 0, 'match', 'priority'], '!=Notice'],
    ['an unknown condition', ['responses', 0, 'match', 'fields', 'proc.name'], { startsWith: 'a' }],
    ['a condition on nothing', ['responses', 0, 'match', 'fields', 'proc.name'], {}],
    ['text that counts as absent', ['responses', 0, 'match', 'fields', 'proc.name', 'equals'], '<NA>'],
    ['a bound that is no number', ['responses', 0, 'match', 'fields', 'evt.time', 'lessThan'], '1e9'],
    ['an empty any', ['responses', 0, 'match', 'tags', 'any'], []],
    ['no action', ['responses', 0, 'actions'], []],
    ['two actions in one', ['responses', 0, 'actions', 0], { contain: {}, isolate: {} }],
    ['an unknown action', ['responses', 0, 'actions', 0], { reboot: {} }],
    ['half a pod', ['responses', 0, 'actions', 0, 'scale', 'replicas'], 0.5],
    ['fewer pods than none', ['responses', 0, 'actions', 0, 'scale', 'replicas'], -1],
    ['a label that is no text', ['responses', 0, 'actions', 3, 'label', 'example.com/a'], true],
    ['a label key that is none', ['responses', 0, 'actions', 3, 'label', 'a b'], 'c'],
    ['an image with a variable', ['responses', 0, 'actions', 5, 'image', 'set'], 'web:${TAG}'],
    ['set and rollback', ['responses', 0, 'actions', 5, 'image', 'rollback'], true],
    ['a patch of the whole', ['responses', 0, 'actions', 8, 'patch', 'json6902', 0, 'path'], ''],
    ['an operation without a value', ['responses', 0, 'actions', 8, 'patch', 'json6902', 0], { op: 'add', path: '/a' }],
  ])('both refuse %s', (_, path, value) => {
    const config = changedConfig(path, (parent, key) => void (parent[key] = value))

    expect(meetsSchema(config)).toBe(false)
    expect(messagesOf(config).length).toBeGreaterThan(0)
  })
})
