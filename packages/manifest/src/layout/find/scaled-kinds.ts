import { groupOf } from '../discovery.ts'
import { fieldAt, fieldOf, listAt, textAt } from '../json-value.ts'
import type { BuiltObject } from '../layout-model.ts'

/** Where the replicas of a custom resource stand, by its definition: a path such as `.spec.replicas`. */
export function replicasPathOf(definitions: readonly BuiltObject[], resource: BuiltObject): string | undefined {
  const { apiVersion, kind } = resource.identity
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1)
  for (const definition of definitions) {
    const value = definition.value()
    if (textAt(value, ['spec', 'group']) !== groupOf(apiVersion)) continue
    if (textAt(value, ['spec', 'names', 'kind']) !== kind) continue
    const served = listAt(value, ['spec', 'versions']).find((one) => textAt(one, ['name']) === version)
    const path = textAt(fieldAt(served, ['subresources', 'scale']), ['specReplicasPath'])
    return path ?? textAt(fieldOf(value, 'spec'), ['subresources', 'scale', 'specReplicasPath'])
  }
  return undefined
}

/** Whether an object is a CustomResourceDefinition. */
export function isDefinition({ identity }: BuiltObject): boolean {
  return identity.kind === 'CustomResourceDefinition' && groupOf(identity.apiVersion) === 'apiextensions.k8s.io'
}
