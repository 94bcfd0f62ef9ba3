import { canBePodOf, describeSighting, ResponseError, type Pin, type PodSighting } from '@saker/core'
import { applierId, groupOf } from '../discovery.ts'
import { isFluxKustomization } from '../flux/flux-sources.ts'
import type { BuiltObject, Layout, RemoteOrigin, Root } from '../layout-model.ts'
import { unknownResource } from '../kustomize/unknown-resource.ts'
import { builtObject } from '../built-object.ts'
import type { ClusterObjects } from './candidates.ts'
import { describePlace } from './describe.ts'
import { isPodOwner, type Candidate } from './found-workload.ts'
import { isHelmRelease } from './helm-targets.ts'

/** A pin with the repository that has it. */
interface PlacedPin {
  readonly repository: string
  readonly pin: Pin
}

/**
 * What a pin of the config leads to for a sighting. Undefined where no pin is about it. Ends in `MANIFEST_MISSING` (its
 * file declares nothing that could make the workload) or `WORKLOAD_AMBIGUOUS` (several things).
 */
export function pinnedCandidate(
  layout: Layout,
  { cluster, sighting, objects }: { cluster: string; sighting: PodSighting; objects: ClusterObjects },
): Candidate | undefined {
  const pins = layout.sources.flatMap(({ repository, clusters }) =>
    clusters.filter(({ name }) => name === cluster).flatMap((one) => one.pins.map((pin) => ({ repository, pin }))),
  )
  const [first, second] = pins.filter(({ pin }) => isAbout(pin, sighting))
  if (first === undefined) return undefined
  if (second !== undefined) {
    throw new ResponseError('WORKLOAD_AMBIGUOUS', `several pins are about ${describeSighting(sighting)}`, {
      details: {
        candidates: [first, second].map(({ pin }) => `${pin.namespace}/${pin.kind}/${pin.name} in ${pin.file}`),
      },
    })
  }
  const [candidate, other] = leadsTo(objects, first)
  const { pin } = first
  if (candidate === undefined) {
    const message = `${pin.file}, to which ${pin.kind} ${pin.name} is pinned, declares nothing that makes it`
    throw new ResponseError('MANIFEST_MISSING', message, { details: { path: pin.file } })
  }
  if (other !== undefined) {
    const message = `${pin.file}, to which ${pin.kind} ${pin.name} is pinned, declares several things that may make it`
    const candidates = [candidate, other].map(({ object }) => describePlace(object))
    throw new ResponseError('WORKLOAD_AMBIGUOUS', message, { details: { candidates } })
  }
  return candidate
}

function isAbout({ namespace, kind, name }: Pin, sighting: PodSighting): boolean {
  const { podName, owner } = sighting
  if (sighting.namespace !== namespace) return false
  if (owner !== undefined) return owner.kind === kind && owner.name === name
  return podName !== undefined && canBePodOf(kind, name, podName)
}

/** The workload itself; else what makes it: a release, a Flux Kustomization, a kustomization, another object. */
function leadsTo(objects: ClusterObjects, { repository, pin }: PlacedPin): readonly Candidate[] {
  const { kind, name, namespace } = pin
  const named = { kind, name, namespace }
  const here = objects.all.filter(({ origin }) => origin.repository === repository && origin.path === pin.file)
  const itself = here.filter(
    ({ identity }) =>
      identity.kind === kind && identity.name === name && (identity.namespace ?? namespace) === namespace,
  )
  if (itself.length > 0) {
    return itself.map((object) => ({
      ...named,
      object,
      ...(isPodOwner(object.identity.apiVersion, kind) ? {} : { via: { kind: 'custom-resource' } as const }),
    }))
  }
  const written = here.filter(({ origin }) => 'documentIndex' in origin)
  const releases = written.filter(isHelmRelease)
  if (releases.length > 0) return releases.map((object) => ({ ...named, object, via: { kind: 'helm-release' } }))
  const appliers = written.filter((object) => isFluxKustomization({ object, root: object.root }))
  const ids = new Set(appliers.map((object) => applierId(object, 'flux')))
  const roots = objects.roots.filter(
    ({ applier }) => applier !== undefined && ids.has(applierId(applier.object, 'flux')),
  )
  if (roots.length > 0) return roots.flatMap((root) => unknownIn(root, { pin, layers: [] }))
  const layered = objects.all.flatMap((object) => layersUpFrom(object, repository, pin.file))
  const byRoot = new Map(layered.map((one) => [one.root.id, one]))
  if (byRoot.size > 0) return [...byRoot.values()].flatMap(({ root, layers }) => unknownIn(root, { pin, layers }))
  return written
    .filter(({ identity }) => isCustom(identity.apiVersion))
    .map((object) => ({ ...named, object, via: { kind: 'custom-resource' } }))
}

function isCustom(apiVersion: string): boolean {
  return groupOf(apiVersion).includes('.') && !groupOf(apiVersion).endsWith('.k8s.io')
}

type Layers = BuiltObject['layers']

function layersUpFrom(
  object: BuiltObject,
  repository: string,
  file: string,
): readonly { root: Root; layers: Layers }[] {
  const index = object.layers.findIndex((layer) => layer.repository === repository && layer.path === file)
  return index < 0 ? [] : [{ root: object.root, layers: object.layers.slice(index) }]
}

/** An object whose text is nowhere, in the root that applies it. */
function unknownIn(root: Root, { pin, layers }: { pin: Pin; layers: Layers }): readonly Candidate[] {
  const { kind, name, namespace, file } = pin
  const place = { repository: root.repository, path: file }
  const resource = unknownResource({ group: '', version: '', kind, name, namespace }, place)
  if (resource === undefined) return []
  resource.layers.push(...layers)
  const origin: RemoteOrigin = { ...place, remote: 'pinned in the config' }
  const object = { ...builtObject(root, resource), origin }
  return [{ kind, name, namespace, object }]
}
