import { posix } from 'node:path'
import { foldersOf } from './repository-files.ts'
import { isJsonObject, listAt, mapAt, mergePatched, textAt, valueAt, type JsonObject } from './json-object.ts'
import { globToRegExp } from './path-glob.ts'
import { sameRepository, type World, type WorldRepository, type WorldRoot } from './world.ts'

/** What is known of all roots so far. */
export interface KnownRoots {
  /** Finds the object that declares a source, seen from a root. */
  findSource(root: WorldRoot, title: string): JsonObject | undefined
  objectsOf(root: WorldRoot): readonly JsonObject[]
}

/** The roots that one object of a root leads to: by Flux, Argo CD or Helm. Most objects lead nowhere. */
export function ledTo(world: World, root: WorldRoot, object: JsonObject, known: KnownRoots): readonly WorldRoot[] {
  const type = `${(textAt(object, 'apiVersion') ?? '').split('/')[0] ?? ''}/${textAt(object, 'kind') ?? ''}`
  if (type === 'kustomize.toolkit.fluxcd.io/Kustomization') return byFlux(world, root, object, known)
  if (type === 'fluxcd.controlplane.io/FluxInstance') return byFluxInstance(world, root, object)
  if (type === 'helm.toolkit.fluxcd.io/HelmRelease') return byHelm(world, root, object)
  if (type === 'argoproj.io/Application') return byArgo(world, root, object)
  if (type !== 'argoproj.io/ApplicationSet') return []
  return applicationsOf(world, root, object).flatMap((application) => byArgo(world, root, application))
}

function byFlux(world: World, root: WorldRoot, object: JsonObject, known: KnownRoots): readonly WorldRoot[] {
  const repository = fluxSource(world, root, object, known)
  const path = folderOf(textAt(object, 'spec', 'path') ?? '')
  return repository === undefined ? [] : [{ repository, path, kind: 'flux', applier: object, parent: root }]
}

function fluxSource(world: World, root: WorldRoot, object: JsonObject, known: KnownRoots): WorldRepository | undefined {
  const reference = mapAt(object, 'spec', 'sourceRef')
  const namespace = textAt(reference, 'namespace') ?? textAt(object, 'metadata', 'namespace') ?? '-'
  const kind = textAt(reference, 'kind') ?? ''
  const title = `${namespace}/${kind}/${textAt(reference, 'name') ?? ''}`
  const artifact = world.artifacts.get(`${kind}/${namespace}/${textAt(reference, 'name') ?? ''}`)
  if (artifact !== undefined || kind !== 'GitRepository') return artifact
  const source = known.findSource(root, title)
  if (source === undefined) return textAt(reference, 'name') === 'flux-system' ? root.repository : undefined
  const ref = mapAt(source, 'spec', 'ref')
  if (['tag', 'semver', 'commit', 'name'].some((key) => textAt(ref, key) !== undefined)) return undefined
  const listed = repositoryAt(world, textAt(source, 'spec', 'url'), textAt(ref, 'branch') ?? 'master')
  return listed ?? (isSyncedBy(root, reference, known) ? root.repository : undefined)
}

/** Whether a source brings the root itself, or one above it: then it is this repository, under whatever address. */
function isSyncedBy(from: WorldRoot, reference: JsonObject, known: KnownRoots): boolean {
  for (let root: WorldRoot | undefined = from; root !== undefined; root = root.parent) {
    const { path } = root
    const isSelf = known.objectsOf(root).some((object) => {
      const isFlux = (textAt(object, 'apiVersion') ?? '').startsWith('kustomize.toolkit.fluxcd.io/')
      const isSame = textAt(object, 'spec', 'sourceRef', 'name') === textAt(reference, 'name')
      return isFlux && isSame && folderOf(textAt(object, 'spec', 'path') ?? '') === path
    })
    if (isSelf) return true
  }
  return false
}

function repositoryAt(world: World, url: string | undefined, branch: string): WorldRepository | undefined {
  return world.repositories.find(
    (one) => one.url === undefined || (url !== undefined && sameRepository(one.url, url) && one.branch === branch),
  )
}

