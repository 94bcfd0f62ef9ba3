import { canBePodOf, type PodSighting } from '@saker/core'
import type { Layout } from '../layout-model.ts'
import { customCandidates, objectsOfCluster, type SearchPlace } from './candidates.ts'
import type { Candidate, FoundWorkload } from './found-workload.ts'
import { pinnedCandidate } from './pinned.ts'
import { ambiguous, namespaceMissing, notCertain, notFound, refuseLinked } from './refusals.ts'
import { refuseOnlyFile } from './only-file.ts'

/**
 * Finds the one object that declares the workload of a pod, forward: from everything that the cluster's roots declare to
 * the names that its pods can have. An owner that the alert names has to agree as well.
 *
 * An object with a namespace fits only a pod in it. One without fits a pod in any namespace, but only when the cluster has
 * no other of that kind and name. Where names of two kinds fit, only an object of exactly the pod's name settles it.
 *
 * Ends in `NAMESPACE_MISSING` (the sighting names none), `WORKLOAD_AMBIGUOUS` (several fit), `WORKLOAD_NOT_FOUND`, or,
 * where one file alone counts and cannot be read, in why. `details.candidates` then lists what came near, each as
 * `namespace/Kind/name in path (document n)`.
 */
export function findWorkload(layout: Layout, cluster: string, sighting: PodSighting): FoundWorkload {
  refuseOnlyFile(layout, cluster)
  const objects = objectsOfCluster(layout, cluster)
  const { namespace } = sighting
  const named = withoutDoubles([
    ...objects.workloads.filter((candidate) => fitsByName(candidate, sighting)),
    ...customCandidates(objects, sighting),
  ])
  if (namespace === undefined) throw namespaceMissing(sighting, named)
  const pinned = pinnedCandidate(layout, { cluster, sighting, objects })
  const candidate = pinned ?? theOne({ layout, cluster, objects }, { ...sighting, namespace }, named)
  const { kind, name, object, via } = candidate
  return { workload: { cluster, namespace, kind, name }, object, ...(via === undefined ? {} : { via }) }
}

function theOne(
  place: SearchPlace,
  sighting: PodSighting & { readonly namespace: string },
  named: readonly Candidate[],
): Candidate {
  const all = place.objects.workloads
  const fitting = named.filter(({ namespace, ...rest }) =>
    namespace === undefined ? isUnique(rest, all) : namespace === sighting.namespace,
  )
  const [found, second] = settled(fitting, sighting)
  if (second !== undefined) throw ambiguous(sighting, fitting)
  if (found === undefined) {
    const floating = named.filter(({ namespace }) => namespace === undefined)
    // None of them is certain, but the pod may well belong to one: naming the conflict tells more than "not found".
    if (floating.length > 1) throw ambiguous(sighting, floating)
    throw notFound(place, sighting, named)
  }
  if (found.namespace === undefined) {
    const rivals = unreadableRivals(place, found)
    if (rivals.length > 0) throw notCertain(sighting, found, rivals)
  }
  refuseLinked(place, found)
  return found
}

/** A bare pod of exactly this name is no pod of anything else. */
function settled(fitting: readonly Candidate[], { podName }: PodSighting): readonly Candidate[] {
  const exact = fitting.filter(({ kind, name }) => kind === 'Pod' && name === podName)
  return exact.length > 0 ? exact : fitting
}

function fitsByName({ kind, name }: Candidate, { podName, owner }: PodSighting): boolean {
  if (podName === undefined && owner === undefined) return false
  if (owner !== undefined && (owner.kind !== kind || owner.name !== name)) return false
  return podName === undefined || canBePodOf(kind, name, podName)
}

/** Whether no other candidate has its kind and name; the same one reached on two ways counts once. */
function isUnique({ kind, name }: Pick<Candidate, 'kind' | 'name'>, all: readonly Candidate[]): boolean {
  return withoutDoubles(all.filter((other) => other.kind === kind && other.name === name)).length === 1
}

/**
 * What a configured path reaches and an applier as well is one and the same: the applied one. So are the targets of one
 * release.
 */
function withoutDoubles(candidates: readonly Candidate[]): readonly Candidate[] {
  const byOrigin = Map.groupBy(candidates, originKey)
  return [...byOrigin.values()].flatMap((same) => {
    const applied = same.filter(({ object }) => object.root.applier !== undefined)
    return applied.length > 0
      ? applied
      : same.slice(0, 1).concat(same.slice(1).filter((one) => !isSameIn(same[0], one)))
  })
}

function isSameIn(first: Candidate | undefined, other: Candidate): boolean {
  return (
    first?.object.root.id === other.object.root.id && first.namespace === other.namespace && first.name === other.name
  )
}

function originKey({ object: { origin }, kind, name }: Candidate): string {
  const place = 'documentIndex' in origin ? [origin.documentIndex, ...origin.steps] : [origin.remote]
  return JSON.stringify([origin.repository, origin.path, ...place, kind, name])
}

/** Files that could not be read but mention the name: whether one of them declares the same workload cannot be told. */
function unreadableRivals({ layout, objects }: SearchPlace, { name }: Candidate): readonly string[] {
  const paths = objects.problems.filter(({ where }) => layout.textOf(where)?.includes(name) === true)
  return [...new Set(paths.map(({ where }) => where.path))]
}
