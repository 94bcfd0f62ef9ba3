import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'

type Json = Readonly<Record<string, unknown>>

const DESCRIPTION = new URL('../../node_modules/@octokit/openapi/generated/api.github.com.json', import.meta.url)

let loaded: Json | undefined
const validators = new Map<string, ValidateFunction | undefined>()

/** GitHub's description of its REST API. Thirteen megabytes, so read once and only when it is needed. */
function description(): Json {
  loaded ??= JSON.parse(readFileSync(DESCRIPTION, 'utf8')) as Json
  return loaded
}

/**
 * What GitHub's description finds wrong with an answer; undefined when nothing. `route` is the description's own
 * template. A failure whose status the description leaves out is held against the form that all failures have.
 */
export function responseFault(method: string, route: string, status: number, body: unknown): string | undefined {
  const key = `${method} ${route} ${status}`
  if (!validators.has(key)) validators.set(key, compile(responseSchema(method, route, status)))
  const validate = validators.get(key)
  if (validate === undefined) return body === undefined ? undefined : `${key} has no body in GitHub's description`
  return validate(body) ? undefined : `${key}: ${new Ajv().errorsText(validate.errors)}`
}

/** What GitHub's description finds wrong with the body of a request; undefined when nothing. */
export function requestFault(method: string, route: string, body: unknown): string | undefined {
  const key = `${method} ${route} request`
  if (!validators.has(key)) {
    const operation = operationOf(method, route)
    validators.set(key, compile(at(operation, 'requestBody', 'content', 'application/json', 'schema')))
  }
  const validate = validators.get(key)
  if (validate === undefined || validate(body ?? {})) return undefined
  return `${key}: ${new Ajv().errorsText(validate.errors)}`
}

/** A value that GitHub's description calls right for a schema, with the given parts in place of made-up ones. */
export function sampleOf(schemaName: string, parts: Json): unknown {
  return { ...(sample(at(description(), 'components', 'schemas', schemaName)) as Json), ...parts }
}

function operationOf(method: string, route: string): unknown {
  const operation = at(description(), 'paths', route, method.toLowerCase())
  if (operation === undefined) throw new Error(`GitHub describes no ${method} ${route}`)
  return operation
}

function responseSchema(method: string, route: string, status: number): unknown {
  const described = resolve(at(operationOf(method, route), 'responses', String(status)))
  const schema = at(described, 'content', 'application/json', 'schema')
  if (schema !== undefined || described !== undefined || status < 400) return schema
  return { $ref: '#/components/schemas/basic-error' }
}

function compile(schema: unknown): ValidateFunction | undefined {
  if (schema === undefined) return undefined
  const components: Record<string, unknown> = {}
  const root = lift(schema, components)
  const ajv = new Ajv({ strict: false, allErrors: true })
  formats.default(ajv)
  return ajv.compile({ ...(root as Json), definitions: components })
}

/** OpenAPI 3.0 as JSON Schema: references made local, and `nullable` written out where no type stands beside it. */
function lift(schema: unknown, components: Record<string, unknown>): unknown {
  if (Array.isArray(schema)) return schema.map((item) => lift(item, components))
  if (typeof schema !== 'object' || schema === null) return schema
  const reference = (schema as Json)['$ref']
  if (typeof reference === 'string') {
    const name = reference.split('/').at(-1) ?? ''
    if (!(name in components)) {
      components[name] = true
      components[name] = lift(resolve(schema), components)
    }
    return { $ref: `#/definitions/${name}` }
  }
  const { nullable, example: _, ...rest } = schema as Json
  const lifted = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, lift(value, components)]))
  return nullable === true ? { anyOf: [lifted, { type: 'null' }] } : lifted
}

function resolve(schema: unknown): unknown {
  const reference = at(schema, '$ref')
  return typeof reference === 'string' ? at(description(), ...reference.slice(2).split('/')) : schema
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  let here = value
  for (const key of keys) here = typeof here === 'object' && here !== null ? (here as Json)[key] : undefined
  return here
}

const TEXTS: Readonly<Record<string, string>> = {
  uri: 'https://github.example/',
  'date-time': '2026-01-01T00:00:00Z',
  email: 'somebody@example.test',
}

/** The smallest value that a schema allows. */
function sample(written: unknown): unknown {
  const schema = resolve(written) as Json
  if (schema['nullable'] === true) return null
  const options = schema['allOf'] ?? schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(options)) return sample(options[0])
  if (Array.isArray(schema['enum'])) return schema['enum'][0] as unknown
  switch (schema['type']) {
    case 'string':
      return TEXTS[String(schema['format'])] ?? 'text'
    case 'integer':
    case 'number':
      return 1
    case 'boolean':
      return false
    case 'array':
      return []
    default: {
      const required = (schema['required'] ?? []) as readonly string[]
      return Object.fromEntries(required.map((key) => [key, sample(at(schema, 'properties', key))]))
    }
  }
}
