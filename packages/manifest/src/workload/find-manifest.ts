import { canBePodOf, describeSighting, ResponseError, type PodSighting, type Workload } from '@saker/core'
import { describeDeclared, type DeclaredWorkload, type DeclaredWorkloads } from './declared-workload.ts'

/** A workload, and the manifest that declares it. */
export interface FoundManifest {
  readonly workload: Workload
  readonly manifest: DeclaredWorkload
}

/** So many unreadable files are named in a message; the details hold more. */
const NAMED_IN_MESSAGE = 3
const NAMED_IN_DETAILS = 20

/**
 * Finds the one manifest that declares the workload of a pod, forward: from every declared workload to the names that its
 * pods can have. An owner that the alert names has to agree as well.
 *
 * A manifest with a namespace fits only a pod in it. One without fits a pod in any namespace, but only when no other
 * manifest of the place declares that kind and name.
 *
 * Ends in `NAMESPACE_MISSING` (the sighting names none), `WORKLOAD_AMBIGUOUS` (several fit) or `WORKLOAD_NOT_FOUND`;
 * `details.candidates` then lists what came near, each as `namespace/Kind/name in path (document n)`.
 */
export function findManifest(declared: DeclaredWorkloads, cluster: string, sighting: PodSighting): FoundManifest {
  const byName = declared.workloads.filter((workload) => fitsByName(workload, sighting))
  const { namespace } = sighting
  if (namespace === undefined) {
    throw new ResponseError('NAMESPACE_MISSING', `no namespace for ${describeSighting(sighting)}`, {
      details: { candidates: byName.map(describeDeclared) },
    })
  }
  const floating = byName.filter((workload) => workload.namespace === undefined)
  const fitting = byName.filter((workload) =>
    workload.namespace === undefined ? isUnique(workload, declared.workloads) : workload.namespace === namespace,
  )
  const [manifest] = fitting
  if (fitting.length > 1) throw ambiguous(sighting, fitting)
  const rivals = manifest === undefined || manifest.namespace !== undefined ? [] : unreadableRivals(declared, manifest)
  if (manifest !== undefined && rivals.length > 0) throw notCertain(sighting, manifest, rivals)
  // None of them is certain, but the pod may well belong to one: naming the conflict tells more than "not found".
  if (manifest === undefined && floating.length > 1) throw ambiguous(sighting, floating)
  if (manifest === undefined) {
    const near = byName.length > 0 ? byName : declared.workloads.filter((workload) => looksLike(workload, sighting))
    throw notFound(declared, sighting, near)
  }
  return { workload: { cluster, namespace, kind: manifest.kind, name: manifest.name }, manifest }
}

function fitsByName({ kind, name }: DeclaredWorkload, { podName, owner }: PodSighting): boolean {
  if (podName === undefined && owner === undefined) return false
  if (owner !== undefined && (owner.kind !== kind || owner.name !== name)) return false
  return podName === undefined || canBePodOf(kind, name, podName)
}

/** The name fits but not the rest of the pod's, which is no name that Kubernetes gives to a pod of this kind. */
function looksLike({ name, namespace }: DeclaredWorkload, sighting: PodSighting): boolean {
  if (namespace !== undefined && namespace !== sighting.namespace) return false
  return sighting.podName === name || sighting.podName?.startsWith(`${name}-`) === true
}

function isUnique({ kind, name }: DeclaredWorkload, all: readonly DeclaredWorkload[]): boolean {
  return all.filter((other) => other.kind === kind && other.name === name).length === 1
}

/** Files that could not be read but mention the name: whether one of them declares the same workload cannot be told. */
function unreadableRivals({ unreadable }: DeclaredWorkloads, { name }: DeclaredWorkload): readonly string[] {
  return unreadable.filter(({ text }) => text?.includes(name) === true).map(({ path }) => path)
}

function notCertain(sighting: PodSighting, manifest: DeclaredWorkload, rivals: readonly string[]): ResponseError {
  const message = `the manifest for ${describeSighting(sighting)} names no namespace, and ${rivals.join(', ')}, which cannot be read, may declare the same workload`
  const candidates = [describeDeclared(manifest), ...rivals.map((path) => `something in ${path} (unreadable)`)]
  return new ResponseError('WORKLOAD_AMBIGUOUS', message, { details: { candidates } })
}

function ambiguous(sighting: PodSighting, candidates: readonly DeclaredWorkload[]): ResponseError {
  const message = `${candidates.length} manifests could declare the workload of ${describeSighting(sighting)}`
  return new ResponseError('WORKLOAD_AMBIGUOUS', message, { details: { candidates: candidates.map(describeDeclared) } })
}

function notFound(
  { place, workloads, unreadable }: DeclaredWorkloads,
  sighting: PodSighting,
  near: readonly DeclaredWorkload[],
): ResponseError {
  const places = place.file === undefined ? place.paths.map((path) => path || 'the whole repository') : [place.file]
  const unclear = near.filter((workload) => workload.namespace === undefined && !isUnique(workload, workloads))
  const message = [
    `no manifest for ${describeSighting(sighting)} in ${places.join(', ')}`,
    ...(unclear.length > 0 ? ['a manifest without namespace has a twin elsewhere, so it does not count'] : []),
    ...(unreadable.length > 0 ? [describeUnreadable(unreadable)] : []),
  ].join('; ')
  return new ResponseError('WORKLOAD_NOT_FOUND', message, {
    details: {
      candidates: near.map(describeDeclared),
      places,
      unreadable: unreadable.slice(0, NAMED_IN_DETAILS).map(({ path, code }) => `${path} (${code})`),
    },
  })
}

function describeUnreadable(unreadable: DeclaredWorkloads['unreadable']): string {
  const named = unreadable.slice(0, NAMED_IN_MESSAGE).map(({ path, code }) => `${path} (${code})`)
  const rest = unreadable.length - named.length
  return `could not read ${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}
