import { fieldAt, type JsonValue } from '../json-value.ts'
import { BuildFault } from './build-fault.ts'
import { groupVersionOf } from './cluster-scope.ts'
import { pairsOf, type PatchTarget } from './kustomization-file.ts'
import { matchesSelector } from './label-selector.ts'
import { anchoredPattern } from './pattern.ts'
import type { Resource } from './resource.ts'

/**
 * The resources that a target selects: name and namespace by what they were first or are now, kind, group and version by
 * what they are now. Source: `resWrangler.Select`.
 */
export function selectResources(
  resources: readonly Resource[],
  target: PatchTarget,
  path: string,
): readonly Resource[] {
  const fits = patternsOf(target, path)
  return resources.filter((resource) => {
    const { originalId, id } = resource
    if (!fits.namespace(originalId.effectiveNamespace) && !fits.namespace(id.effectiveNamespace)) return false
    if (!fits.name(originalId.name) && !fits.name(id.name)) return false
    const { group, version } = groupVersionOf(resource.apiVersion)
    if (!fits.group(group) || !fits.version(version) || !fits.kind(resource.kind)) return false
    if (target.labelSelector === '' && target.annotationSelector === '') return true
    const value = resource.current()
    return (
      matchesSelector(target.labelSelector, labelsAt(value, 'labels'), path) &&
      matchesSelector(target.annotationSelector, labelsAt(value, 'annotations'), path)
    )
  })
}

type Fits = Readonly<Record<'group' | 'version' | 'kind' | 'name' | 'namespace', (text: string) => boolean>>

function patternsOf(target: PatchTarget, path: string): Fits {
  const patternOf = (source: string): ((text: string) => boolean) => {
    if (source === '') return () => true
    const pattern = anchoredPattern(source)
    if (pattern === undefined) throw new BuildFault(path, 'a target is no regular expression')
    return pattern
  }
  return {
    group: patternOf(target.group),
    version: patternOf(target.version),
    kind: patternOf(target.kind),
    name: patternOf(target.name),
    namespace: patternOf(target.namespace),
  }
}

function labelsAt(value: JsonValue, field: 'labels' | 'annotations'): Readonly<Record<string, string>> {
  return pairsOf(fieldAt(value, ['metadata', field]))
}
