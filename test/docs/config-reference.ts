/** The published JSON Schema as a file. */
export function schemaFile(schema: object): string {
  return `${JSON.stringify(schema, null, 2)}\n`
}

/** A JSON Schema, as far as the reference shows it. */
interface Schema {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly additionalProperties?: Schema | false
}

/** What maps whose keys the user chooses are keyed by. */
const KEYED_BY: Readonly<Record<string, string>> = { repositories: 'name', clusters: 'cluster', fields: 'field' }

/**
 * Writes the tables of reference anew: what stands between `<!-- keys of PATH -->` and `<!-- end of keys -->` becomes the
 * table of the keys under that path, down to the paths that have a table of their own.
 */
export function withReference(page: string, schema: Schema): string {
  const marked = /<!-- keys of (.*?) -->\n[\s\S]*?<!-- end of keys -->/gu
  const own = new Set(Array.from(page.matchAll(marked), ([, path = '']) => path))
  return page.replaceAll(marked, (_, path: string) => {
    const rows = rowsUnder(schemaAt(schema, path, schema), {
      path: '',
      root: schema,
      isOwn: (key) => own.has(join(path, key)),
    })
    return [
      `<!-- keys of ${path} -->`,
      '| key | meaning | default |',
      '|---|---|---|',
      ...rows,
      '<!-- end of keys -->',
    ].join('\n')
  })
}

interface Walk {
  /** From the table's own path. */
  readonly path: string
  readonly root: Schema
  readonly isOwn: (path: string) => boolean
}

function rowsUnder(schema: Schema, walk: Walk): readonly string[] {
  const { root } = walk
  return Object.entries(schema.properties ?? {}).flatMap(([key, referring]) => {
    const property = resolved(referring, root)
    const path = join(walk.path, key)
    // the short forms right under a repository are told of where they belong
    const isShort = schema.properties?.['clusters'] !== undefined && ['paths', 'file', 'pins', 'notify'].includes(key)
    if (isShort) return []
    const row = `| \`${path}\` | ${meaningOf(property)} | ${defaultOf(property, schema.required?.includes(key) === true)} |`
    return [row, ...nestedRows(property, { ...walk, path })]
  })
}

function nestedRows(property: Schema, walk: Walk): readonly string[] {
  const { isOwn } = walk
  const { inner, suffix } = innerOf(property, walk.path, walk.root)
  const path = `${walk.path}${suffix}`
  return isOwn(path) || isOwn(walk.path) ? [] : rowsUnder(inner, { ...walk, path })
}

/** What stands in a list or a keyed map, and how its path is written; of anything else, itself. */
function innerOf(schema: Schema, path: string, root: Schema): { readonly inner: Schema; readonly suffix: string } {
  if (schema.items !== undefined) return { inner: resolved(schema.items, root), suffix: '[]' }
  const keyed = KEYED_BY[path.split('.').at(-1) ?? '']
  return keyed !== undefined && typeof schema.additionalProperties === 'object'
    ? { inner: resolved(schema.additionalProperties, root), suffix: `.<${keyed}>` }
    : { inner: schema, suffix: '' }
}

/** What a path such as `repositories.<name>.clusters.<cluster>` leads to. */
function schemaAt(schema: Schema, path: string, root: Schema): Schema {
  const steps = path.split('.').filter((step) => step !== '')
  return steps.reduce<Schema>((at, step) => {
    const next = step.startsWith('<') ? at.additionalProperties : at.properties?.[step.replace('[]', '')]
    if (next === undefined || next === false) throw new Error(`the schema has nothing at ${path}`)
    const found = resolved(next, root)
    return step.endsWith('[]') && found.items !== undefined ? resolved(found.items, root) : found
  }, schema)
}

/** What stands beside a reference comes before what it leads to. */
function resolved(schema: Schema, root: Schema): Schema {
  const name = schema.$ref?.replace('#/$defs/', '')
  if (name === undefined) return schema
  const { $ref: _, ...beside } = schema
  return { ...resolved(root.$defs?.[name] ?? {}, root), ...beside }
}

function meaningOf({ description = '', enum: values }: Schema): string {
  const choice =
    values === undefined || description.includes(`\`${values[0]}\``) ? '' : ` ${values.map(code).join(' or ')}.`
  return `${description}${choice}`.replaceAll('|', '\\|')
}

function defaultOf({ default: value }: Schema, isRequired: boolean): string {
  if (value === undefined) return isRequired ? 'required' : ''
  return code(typeof value === 'string' ? value : JSON.stringify(value))
}

function code(text: string): string {
  return `\`${text}\``
}

function join(path: string, key: string): string {
  if (path === '' || key === '') return path + key
  return `${path}.${key}`
}
