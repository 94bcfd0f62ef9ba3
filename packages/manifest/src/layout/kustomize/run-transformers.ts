import type { BuildReads } from '../build-reads.ts'
import type { JsonValue } from '../json-value.ts'
import type { LocatedKustomization } from './build-kustomization.ts'
import { addCommonAnnotations, addCommonLabels, addLabels, setImage, setReplicas } from './field-transforms.ts'
import { addPrefix, addSuffix, setNamespace } from './name-transforms.ts'
import { applyPatches, applyPatchesJson6902, applyPatchesStrategicMerge } from './patch-transforms.ts'
import { markReplacements } from './replacements.ts'
import type { ResourceSet } from './resource-set.ts'
import { runTransformerFiles } from './transformer-files.ts'

/** What one kustomization does to its objects, in kustomize's own order whatever the order in the file. */
export function runTransformers(reads: BuildReads, located: LocatedKustomization, set: ResourceSet): void {
  const { file, folder } = located
  const path = located.path ?? folder
  applyPatchesStrategicMerge(reads, located, set)
  applyPatches(reads, located, set)
  if (file.namespace !== '') setNamespace(set, file.namespace, path)
  if (file.namePrefix !== '') addPrefix(set, file.namePrefix)
  if (file.nameSuffix !== '') addSuffix(set, file.nameSuffix)
  addLabels(set, file.labels)
  addCommonLabels(set, file.commonLabels)
  addCommonAnnotations(set, file.commonAnnotations)
  applyPatchesJson6902(reads, located, set)
  for (const entry of file.replicas) setReplicas(set, entry, path)
  for (const image of file.images) setImage(set, image, path)
  markReplacements(set, file.replacements, path)
  runTransformerFiles(reads, located, set)
  if (file.vars) markVariables(set, path)
  for (const field of file.unfollowed) {
    for (const resource of set.all) resource.uncertain.push(`${path} has ${field}, which is not followed`)
  }
  set.forgetIds()
}

/** `vars` fill in `$(NAME)` in texts: the fields that have it are uncertain. */
function markVariables(set: ResourceSet, path: string): void {
  for (const resource of set.all) {
    const fields = fieldsWithVariables(resource.current())
    if (fields.length > 0) resource.uncertain.push(`${path} has vars that write ${fields.join(', ')} of it`)
  }
}

/** Paths of keys with `.` between; one that leads through a key with a stop in it ends above it. */
function fieldsWithVariables(value: JsonValue, keys: readonly string[] = []): readonly string[] {
  if (typeof value === 'string') return value.includes('$(') ? [keys.join('.')] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]: [string, JsonValue]) => {
    if (/^[\w-]+$/u.test(key)) return fieldsWithVariables(inner, [...keys, key])
    return fieldsWithVariables(inner, keys).length > 0 ? [keys.join('.')] : []
  })
}
