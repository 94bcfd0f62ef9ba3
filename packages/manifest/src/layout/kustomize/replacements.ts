import { fieldOf, listAt, type JsonValue, textsAt } from '../json-value.ts'
import { targetOf } from './kustomization-file.ts'
import { selectResources } from './select-resources.ts'
import type { ResourceSet } from './resource-set.ts'

/** `replacements` are not carried out; what they write into is uncertain, and says so. */
export function markReplacements(set: ResourceSet, replacements: readonly JsonValue[], path: string): void {
  for (const replacement of replacements) {
    const file = fieldOf(replacement, 'path')
    if (typeof file === 'string') {
      for (const resource of set.all)
        resource.uncertain.push(`${path} has replacements in ${file}, which are not followed`)
    }
    for (const target of listAt(replacement, ['targets'])) markTarget(set, target, path)
  }
}

function markTarget(set: ResourceSet, target: JsonValue, path: string): void {
  const fields = textsAt(target, ['fieldPaths'])
  const written = fields.length === 0 ? 'metadata.name' : fields.join(', ')
  for (const resource of selectResources(set.all, targetOf(fieldOf(target, 'select') ?? null), path)) {
    resource.uncertain.push(`${path} has replacements that write ${written} of it`)
  }
}
