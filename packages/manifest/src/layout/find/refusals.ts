import { canBePodOf, describeSighting, ResponseError, type PodSighting } from '@saker/core'
import { factsOf } from '../file-facts.ts'
import type { BuiltObject, LayoutProblem } from '../layout-model.ts'
import type { SearchPlace } from './candidates.ts'
import { describeProblem } from './describe.ts'
import { describeCandidate, isPodOwner, type Candidate } from './found-workload.ts'
import { releaseNamespace } from './helm-targets.ts'

/** So many of anything are named in a message; the details hold more. */
const NAMED_IN_MESSAGE = 5
const NAMED_IN_DETAILS = 20

/** Ends in `NAMESPACE_MISSING`. */
export function namespaceMissing(sighting: PodSighting, candidates: readonly Candidate[]): ResponseError {
  return new ResponseError('NAMESPACE_MISSING', `no namespace for ${describeSighting(sighting)}`, {
    details: { candidates: candidates.map(describeCandidate) },
  })
}

/** Ends in `WORKLOAD_AMBIGUOUS`. */
export function ambiguous(sighting: PodSighting, candidates: readonly Candidate[]): ResponseError {
  const described = candidates.map(describeCandidate)
  const message = `${candidates.length} manifests could declare the workload of ${describeSighting(sighting)}: ${someOf(described)}`
  return new ResponseError('WORKLOAD_AMBIGUOUS', message, { details: { candidates: described } })
}

/** Ends in `WORKLOAD_AMBIGUOUS`, for files that cannot be read and may declare the same. */
export function notCertain(sighting: PodSighting, found: Candidate, rivals: readonly string[]): ResponseError {
  const message = `the manifest for ${describeSighting(sighting)} names no namespace, and ${someOf(rivals)}, which cannot be read, may declare the same workload`
  const candidates = [describeCandidate(found), ...rivals.map((path) => `something in ${path} (unreadable)`)]
  return new ResponseError('WORKLOAD_AMBIGUOUS', message, { details: { candidates } })
}

/** A loose manifest that a link of the same file name may lead to is edited for whatever takes it through the link. */
export function refuseLinked({ objects }: SearchPlace, { object }: Candidate): void {
  if (object.root.kind !== 'loose') return
  const name = nameOf(object.origin.path)
  const link = objects.problems.find(({ code, where }) => code === 'MANIFEST_NOT_A_FILE' && nameOf(where.path) === name)
  if (link === undefined) return
  const { path } = link.where
  const message = `${path} is a symbolic link or a submodule, and may lead to ${object.origin.path}`
  throw new ResponseError('MANIFEST_NOT_A_FILE', message, { details: { path } })
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Ends in `WORKLOAD_NOT_FOUND`, with all that may hide the workload. */
export function notFound(
  place: SearchPlace,
  sighting: PodSighting & { readonly namespace: string },
  named: readonly Candidate[],
): ResponseError {
  const { objects } = place
  const near = named.length > 0 ? named : objects.workloads.filter((one) => looksLike(one, sighting))
  const places = placesOf(place)
  const problems = objects.problems.toSorted((a, b) => weight(a) - weight(b))
  const unreached = unreachedFiles(place, sighting)
  const releases = objects.releases.filter((release) => releaseNamespace(release) === sighting.namespace)
  const unclear = near.filter(({ namespace }) => namespace === undefined)
  const message = [
    `no manifest for ${describeSighting(sighting)} in ${places.join(', ')}`,
    ...(unclear.length > 0 ? ['a manifest without namespace has a twin elsewhere, so it does not count'] : []),
    ...(unreached.length > 0 ? [`nothing applies ${someOf(unreached)}, where such a workload stands`] : []),
    ...(releases.length > 0
      ? [`it may be made by HelmRelease ${someOf(releases.map(describeRelease))}: pin it to that file`]
      : []),
    ...(problems.length > 0 ? [`could not read ${someOf(problems.map(describeProblem))}`] : []),
  ].join('; ')
  return new ResponseError('WORKLOAD_NOT_FOUND', message, {
    details: {
      candidates: near.map(describeCandidate),
      places,
      unreadable: problems.slice(0, NAMED_IN_DETAILS).map(describeProblem),
      unreached: unreached.slice(0, NAMED_IN_DETAILS),
    },
  })
}

/** Files that could hold the workload are named before what merely leads nowhere. */
function weight({ code }: LayoutProblem): number {
  return code.startsWith('MANIFEST_') || code === 'LAYOUT_UNBUILDABLE' ? 0 : 1
}

function describeRelease({ identity, origin }: BuiltObject): string {
  return `${identity.name} (${origin.path})`
}

function someOf(names: readonly string[]): string {
  const rest = names.length - NAMED_IN_MESSAGE
  return `${names.slice(0, NAMED_IN_MESSAGE).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

/** The name fits but not the rest of the pod's, which is no name that Kubernetes gives to a pod of this kind. */
function looksLike({ name, namespace }: Candidate, sighting: PodSighting): boolean {
  if (namespace !== undefined && namespace !== sighting.namespace) return false
  return sighting.podName === name || sighting.podName?.startsWith(`${name}-`) === true
}

function placesOf({ layout, cluster }: SearchPlace): readonly string[] {
  const ofCluster = layout.sources.flatMap(({ repository, clusters }) =>
    clusters.filter(({ name }) => name === cluster).map(({ paths, file }) => ({ repository, paths, file })),
  )
  return ofCluster.flatMap(({ repository, paths, file }) => {
    const prefix = ofCluster.length > 1 ? `${repository}:` : ''
    return (file === undefined ? paths : [file]).map((path) => `${prefix}${path || 'the whole repository'}`)
  })
}

/** Files of the cluster's repositories that declare such a workload as written, though no root of the cluster reads them. */
function unreachedFiles({ layout, cluster, objects }: SearchPlace, sighting: PodSighting): readonly string[] {
  const reached = new Set(
    objects.roots.flatMap((root) => [...layout.objectsOf(root).files].map((path) => `${root.repository}:${path}`)),
  )
  return layout.sources
    .filter(({ clusters }) => clusters.some(({ name }) => name === cluster))
    .flatMap(({ repository }) =>
      layout
        .manifestsOf(repository)
        .filter((path) => !reached.has(`${repository}:${path}`))
        .filter((path) => declaresSuch(layout.textOf({ repository, path }) ?? '', sighting)),
    )
}

function declaresSuch(text: string, { podName, owner }: PodSighting): boolean {
  if (!text.includes('kind')) return false
  return factsOf(text).objects.some(({ identity: { apiVersion, kind, name } }) => {
    if (!isPodOwner(apiVersion, kind)) return false
    if (owner !== undefined) return owner.kind === kind && owner.name === name
    return podName !== undefined && canBePodOf(kind, name, podName)
  })
}
