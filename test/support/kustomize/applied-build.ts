import { posix } from 'node:path'
import { parse, stringify } from 'yaml'
import { closureOf } from './file-closure.ts'
import { isJsonObject, listAt, mapAt, mergePatched, textAt, valueAt, type JsonObject } from './json-object.ts'
import { kustomizeBuild, type Build } from './kustomize.ts'
import { argoGlobToRegExp, ignoredBy } from './path-glob.ts'
import { foldersOf, kustomizationIn, textOf, type RepositoryFile, type RepositoryFiles } from './repository-files.ts'

/**
 * Builds as Flux's kustomize-controller and Argo CD's repository server make them: both write what their object says into
 * the kustomization file of the folder, and have kustomize build that. Sources: fluxcd/pkg `kustomize_generator.go`
 * (v1.44), argoproj/argo-cd `util/kustomize/kustomize.go`, `reposerver/repository/repository.go` (v3.0).
 */

/** A kustomization by itself, as a person builds it. */
export function plainBuild(files: RepositoryFiles, folder: string): Promise<Build> {
  return kustomizeBuild(picked(files, closureOf(files, folder)), folder)
}

/** One manifest file by itself, applied as it is. */
export function fileBuild(files: RepositoryFiles, path: string): Promise<Build> {
  return buildOf(picked(files, [path]), posix.dirname(path), { resources: [`./${posix.basename(path)}`] })
}

/** What Flux applies from a folder. Without an object of its own: what it does for a folder as such. */
export async function fluxBuild(files: RepositoryFiles, folder: string, applier?: JsonObject): Promise<Build> {
  const spec = mapAt(applier, 'spec')
  const source = withoutIgnored(files)
  const kustomization = readKustomization(source, folder) ?? { resources: generatedResources(source, folder) }
  const names = listAt(spec, 'components').filter((name) => typeof name === 'string')
  const extra = names.flatMap((name) => [...closureOf(source, posix.join(folder, name))])
  const build = await buildOf(picked(source, [...closureOf(source, folder), ...extra]), folder, {
    ...kustomization,
    ...set('namespace', spec['targetNamespace']),
    ...set('namePrefix', spec['namePrefix']),
    ...set('nameSuffix', spec['nameSuffix']),
    ...appended(kustomization, 'patches', listAt(spec, 'patches')),
    ...appended(kustomization, 'components', names),
    ...set('images', mergedImages(listAt(kustomization, 'images'), listAt(spec, 'images'))),
  })
  return build.objects === undefined
    ? build
    : { objects: build.objects.map((one) => substituted(withCommon(one, spec), spec)) }
}

/** What Argo CD applies from one source of an Application; a chart is not rendered, which is no error. */
export async function argoBuild(files: RepositoryFiles, source: JsonObject, application: JsonObject): Promise<Build> {
  const folder = posix.normalize(textAt(source, 'path') ?? '.').replace(/^\.?\/?$|\/$/u, '')
  const merged = withOverrides(files, folder, source, textAt(application, 'metadata', 'name') ?? '')
  if (files.has(posix.join(folder, 'Chart.yaml')) || valueAt(merged, 'helm') !== undefined) return { objects: [] }
  const kustomization = readKustomization(files, folder)
  const build =
    kustomization === undefined
      ? await directoryBuild(files, folder, mapAt(merged, 'directory'))
      : await argoKustomizeBuild(files, folder, argoKustomization(kustomization, mapAt(merged, 'kustomize')))
  const namespace = textAt(application, 'spec', 'destination', 'namespace')
  return build.objects === undefined ? build : { objects: build.objects.map((one) => inNamespace(one, namespace)) }
}

