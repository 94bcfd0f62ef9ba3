import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import { keyOf, type KubernetesObject } from './helm-chart.ts'

interface Schemas {
  readonly kinds: Readonly<Record<string, object>>
  readonly definitions: object
}

function schemasIn(file: string): Schemas {
  return JSON.parse(readFileSync(join(import.meta.dirname, '../helm/schemas', file), 'utf8')) as Schemas
}

const validators = new Map<string, ValidateFunction>()

/** A check of one kind, by the schemas of Kubernetes itself or of the projects whose CRDs it is of. */
function validatorOf(version: string, type: string): ValidateFunction {
  const known = validators.get(`${version} ${type}`)
  if (known !== undefined) return known
  const schemas = [`kubernetes-${version}.json`, 'custom-resources.json', 'flux.json'].map(schemasIn)
  const holding = schemas.find(({ kinds }) => kinds[type] !== undefined)
  if (holding === undefined) throw new Error(`no schema of ${type}; add it to tools/make-kubernetes-schemas.mjs`)
  const { definitions, kinds } = holding
  const made = new Ajv({ strict: false, allErrors: true }).compile({ ...kinds[type], definitions })
  validators.set(`${version} ${type}`, made)
  return made
}

/** What the schemas of a Kubernetes, and of the projects whose custom resources we write, find wrong with an object. */
export function faultsOf(object: KubernetesObject, version: string): readonly string[] {
  const check = validatorOf(version, `${object.apiVersion}/${object.kind}`)
  if (check(object)) return []
  return (check.errors ?? []).map(
    ({ instancePath, message, params }) => `${keyOf(object)}${instancePath} ${message} ${JSON.stringify(params)}`,
  )
}
