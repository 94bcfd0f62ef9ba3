import { posix } from 'node:path'
import { fieldAt, isObject, listAt, textAt, type JsonValue } from '../layout/json-value.ts'
import { splitImage } from '../layout/kustomize/field-transforms.ts'
import type { BuiltObject, Layout, LayoutPlace } from '../layout/layout-model.ts'
import type { Candidate } from './candidate.ts'
import { documentsAt } from './file-changes.ts'
import { valueAt, type Wanted } from './wanted.ts'

/** An entry of the `kustomize` part of an Argo CD source that sets a field, and how it comes to set what is wanted. */
interface ArgoEntry {
  /** From the part on. */
  readonly at: readonly (string | number)[]
  readonly value: JsonValue
}

/**
 * Entries of `replicas` and `images` in the `kustomize` part of an Argo CD source, which win over its patches.
 * https://argo-cd.readthedocs.io/en/stable/user-guide/kustomize/
 */
function argoEntries(part: JsonValue | undefined, object: BuiltObject, wanted: Wanted): readonly ArgoEntry[] {
  if (wanted.op !== 'set') return []
  const { value } = wanted
  if (wanted.at.length === 2 && wanted.at[0] === 'spec' && wanted.at[1] === 'replicas') {
    return listAt(part, ['replicas']).flatMap((entry, index) => {
      const name = textAt(entry, ['name']) ?? ''
      return name !== '' && object.identity.name.includes(name) ? [{ at: ['replicas', index, 'count'], value }] : []
    })
  }
  const present = valueAt(object.value(), wanted.at)
  if (wanted.at.at(-1) !== 'image' || typeof value !== 'string' || typeof present !== 'string') return []
  return listAt(part, ['images']).flatMap((entry, index) => {
    // `new:tag`, or `old=new:tag` where the name changes.
    const [, old = '', image = ''] = /^([^=]+=)?(.*)$/u.exec(typeof entry === 'string' ? entry : '') ?? []
    if (splitImage(image).name !== splitImage(present).name) return []
    const isRenamed = splitImage(value).name !== splitImage(image).name
    const prefix = old === '' && isRenamed ? `${splitImage(image).name}=` : old
    return [{ at: ['images', index], value: `${prefix}${value}` }]
  })
}

/** Where an Application's overrides lie beside its sources: `.argocd-source-<name>.yaml`; the one that is there, else the first that may be. */
export function argoSourcePlace(layout: Layout, { root }: BuiltObject): LayoutPlace | undefined {
  if (root.kind !== 'kustomization' || root.applier?.type !== 'argo') return undefined
  const { name, namespace } = root.applier.object.identity
  const names = namespace === undefined || namespace === 'argocd' ? [name] : [name, `${namespace}_${name}`]
  const places = names.map((one) => ({
    repository: root.repository,
    path: posix.join(root.path, `.argocd-source-${one}.yaml`),
  }))
  return places.find((place) => layout.textOf(place) !== undefined) ?? places[0]
}

/** The `kustomize` part of the Application that applies an object. */
export function argoPartOf({ root }: BuiltObject): JsonValue | undefined {
  return root.applier?.type === 'argo'
    ? fieldAt(root.applier.object.value(), ['spec', 'source', 'kustomize'])
    : undefined
}

/** Edits of the override file that is there, where it sets the field. */
export function argoSourceEntries(layout: Layout, object: BuiltObject, wanted: Wanted): readonly Candidate[] {
  const place = argoSourcePlace(layout, object)
  const value: JsonValue | undefined = place === undefined ? undefined : documentsAt(layout, place)[0]
  if (place === undefined || !isObject(value)) return []
  return argoEntries(fieldAt(value, ['kustomize']), object, wanted).map((entry): Candidate => {
    const at = { documentIndex: 0, steps: ['kustomize', ...entry.at] }
    return {
      layer: 'argo-source',
      path: place.path,
      edits: [{ ...place, changes: [{ op: 'set', at, value: entry.value }] }],
    }
  })
}

/** What the Application would have to say instead, where it sets the field itself. */
export function applicationWanted(object: BuiltObject, wanted: readonly Wanted[]): readonly (readonly Wanted[])[] {
  const [one] = wanted
  if (one === undefined || wanted.length !== 1) return []
  return argoEntries(argoPartOf(object), object, one).map(({ at, value }): readonly Wanted[] => [
    { op: 'set', at: ['spec', 'source', 'kustomize', ...at], value },
  ])
}