function byFluxInstance(world: World, root: WorldRoot, object: JsonObject): readonly WorldRoot[] {
  const sync = mapAt(object, 'spec', 'sync')
  const branch = (textAt(sync, 'ref') ?? '').replace(/^refs\/heads\//u, '')
  const repository = repositoryAt(world, textAt(sync, 'url'), branch)
  const path = folderOf(textAt(sync, 'path') ?? '')
  return repository === undefined ? [] : [{ repository, path, kind: 'folder', parent: root, isExplicit: true }]
}

function byHelm(world: World, root: WorldRoot, object: JsonObject): readonly WorldRoot[] {
  const namespace = textAt(object, 'metadata', 'namespace') ?? '-'
  const chart = world.charts.get(`${namespace}/${textAt(object, 'metadata', 'name') ?? ''}`)
  if (chart === undefined) return []
  return [{ repository: root.repository, path: chart.label, kind: 'helm', applier: object, parent: root }]
}

function byArgo(world: World, root: WorldRoot, application: JsonObject): readonly WorldRoot[] {
  const several = listAt(application, 'spec', 'sources')
  const sources = several.length > 0 ? several : [valueAt(application, 'spec', 'source')]
  return sources.filter(isJsonObject).flatMap((source) => {
    const path = textAt(source, 'path')
    const repository = argoRepository(world, root, source)
    if (path === undefined || repository === undefined) return []
    return [{ repository, path: folderOf(path), kind: 'argo', applier: application, source, parent: root }]
  })
}

function argoRepository(world: World, root: WorldRoot, source: JsonObject): WorldRepository | undefined {
  const revision = textAt(source, 'targetRevision') ?? 'HEAD'
  const isBranch = (one: WorldRepository): boolean =>
    revision === 'HEAD' || revision.replace('refs/heads/', '') === one.branch
  if (root.repository.url === undefined) return isBranch(root.repository) ? root.repository : undefined
  const url = textAt(source, 'repoURL')
  return world.repositories.find(
    (one) => one.url !== undefined && url !== undefined && sameRepository(one.url, url) && isBranch(one),
  )
}

function folderOf(path: string): string {
  return posix.join('/', path).slice(1).replace(/\/$/u, '')
}

/** The Applications that an ApplicationSet makes: from a list, or from folders of the repository. */
function applicationsOf(world: World, root: WorldRoot, set: JsonObject): readonly JsonObject[] {
  const metadata = { namespace: textAt(set, 'metadata', 'namespace') }
  return listAt(set, 'spec', 'generators').flatMap((generator) =>
    parametersOf(world, root, mapAt(generator)).map((parameters) => {
      const template = JSON.stringify(valueAt(set, 'spec', 'template'))
      const filled = JSON.parse(fill(template, parameters)) as JsonObject
      return mergePatched(filled, { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata }) as JsonObject
    }),
  )
}

function parametersOf(world: World, root: WorldRoot, generator: JsonObject): readonly JsonObject[] {
  const listed = listAt(generator, 'list', 'elements').filter(isJsonObject)
  const directories = listAt(generator, 'git', 'directories')
  const source = {
    repoURL: valueAt(generator, 'git', 'repoURL'),
    targetRevision: valueAt(generator, 'git', 'revision'),
  }
  const repository = directories.length === 0 ? undefined : argoRepository(world, root, source)
  if (repository === undefined) return listed
  const fits = (folder: string, isExcluded: boolean): boolean =>
    directories.some(
      (one) =>
        (valueAt(one, 'exclude') === true) === isExcluded && globToRegExp(textAt(one, 'path') ?? '').test(folder),
    )
  const folders = [...foldersOf(repository.files).keys()].filter(
    (folder) => folder !== '' && fits(folder, false) && !fits(folder, true),
  )
  return [...listed, ...folders.map((path) => ({ path, 'path.path': path, 'path.basename': posix.basename(path) }))]
}

function fill(template: string, parameters: JsonObject): string {
  return template.replaceAll(/\{\{\s*\.?([\w.-]+)\s*\}\}/gu, (whole, name: string) => {
    const value = parameters[name] ?? valueAt(parameters, ...name.split('.'))
    return typeof value === 'string' || typeof value === 'number' ? String(value) : whole
  })
}
