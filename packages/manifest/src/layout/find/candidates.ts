import type { PodSighting } from '@saker/core'
import { hasVariable } from '../flux/substitution.ts'
import type { BuiltObject, BuiltRoot, Layout, LayoutProblem, Root } from '../layout-model.ts'
import type { Candidate } from './found-workload.ts'
import { isPodOwner } from './found-workload.ts'
import { helmTargetsOf, isHelmRelease, releaseNamespace } from './helm-targets.ts'
import { isDefinition, replicasPathOf } from './scaled-kinds.ts'

/** All that a cluster's roots declare, sorted by what can be looked for. */
export interface ClusterObjects {
  readonly roots: readonly Root[]
  /** Own pods, and are looked for by the names of these. */
  readonly workloads: readonly Candidate[]
  readonly releases: readonly BuiltObject[]
  readonly definitions: readonly BuiltObject[]
  readonly all: readonly BuiltObject[]
  readonly problems: readonly LayoutProblem[]
}

/** Where a workload is looked for. */
export interface SearchPlace {
  readonly layout: Layout
  readonly cluster: string
  readonly objects: ClusterObjects
}

const known = new WeakMap<Layout, Map<string, ClusterObjects>>()

/** What the roots of a cluster declare. A file that alone counts leaves everything else out. */
export function objectsOfCluster(layout: Layout, cluster: string): ClusterObjects {
  // a layout never changes, and a burst looks for thousands of workloads in one
  const ofLayout = known.get(layout) ?? new Map<string, ClusterObjects>()
  const objects = ofLayout.get(cluster) ?? objectsAfresh(layout, cluster)
  known.set(layout, ofLayout.set(cluster, objects))
  return objects
}

function objectsAfresh(layout: Layout, cluster: string): ClusterObjects {
  const files = filesOf(layout, cluster)
  const roots = layout.rootsOf(cluster)
  const parts = roots.map((root) => partsOf(layout.objectsOf(root)))
  const isMeant = (object: BuiltObject): boolean => {
    const file = files.get(object.origin.repository)
    return file === undefined || file === object.origin.path
  }
  const kept = <T>(pick: (part: Parts) => readonly T[], objectOf: (one: T) => BuiltObject): readonly T[] =>
    parts.flatMap(pick).filter((one) => isMeant(objectOf(one)))
  return {
    roots,
    workloads: kept(
      ({ workloads }) => workloads,
      ({ object }) => object,
    ),
    releases: kept(
      ({ releases }) => releases,
      (object) => object,
    ),
    definitions: parts.flatMap(({ definitions }) => definitions),
    all: kept(
      ({ all }) => all,
      (object) => object,
    ),
    problems: [...parts.flatMap(({ problems }) => problems), ...layout.problemsOf(cluster)],
  }
}

/** By repository, the only file of it that counts for the cluster. */
function filesOf(layout: Layout, cluster: string): ReadonlyMap<string, string> {
  return new Map(
    layout.sources.flatMap(({ repository, clusters }) =>
      clusters.flatMap(({ name, file }) =>
        name === cluster && file !== undefined ? [[repository, file] as const] : [],
      ),
    ),
  )
}

interface Parts {
  readonly workloads: readonly Candidate[]
  readonly releases: readonly BuiltObject[]
  readonly definitions: readonly BuiltObject[]
  readonly all: readonly BuiltObject[]
  readonly problems: readonly LayoutProblem[]
}

const parts = new WeakMap<BuiltRoot, Parts>()

function partsOf(built: BuiltRoot): Parts {
  const sorted = parts.get(built)
  if (sorted !== undefined) return sorted
  const own = built.objects.filter(({ identity }) => isPodOwner(identity.apiVersion, identity.kind))
  const open = own.filter(({ identity }) => hasVariable(`${identity.namespace ?? ''}${identity.name}`))
  const releases = built.objects.filter(isHelmRelease)
  const made: Parts = {
    workloads: [
      ...own.filter((object) => !open.includes(object) && !isTemplated(object)).map(ownCandidate),
      ...releases.flatMap(releaseCandidates),
    ],
    releases,
    definitions: built.objects.filter(isDefinition),
    all: built.objects,
    problems: [...built.problems, ...open.map(openName)],
  }
  parts.set(built, made)
  return made
}

function isTemplated({ identity }: BuiltObject): boolean {
  return identity.name.includes('{{')
}

function ownCandidate(object: BuiltObject): Candidate {
  const { kind, name, namespace } = object.identity
  return { kind, name, object, ...(namespace === undefined ? {} : { namespace }) }
}

function releaseCandidates(release: BuiltObject): readonly Candidate[] {
  const own = releaseNamespace(release)
  return helmTargetsOf(release).map(({ kind, name, namespace = own }) => ({
    kind,
    name,
    object: release,
    via: { kind: 'helm-release' },
    ...(namespace === undefined ? {} : { namespace }),
  }))
}

function openName({ identity, origin }: BuiltObject): LayoutProblem {
  const { repository, path } = origin
  const message = `the name of a ${identity.kind} is filled in later`
  return { code: 'MANIFEST_TEMPLATED', where: { repository, path }, message }
}

/** Custom resources that the alert itself names as the owner, where their definition says how they scale. */
export function customCandidates({ all, definitions }: ClusterObjects, { owner }: PodSighting): readonly Candidate[] {
  if (owner === undefined) return []
  return all
    .filter(({ identity }) => identity.kind === owner.kind && identity.name === owner.name)
    .filter((object) => !isPodOwner(object.identity.apiVersion, owner.kind))
    .filter((object) => replicasPathOf(definitions, object) !== undefined)
    .map((object) => ({ ...ownCandidate(object), via: { kind: 'custom-resource' } }))
}
