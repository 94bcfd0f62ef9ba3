import { asResponseError } from '@saker/core'
import { argoDirectory, withArgoFields, withDestination } from './argo/argo-build.ts'
import { BuildReads } from './build-reads.ts'
import { commonMetadataOf, withFluxFields } from './flux/flux-fields.ts'
import { generatedKustomization } from './flux/generated-kustomization.ts'
import { hasVariable, substitute, substitutionOf, type Substitution } from './flux/substitution.ts'
import { ignoreRuleOf } from './flux/source-ignore.ts'
import { isMutableObject, plainText, setField, type JsonObject, type MutableObject } from './json-value.ts'
import { BuildFault } from './kustomize/build-fault.ts'
import {
  buildKustomization,
  kustomizationIn,
  newBuild,
  resourcesOf,
  type LocatedKustomization,
} from './kustomize/build-kustomization.ts'
import { addHashes } from './kustomize/generators.ts'
import { kustomizationOf, type KustomizationFile } from './kustomize/kustomization-file.ts'
import { followNames } from './kustomize/name-references.ts'
import { writeAnnotationsAnew } from './kustomize/annotations.ts'
import { ResourceSet } from './kustomize/resource-set.ts'
import type { Resource } from './kustomize/resource.ts'
import { runTransformers } from './kustomize/run-transformers.ts'
import { builtObject } from './built-object.ts'
import { leadValue } from './discovery.ts'
import type { BuiltObject, BuiltRoot, Root } from './layout-model.ts'
import { resolvePath, type RepositoryFiles } from './repository-files.ts'

/** A root with what it needs beside its folder. */
export interface RootPlan {
  readonly root: Root
  /** Files of a `loose` root. */
  readonly loose?: readonly string[]
}

/** A built root, and what it depended on. */
export interface RootBuild {
  readonly built: BuiltRoot
  readonly reads: BuildReads
  /** Plan that it was built by, as text; another text builds another root. */
  readonly key: string
}

const keys = new WeakMap<RootPlan, string>()

/** Equal for plans that build the same from the same files. */
export function keyOfPlan(plan: RootPlan): string {
  // asked for again and again, and long where thousands of files are applied as they are
  const key = keys.get(plan) ?? keyAfresh(plan)
  keys.set(plan, key)
  return key
}

function keyAfresh({ root, loose }: RootPlan): string {
  const { applier } = root
  return (
    JSON.stringify([root.id, root.kind, root.path, loose ?? [], applier?.pinned ?? '', applier?.object.root.id ?? '']) +
    (applier === undefined ? '' : textOfApplier(applier.object))
  )
}

const texts = new WeakMap<BuiltObject, string>()

function textOfApplier(object: BuiltObject): string {
  const text = texts.get(object) ?? JSON.stringify(leadValue(object))
  texts.set(object, text)
  return text
}

/** Builds a root. Never throws: what cannot be built has no objects and says why. */
export function buildRoot(plan: RootPlan, files: RepositoryFiles): RootBuild {
  const { root } = plan
  const reads = new BuildReads(root.repository, files)
  const resources = attempt(root, reads, () => build(plan, { reads, files }))
  reads.close()
  const objects = (resources ?? []).map((resource) => builtObject(root, resource))
  return { built: { objects, problems: reads.problems, files: reads.found }, reads, key: keyOfPlan(plan) }
}

function attempt<T>(root: Root, reads: BuildReads, make: () => T): T | undefined {
  try {
    return make()
  } catch (thrown) {
    if (thrown instanceof BuildFault) reads.report(thrown.code, thrown.path, thrown.message)
    else if (thrown instanceof RangeError) reads.report('LAYOUT_UNBUILDABLE', root.path, 'is nested too deeply')
    else {
      const { code, message } = asResponseError(thrown)
      reads.report(code === 'INTERNAL' ? 'LAYOUT_UNBUILDABLE' : code, root.path, message)
    }
    return undefined
  }
}

interface Place {
  readonly reads: BuildReads
  readonly files: RepositoryFiles
}

function build(plan: RootPlan, place: Place): readonly Resource[] {
  const set = collect(plan, place)
  addHashes(set)
  followNames(set)
  const kept = set.all.filter((resource) => !resource.isLocal)
  for (const resource of kept) resource.change(writeAnnotationsAnew)
  applyApplier(plan.root, kept)
  for (const resource of kept) resource.release()
  return kept
}

