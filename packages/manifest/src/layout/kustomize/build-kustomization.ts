import type { BuildReads } from '../build-reads.ts'
import { declaredValue } from '../file-facts.ts'
import type { Layer, WrittenOrigin } from '../layout-model.ts'
import { pathIn, resolvePath } from '../repository-files.ts'
import { BuildFault } from './build-fault.ts'
import { KUSTOMIZATION_NAMES, kustomizationInText, type KustomizationFile } from './kustomization-file.ts'
import { runGenerators } from './generators.ts'
import { isRemote } from './remote-base.ts'
import { ResourceSet } from './resource-set.ts'
import { Resource } from './resource.ts'
import { runTransformers } from './run-transformers.ts'

/** So deep kustomizations may nest, and so many may be in one build. */
const MAX_DEPTH = 64
const MAX_KUSTOMIZATIONS = 5_000

/** A kustomization under way. */
export interface KustomizationBuild {
  readonly reads: BuildReads
  /** Folders around this one, outermost first, itself last. */
  readonly folders: readonly string[]
  readonly count: { kustomizations: number }
}

/** Begins a build. */
export function newBuild(reads: BuildReads): KustomizationBuild {
  return { reads, folders: [], count: { kustomizations: 0 } }
}

/** A kustomization file with its place; `path` is absent where Flux makes one up. */
export interface LocatedKustomization {
  readonly folder: string
  readonly path?: string
  readonly file: KustomizationFile
}

/** The kustomization file of a folder. Undefined where there is none; throws where there are two or it is none. */
export function kustomizationIn(reads: BuildReads, folder: string): LocatedKustomization | undefined {
  const found = KUSTOMIZATION_NAMES.map((name) => pathIn(folder, name)).filter((path) => reads.read(path) !== undefined)
  const [path, second] = found
  if (path === undefined) return undefined
  if (second !== undefined) throw new BuildFault(second, 'a folder holds two kustomization files')
  return { folder, path, file: readKustomization(reads, path) }
}

function readKustomization(reads: BuildReads, path: string): KustomizationFile {
  const content = reads.read(path)
  if (content === undefined || 'fault' in content) {
    throw new BuildFault(path, content?.fault.message ?? 'is not there', content?.fault.code)
  }
  const file = kustomizationInText(content.text, path)
  if (file === undefined) throw new BuildFault(path, 'is no kustomization')
  if (file.misspelt !== undefined) {
    const [written, meant] = file.misspelt
    throw new BuildFault(path, `says ${written}, which kustomize takes for ${meant}`)
  }
  return file
}

/** Builds a folder that must hold a kustomization file. */
function buildFolder(build: KustomizationBuild, folder: string, into?: ResourceSet): ResourceSet {
  const located = kustomizationIn(build.reads, folder)
  if (located === undefined) throw new BuildFault(folder, 'has no kustomization file')
  const isComponent = located.file.kind === 'Component'
  if (isComponent !== (into !== undefined)) {
    throw new BuildFault(located.path ?? folder, isComponent ? 'is a component' : 'is no component')
  }
  return buildKustomization(build, located, into)
}

/**
 * Builds a kustomization as kustomize does: resources, generators, components, transformers. A component works on what
 * its parent holds so far. Throws a {@link BuildFault} where kustomize would end in an error.
 */
export function buildKustomization(
  build: KustomizationBuild,
  located: LocatedKustomization,
  into?: ResourceSet,
): ResourceSet {
  const inside = enter(build, located)
  const set = into ?? new ResourceSet()
  for (const resource of located.file.resources) addResource(inside, { located, resource, set })
  runGenerators(inside.reads, located, set)
  for (const component of located.file.components) {
    if (isRemote(component)) addUnknown(inside, { located, resource: component, set })
    else buildFolder(inside, folderAt(located, component), set)
  }
  runTransformers(inside.reads, located, set)
  const layer = layerOf(inside, located)
  if (layer !== undefined) for (const resource of set.all) resource.layers.push(layer)
  return set
}

function layerOf({ reads }: KustomizationBuild, { path, file }: LocatedKustomization): Layer | undefined {
  return path === undefined ? undefined : { repository: reads.repository, path, kind: file.kind }
}

function enter(build: KustomizationBuild, { folder, path }: LocatedKustomization): KustomizationBuild {
  build.count.kustomizations += 1
  const where = path ?? folder
  if (build.folders.length >= MAX_DEPTH) throw new BuildFault(where, 'kustomizations nest too deeply')
  if (build.count.kustomizations > MAX_KUSTOMIZATIONS) throw new BuildFault(where, 'uses too many kustomizations')
  if (build.folders.some((around) => isAtOrAbove(folder, around))) {
    throw new BuildFault(where, 'is used from a folder at or below it')
  }
  return { ...build, folders: [...build.folders, folder] }
}

function isAtOrAbove(folder: string, other: string): boolean {
  return folder === '' || folder === other || other.startsWith(`${folder}/`)
}

interface Entry {
  readonly located: LocatedKustomization
  readonly resource: string
  readonly set: ResourceSet
}

/** A file, a folder, or something outside of the repository. */
function addResource(build: KustomizationBuild, entry: Entry): void {
  const { located, resource, set } = entry
  const { reads } = build
  if (isRemote(resource)) {
    addUnknown(build, entry)
    return
  }
  const path = resolvePath(located.folder, resource)
  if (path === undefined)
    throw new BuildFault(located.path ?? located.folder, 'a resource lies outside of the repository')
  if (reads.isFolder(path)) {
    const where = located.path ?? located.folder
    set.merge(buildFolder(build, path), where)
  } else addFile(reads, path, set)
}

function addUnknown({ reads }: KustomizationBuild, { located, resource, set }: Entry): void {
  set.unknown = true
  reads.report(
    'LAYOUT_UNSUPPORTED',
    located.path ?? located.folder,
    `${withoutSecrets(resource)} is not in this repository`,
  )
}

/** URLs of bases may hold a user and a password. */
function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^/@]*@/u, '//').replace(/\?.*$/u, '')
}

function folderAt(located: LocatedKustomization, relative: string): string {
  const path = resolvePath(located.folder, relative)
  if (path === undefined)
    throw new BuildFault(located.path ?? located.folder, 'a component lies outside of the repository')
  return path
}

/** Adds the objects of a file. One that cannot be read hides what it declares; the rest is built without it. */
function addFile(reads: BuildReads, path: string, set: ResourceSet): void {
  const facts = reads.facts(path)
  if (facts === undefined) throw new BuildFault(path, 'is not there')
  if (facts.fault !== undefined) {
    set.unknown = true
    reads.report(facts.fault.code, path, facts.fault.message)
    return
  }
  if (facts.stray) throw new BuildFault(path, 'holds something that is no Kubernetes object')
  set.addAll(resourcesOf(reads, path, facts), path)
}

type Facts = NonNullable<ReturnType<BuildReads['facts']>>

/** The objects that a file declares, untouched. */
export function resourcesOf(reads: BuildReads, path: string, { objects, encrypted, text }: Facts): readonly Resource[] {
  return objects.map((declared) => {
    const { documentIndex, steps, identity } = declared
    const origin: WrittenOrigin = { repository: reads.repository, path, documentIndex, steps, identity }
    const resource = new Resource({ identity, origin, read: () => declaredValue(text, path, declared) })
    resource.isLocal = declared.isLocal
    if (encrypted) resource.uncertain.push(`${path} is encrypted with SOPS`)
    return resource
  })
}
