import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { CHART } from '../support/helm-chart.ts'

interface Schema {
  readonly $ref?: string
  readonly type?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: unknown
  readonly definitions?: Readonly<Record<string, Schema>>
}

const SCHEMA = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as Schema
const VALUES = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as object

/** Values whose form Kubernetes or the user decides; the chart hands them on as a whole. */
const HANDED_ON = new Set(['global', 'config'])

/** Paths of all keys that the chart itself reads, and no path into what it hands on. */
function pathsIn(schema: Schema, path = ''): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => {
    const at = path === '' ? key : `${path}.${key}`
    const isOurs = inner.properties !== undefined && inner.$ref === undefined && !HANDED_ON.has(at)
    return isOurs && at !== 'secrets.extra' && !at.endsWith('.authenticationRef') ? pathsIn(inner, at) : [at]
  })
}

function isThere(path: string): boolean {
  let value: unknown = VALUES
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return false
    value = (value as Readonly<Record<string, unknown>>)[key]
  }
  return true
}

/** Objects with named keys that take others, too, by their place in the schema. */
function openObjects(schema: unknown, path = '#'): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const { properties, additionalProperties } = schema as Schema
  const isOpen = properties !== undefined && !('$ref' in schema) && additionalProperties !== false
  const inner = Object.entries(schema).flatMap(([key, value]) => openObjects(value, `${path}/${key}`))
  return isOpen && typeof properties === 'object' && !path.endsWith('/properties') ? [path, ...inner] : inner
}

describe('values.schema.json', () => {
  it('leaves no object open that names its keys', () => {
    expect(openObjects(SCHEMA)).toEqual([])
    expect(openObjects({ properties: { a: { properties: {} } } })).toEqual(['#', '#/properties/a'])
  })

  it('knows exactly the keys of values.yaml', () => {
    const paths = pathsIn(SCHEMA).filter((path) => path !== 'global')

    expect(paths.filter((path) => !isThere(path))).toEqual([])
    expect(paths.length).toBeGreaterThan(100)
  })

  it('has no key that no template reads', () => {
    const templates = readdirSync(join(CHART, 'templates'))
      .map((file) => readFileSync(join(CHART, 'templates', file), 'utf8'))
      .join('\n')
    const unread = pathsIn(SCHEMA).filter((path) => {
      const key = path.split('.').at(-1) ?? ''
      return path !== 'global' && !new RegExp(`\\.${key}\\b`, 'u').test(templates)
    })

    expect(unread).toEqual([])
  })
})
