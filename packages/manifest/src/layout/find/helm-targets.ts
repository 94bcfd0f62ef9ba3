import { documentsOf, objectValuesOf } from '../file-facts.ts'
import { groupOf } from '../discovery.ts'
import { fieldAt, fieldOf, listAt, textAt, type JsonValue } from '../json-value.ts'
import type { BuiltObject } from '../layout-model.ts'

/** Whether an object is a HelmRelease of Flux. */
export function isHelmRelease({ identity }: BuiltObject): boolean {
  return identity.kind === 'HelmRelease' && groupOf(identity.apiVersion) === 'helm.toolkit.fluxcd.io'
}

/** Namespace that a release puts its objects into. Undefined where whatever applies the release decides. */
export function releaseNamespace(release: BuiltObject): string | undefined {
  return textAt(release.value(), ['spec', 'targetNamespace']) ?? release.identity.namespace
}

/** An object that a post-renderer of a release names. */
export interface HelmTarget {
  readonly kind: string
  readonly name: string
  readonly namespace?: string
}

/** What the post-renderers of a release name exactly: those objects exist, or the release could not be installed. */
export function helmTargetsOf(release: BuiltObject): readonly HelmTarget[] {
  const value = release.value()
  if (fieldAt(value, ['spec', 'kubeConfig']) !== undefined) return []
  const found = listAt(value, ['spec', 'postRenderers']).flatMap((renderer) => {
    const kustomize = fieldOf(renderer, 'kustomize') ?? null
    return [
      ...listAt(kustomize, ['patches']).flatMap(targetsOfPatch),
      ...listAt(kustomize, ['patchesJson6902']).flatMap(targetsOfPatch),
      ...listAt(kustomize, ['patchesStrategicMerge']).flatMap((patch) => targetOf(fieldOf(patch, 'metadata'), patch)),
    ]
  })
  return [
    ...new Map(found.map((target) => [`${target.kind}/${target.name}/${target.namespace ?? ''}`, target])).values(),
  ]
}

function targetsOfPatch(entry: JsonValue): readonly HelmTarget[] {
  const target = fieldOf(entry, 'target')
  if (target !== undefined && target !== null) return targetOf(target, target)
  const patch = fieldOf(entry, 'patch')
  return typeof patch === 'string' ? objectsIn(patch).flatMap((one) => targetOf(fieldOf(one, 'metadata'), one)) : []
}

function objectsIn(patch: string): readonly JsonValue[] {
  try {
    return objectValuesOf(documentsOf(patch, ''))
  } catch {
    return []
  }
}

/** A name that is a regular expression may fit several objects, and says of none that it is there. */
function targetOf(named: JsonValue | undefined, typed: JsonValue): readonly HelmTarget[] {
  const [kind, name, namespace] = [textAt(typed, ['kind']), textAt(named, ['name']), textAt(named, ['namespace'])]
  if (kind === undefined || name === undefined || !isPlain(name) || !/^[A-Za-z]+$/u.test(kind)) return []
  return [{ kind, name, ...(namespace !== undefined && isPlain(namespace) ? { namespace } : {}) }]
}

/** Dots are taken for themselves: names hold them more often than targets hold patterns. */
function isPlain(name: string): boolean {
  return /^[a-z0-9](?:[a-z0-9.\\-]*[a-z0-9])?$/u.test(name) && !name.includes('\\')
}