/** What is left of a chart's objects after the post-renderers of its HelmRelease. */
export async function helmBuild(chart: readonly JsonObject[], release: JsonObject): Promise<Build> {
  let objects = chart
  for (const renderer of listAt(release, 'spec', 'postRenderers')) {
    const content = Buffer.from(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
    const files = new Map([['all.json', { mode: '100644', content } as const]])
    const { patches, images } = mapAt(renderer, 'kustomize')
    const build = await buildOf(files, '', {
      resources: ['all.json'],
      ...set('patches', patches),
      ...set('images', images),
    })
    if (build.objects === undefined) return build
    objects = build.objects
  }
  return { objects }
}

function picked(files: RepositoryFiles, paths: Iterable<string>): Map<string, RepositoryFile> {
  const found = new Map<string, RepositoryFile>()
  for (const path of paths) {
    const file = files.get(path)
    if (file !== undefined) found.set(path, file)
  }
  return found
}

/** Builds a folder with this as its kustomization, instead of the one that is there. */
function buildOf(files: RepositoryFiles, folder: string, kustomization: JsonObject): Promise<Build> {
  const path = kustomizationIn(files, folder) ?? posix.join(folder, 'kustomization.yaml')
  const content = Buffer.from(JSON.stringify(kustomization))
  return kustomizeBuild(new Map(files).set(path, { mode: '100644', content }), folder)
}

function readKustomization(files: RepositoryFiles, folder: string): JsonObject | undefined {
  const path = kustomizationIn(files, folder)
  if (path === undefined) return undefined
  const value: unknown = parse(textOf(files.get(path)) ?? '', { logLevel: 'silent', merge: true })
  return isJsonObject(value) ? value : {}
}

/** What Flux leaves out of an artifact before any `.sourceignore`. */
const LEFT_OUT_BY_FLUX =
  '.gitignore .gitmodules .gitattributes .github/ .circleci/ .travis.yml .gitlab-ci.yml appveyor.yml .drone.yml cloudbuild.yaml codeship-services.yml codeship-steps.yml .goreleaser.yml .sops.yaml .flux.yaml'

function withoutIgnored(files: RepositoryFiles): RepositoryFiles {
  const lines = (textOf(files.get('.sourceignore')) ?? '').split('\n')
  const isIgnored = ignoredBy([...LEFT_OUT_BY_FLUX.split(' '), ...lines])
  const isKept = new Map([...files].filter(([path]) => !isIgnored(path)))
  return isKept.size === files.size ? files : isKept
}

function generatedResources(files: RepositoryFiles, folder: string): readonly string[] {
  const walk = (path: string): readonly string[] =>
    (foldersOf(files).get(posix.join(folder, path)) ?? []).flatMap((name) => {
      const below = posix.join(path, name)
      const full = posix.join(folder, below)
      if (files.has(full)) return /\.ya?ml$/u.test(name) ? [`./${below}`] : []
      return kustomizationIn(files, full) === undefined ? walk(below) : [`./${below}`]
    })
  return walk('')
}

async function directoryBuild(files: RepositoryFiles, folder: string, options: JsonObject): Promise<Build> {
  const [include, exclude] = ['include', 'exclude'].map((key) => {
    const glob = textAt(options, key)
    return glob === undefined ? undefined : argoGlobToRegExp(glob)
  })
  const names = [...files.keys()]
    .filter((path) => folder === '' || path.startsWith(`${folder}/`))
    .map((path) => (folder === '' ? path : path.slice(folder.length + 1)))
    .filter((name) => /\.(?:ya?ml|json)$/u.test(name) && (options['recurse'] === true || !name.includes('/')))
    .filter((name) => exclude?.test(name) !== true && include?.test(name) !== false)
  const manifests = names.filter((name) => /\bapiVersion\b/u.test(textOf(files.get(posix.join(folder, name))) ?? ''))
  if (manifests.length === 0) return { objects: [] }
  const paths = manifests.map((name) => posix.join(folder, name))
  return buildOf(picked(files, paths), folder, { resources: manifests.map((name) => `./${name}`) })
}

function argoKustomizeBuild(files: RepositoryFiles, folder: string, kustomization: JsonObject): Promise<Build> {
  const components = listAt(kustomization, 'components').filter((name) => typeof name === 'string')
  const extra = components.flatMap((name) => [...closureOf(files, posix.join(folder, name))])
  return buildOf(picked(files, [...closureOf(files, folder), ...extra]), folder, kustomization)
}

function argoKustomization(kustomization: JsonObject, options: JsonObject): JsonObject {
  const counts = listAt(options, 'replicas').map((one) => ({
    name: valueAt(one, 'name'),
    count: Number(valueAt(one, 'count')),
  }))
  return {
    ...kustomization,
    ...set('namespace', options['namespace']),
    ...set('namePrefix', options['namePrefix']),
    ...set('nameSuffix', options['nameSuffix']),
    ...set('replicas', setByName(listAt(kustomization, 'replicas'), counts)),
    ...set('images', setByName(listAt(kustomization, 'images'), listAt(options, 'images').map(imageOfText))),
    ...appended(kustomization, 'patches', listAt(options, 'patches')),
    ...appended(kustomization, 'components', listAt(options, 'components')),
    ...set('commonLabels', laidOver(kustomization, options, 'commonLabels')),
    ...set('commonAnnotations', laidOver(kustomization, options, 'commonAnnotations')),
  }
}

/** `kustomize edit set image` takes `name=other:tag`, `name:tag`, `name@digest` and `name=other`. */
function imageOfText(text: unknown): JsonObject {
  const [, name = '', newName, digest, newTag] =
    /^([^=@:]+(?::[0-9]+\/[^=@:]+)?)(?:=([^@:]+(?::[0-9]+\/[^@:]+)?))?(?:@(.+)|:(.+))?$/u.exec(String(text)) ?? []
  return { name, ...set('newName', newName), ...set('digest', digest), ...set('newTag', newTag) }
}

function withOverrides(files: RepositoryFiles, folder: string, source: JsonObject, name: string): unknown {
  return ['.argocd-source.yaml', `.argocd-source-${name}.yaml`].reduce((merged: unknown, file) => {
    const text = textOf(files.get(posix.join(folder, file)))
    return text === undefined ? merged : mergePatched(merged, parse(text))
  }, source)
}

function set(key: string, value: unknown): JsonObject {
  const isEmpty = value === undefined || value === '' || value === null || (Array.isArray(value) && value.length === 0)
  return isEmpty ? {} : { [key]: value }
}

function appended(kustomization: JsonObject, key: string, more: readonly unknown[]): JsonObject {
  return more.length === 0 ? {} : { [key]: [...listAt(kustomization, key), ...more] }
}

function laidOver(kustomization: JsonObject, options: JsonObject, key: string): JsonObject | undefined {
  return options[key] === undefined ? undefined : { ...mapAt(kustomization, key), ...mapAt(options, key) }
}

function setByName(present: readonly unknown[], wanted: readonly JsonObject[]): readonly unknown[] {
  const rest = present.filter((one) => !wanted.some(({ name }) => name === valueAt(one, 'name')))
  return wanted.length === 0 ? present : [...rest, ...wanted]
}

function mergedImages(present: readonly unknown[], wanted: readonly unknown[]): readonly unknown[] {
  return wanted.reduce((images: readonly unknown[], image) => {
    const index = images.findIndex((one) => valueAt(one, 'name') === valueAt(image, 'name'))
    if (index === -1) return [...images, image]
    const { newName, newTag, digest } = mapAt(image)
    const version = newTag === undefined && digest === undefined ? {} : { newTag, digest }
    const one = { ...mapAt(images[index]), ...set('newName', newName), ...version }
    return images.with(index, one)
  }, present)
}

function withCommon(object: JsonObject, spec: JsonObject): JsonObject {
  const { labels, annotations } = mapAt(spec, 'commonMetadata')
  if (labels === undefined && annotations === undefined) return object
  return mergePatched(object, {
    metadata: { ...set('labels', labels), ...set('annotations', annotations) },
  }) as JsonObject
}

/**
 * Post-build substitution as Flux does it, on the text of each object: what had been a text may become a number. A variable
 * that is neither given nor has a default stays; Flux would find it elsewhere, or fail.
 */
function substituted(object: JsonObject, spec: JsonObject): JsonObject {
  if (valueAt(spec, 'postBuild') === undefined) return object
  const mark = 'kustomize.toolkit.fluxcd.io/substitute'
  const isLeftAlone = ['annotations', 'labels'].some((where) => textAt(object, 'metadata', where, mark) === 'disabled')
  const text = stringify(object)
  if (isLeftAlone || !text.includes('${')) return object
  const variables = mapAt(spec, 'postBuild', 'substitute')
  const filled = text.replaceAll(/\$\{(\w+)(?::?[=-]([^}]*))?\}/gu, (whole, name: string, otherwise?: string) => {
    const value = variables[name] ?? otherwise
    return typeof value === 'string' || typeof value === 'number' ? String(value) : whole
  })
  return parse(filled) as JsonObject
}

/** Kinds without a namespace, which a destination's namespace leaves alone. */
const CLUSTER_WIDE = new Set(
  'Namespace Node PersistentVolume ClusterRole ClusterRoleBinding CustomResourceDefinition StorageClass PriorityClass ValidatingWebhookConfiguration MutatingWebhookConfiguration APIService IngressClass'.split(
    ' ',
  ),
)

function inNamespace(object: JsonObject, namespace: string | undefined): JsonObject {
  const isBlank =
    textAt(object, 'metadata', 'namespace') === undefined && !CLUSTER_WIDE.has(textAt(object, 'kind') ?? '')
  return isBlank && namespace !== undefined ? (mergePatched(object, { metadata: { namespace } }) as JsonObject) : object
}
