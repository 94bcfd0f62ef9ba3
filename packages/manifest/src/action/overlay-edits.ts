import { fieldAt, listAt, textAt, type JsonValue } from '../layout/json-value.ts'
import type { BuiltObject, Layer, Layout, LayoutPlace } from '../layout/layout-model.ts'
import { argoPartOf, argoSourcePlace } from './argo-entries.ts'
import { writeManifest } from '../yaml/write-manifest.ts'
import type { Candidate } from './candidate.ts'
import { reachOfEntry, selectedBy } from './entry-reach.ts'
import { documentsAt, type FileChanges } from './file-changes.ts'
import { deletionEntryOf, patchEntryOf, type PatchEntry, type PatchTarget } from './kustomize-patch.ts'
import type { Wanted } from './wanted.ts'
import { groupOf } from './workload-kind.ts'

/** What is wanted of one object: changes, or that it is gone. */
export type WantedOfObject = readonly Wanted[] | 'remove'

/** The kustomization file at the top of an object's build. Undefined when the folder has none. */
export function rootOverlayOf(object: BuiltObject): Layer | undefined {
  return object.root.kind === 'kustomization' ? object.layers.at(-1) : undefined
}

/** Kinds whose replicas kustomize's own field `replicas` sets; it goes by name alone, whatever the namespace. */
const COUNTED = new Set(['apps/Deployment', 'apps/StatefulSet', 'apps/ReplicaSet', '/ReplicationController'])

/** A new entry of `replicas` in the root overlay, which no patch can override; only where its name means one object. */
export function replicasEntry(layout: Layout, object: BuiltObject, wanted: WantedOfObject): readonly Candidate[] {
  const overlay = rootOverlayOf(object)
  if (overlay === undefined || wanted === 'remove' || wanted.length !== 1) return []
  const [one] = wanted
  const isReplicas = one?.op === 'set' && one.at.length === 2 && one.at[0] === 'spec' && one.at[1] === 'replicas'
  if (!isReplicas || !COUNTED.has(countedKind(object))) return []
  const { name } = object.identity
  const alike = layout
    .objectsOf(object.root)
    .objects.filter(
      (other) => COUNTED.has(countedKind(other)) && (other.identity.name === name || writtenName(other) === name),
    )
  if (alike.length !== 1) return []
  const entry = { name, count: one.value }
  return [inOverlay(overlay, 'replicas', entry)]
}

function countedKind({ identity: { apiVersion, kind } }: BuiltObject): string {
  return `${groupOf(apiVersion)}/${kind}`
}

function writtenName({ origin, identity }: BuiltObject): string {
  return 'remote' in origin ? identity.name : origin.identity.name
}

function inOverlay({ repository, path }: Layer, key: 'replicas' | 'patches', value: JsonValue): Candidate {
  return {
    layer: key === 'replicas' ? 'replicas' : 'patch',
    path,
    edits: [{ repository, path, changes: [{ op: 'append', at: { documentIndex: 0, steps: [key] }, value }] }],
  }
}

/** A new patch in the root overlay, for this object alone. */
export function overlayPatches(layout: Layout, object: BuiltObject, wanted: WantedOfObject): readonly Candidate[] {
  const overlay = rootOverlayOf(object)
  if (overlay === undefined) return []
  return patchesFor(layout, object, wanted).map((patch) => ({
    ...inOverlay(overlay, 'patches', patch),
    reaches: reachOfEntry(overlay, object, patch.target),
  }))
}

/** Patches that may do it: by the name as written first, which every stage of the build knows. */
export function patchesFor(layout: Layout, object: BuiltObject, wanted: WantedOfObject): readonly PatchEntry[] {
  const patches = targetsFor(layout, object).map((target) =>
    wanted === 'remove' ? deletionEntryOf(target, object.identity) : patchEntryOf(target, wanted, object.value()),
  )
  return patches.filter((patch) => patch !== undefined)
}

/**
 * What an object may be called where a root's patches are applied: as written, as the cluster gets it, or as the layer below
 * hands it up. The namespace narrows a name that is not unique; one that is not there yet cannot.
 */
function targetsFor(layout: Layout, object: BuiltObject): readonly PatchTarget[] {
  const { identity, origin } = object
  const written = 'remote' in origin ? identity : origin.identity
  const overlay = rootOverlayOf(object)
  const value = overlay === undefined ? undefined : documentsAt(layout, overlay)[0]
  const handedUp = unfixed(identity.name, textAt(value, ['namePrefix']) ?? '', textAt(value, ['nameSuffix']) ?? '')
  const names = [...new Set([written.name, handedUp, identity.name])]
  // Nobody knows whether what lies outside names its namespace, or leaves it to be set after the patches.
  const namespaces = 'remote' in origin ? [undefined] : [...new Set([written.namespace, identity.namespace, undefined])]
  return names.flatMap((name) =>
    namespaces.map((namespace) => ({
      kind: identity.kind,
      name,
      ...(namespace === undefined ? {} : { namespace }),
    })),
  )
}

function unfixed(name: string, prefix: string, suffix: string): string {
  const fits = name.startsWith(prefix) && name.endsWith(suffix) && name.length > prefix.length + suffix.length
  return fits ? name.slice(prefix.length, name.length - suffix.length) : name
}

/**
 * A patch in the file that Argo CD lays over one Application's source, `.argocd-source-<name>.yaml`. Lists in it replace
 * those of the Application, so what stands there is taken over.
 * https://argo-cd.readthedocs.io/en/stable/user-guide/parameters/#store-overrides-in-git
 */
export function argoSourcePatches(layout: Layout, object: BuiltObject, wanted: WantedOfObject): readonly Candidate[] {
  const place = argoSourcePlace(layout, object)
  if (place === undefined) return []
  const inherited = listAt(argoPartOf(object), ['patches'])
  return patchesFor(layout, object, wanted).map((patch): Candidate => ({
    layer: 'argo-source',
    path: place.path,
    edits: [argoSourceEdit(layout, place, { inherited, patch })],
    reaches: selectedBy(patch.target, place.path),
  }))
}

function argoSourceEdit(
  layout: Layout,
  { repository, path }: LayoutPlace,
  { inherited, patch }: { readonly inherited: readonly JsonValue[]; readonly patch: PatchEntry },
): FileChanges {
  const place = { repository, path }
  const [value] = documentsAt(layout, place)
  const at = { documentIndex: 0, steps: ['kustomize', 'patches'] }
  if (value === undefined) {
    return { ...place, create: writeManifest({ kustomize: { patches: [...inherited, patch] } }) }
  }
  const own = fieldAt(value, at.steps)
  if (own === undefined) return { ...place, changes: [{ op: 'set', at, value: [...inherited, patch] }] }
  return { ...place, changes: [{ op: 'append', at, value: patch }] }
}