function collect({ root, loose }: RootPlan, place: Place): ResourceSet {
  const { reads } = place
  switch (root.kind) {
    case 'kustomization':
    case 'generated':
      return buildKustomization(newBuild(reads), locate(root, place))
    case 'file':
      return looseSet(reads, [root.path])
    case 'loose':
      return looseSet(reads, loose ?? [])
    case 'argo-directory':
      return argoDirectory(reads, root)
    case 'helm':
      reads.list(root.path)
      reads.report('LAYOUT_UNSUPPORTED', root.path, 'is a Helm chart')
      return new ResourceSet()
    case 'remote':
      return remoteSet(reads, root)
    default:
      return new ResourceSet()
  }
}

function locate(root: Root, { reads, files }: Place): LocatedKustomization {
  const flux = root.applier?.type === 'flux'
  const located = kustomizationIn(reads, root.path)
  const generated = (): LocatedKustomization => {
    const generation = { folder: root.path, isIgnored: ignoreRuleOf(files), isFlux: flux }
    return { folder: root.path, file: generatedKustomization(reads, generation) }
  }
  const written = located ?? generated()
  return { ...written, file: withApplierFields(written.file, root, reads) }
}

function withApplierFields(file: KustomizationFile, { applier, path }: Root, reads: BuildReads): KustomizationFile {
  if (applier === undefined) return file
  const value = leadValue(applier.object)
  if (applier.type === 'argo') return withArgoFields(file, value, { reads, path })
  return withFluxFields(file, value, (component) => reads.isFolder(resolvePath(path, component) ?? ''))
}

/** Files that nothing puts together: two of them may declare one object, and one that cannot be read hides only itself. */
function looseSet(reads: BuildReads, paths: readonly string[]): ResourceSet {
  const set = new ResourceSet()
  for (const path of paths) {
    const facts = reads.facts(path)
    if (facts === undefined) reads.report('MANIFEST_MISSING', path, 'is not in the repository')
    else if (facts.fault !== undefined) reads.report(facts.fault.code, path, facts.fault.message)
    else set.addLoose(resourcesOf(reads, path, facts))
  }
  return set
}

/** Of a source that no tree holds, only what the applier's patches name is known. */
function remoteSet(reads: BuildReads, root: Root): ResourceSet {
  const set = new ResourceSet()
  set.unknown = true
  const origin = root.applier?.object.origin
  const path = origin?.path ?? root.path
  const file = kustomizationOf({})
  if (file === undefined || root.applier === undefined) return set
  const fields = withFluxFields(file, leadValue(root.applier.object), () => false)
  runTransformers(reads, { folder: '', path, file: { ...fields, components: [] } }, set)
  return set
}

function applyApplier({ applier }: Root, resources: readonly Resource[]): void {
  if (applier === undefined) return
  const value = leadValue(applier.object)
  for (const resource of resources) {
    if (applier.pinned !== undefined) resource.uncertain.push(`its source is pinned to ${applier.pinned}`)
    if (applier.type === 'argo') withDestination(resource, value)
    else applyFlux(resource, value)
  }
}

function applyFlux(resource: Resource, flux: JsonObject): void {
  const substitution = substitutionOf(flux)
  if (substitution !== undefined) fillIn(resource, substitution)
  const { labels, annotations } = commonMetadataOf(flux)
  if (Object.keys(labels).length + Object.keys(annotations).length === 0) return
  resource.change((value) => {
    setMetadataFields(value, 'labels', labels)
    setMetadataFields(value, 'annotations', annotations)
    return value
  })
}

/** An identity that is filled in has to be known; other fields only when the value is asked for. */
function fillIn(resource: Resource, substitution: Substitution): void {
  resource.isFilledInLater = substitution.hasMore
  resource.change((value) => substitute(value, substitution))
  if (hasVariable(`${resource.namespace}${resource.name}`)) resource.rereadIdentity()
}

function setMetadataFields(value: MutableObject, field: string, entries: JsonObject): void {
  const metadata = isMutableObject(value['metadata']) ? value['metadata'] : {}
  const target = isMutableObject(metadata[field]) ? metadata[field] : {}
  for (const [key, text] of Object.entries(entries)) setField(target, key, plainText(text) ?? '')
  if (Object.keys(entries).length === 0) return
  setField(metadata, field, target)
  setField(value, 'metadata', metadata)
}
