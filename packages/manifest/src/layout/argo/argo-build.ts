import { leadValue } from '../discovery.ts'
import type { BuildReads } from '../build-reads.ts'
import { fieldOf, listAt, textAt, type JsonObject, type JsonValue, textsAt } from '../json-value.ts'
import { resourcesOf } from '../kustomize/build-kustomization.ts'
import { isClusterScoped } from '../kustomize/cluster-scope.ts'
import {
  imageOf,
  pairsOf,
  patchOf,
  replicasOf,
  type ImageChange,
  type KustomizationFile,
} from '../kustomize/kustomization-file.ts'
import { setMetadata } from '../kustomize/name-transforms.ts'
import { splitImage } from '../kustomize/field-transforms.ts'
import { ResourceSet } from '../kustomize/resource-set.ts'
import type { Resource } from '../kustomize/resource.ts'
import type { Root } from '../layout-model.ts'
import { argoSourceOf } from './argo-source.ts'
import { matchesGlob } from './glob.ts'

/** Where an application's kustomization lies. */
export interface ArgoPlace {
  readonly reads: BuildReads
  readonly path: string
}

/**
 * A kustomization as Argo CD changes it by `kustomize edit` before it builds it. Source: util/kustomize/kustomize.go of
 * Argo CD.
 */
export function withArgoFields(file: KustomizationFile, application: JsonObject, place: ArgoPlace): KustomizationFile {
  const kustomize = fieldOf(argoSourceOf(application, place), 'kustomize') ?? null
  const replicas = listAt(kustomize, ['replicas']).map(replicasOf)
  const includeSelectors = fieldOf(kustomize, 'labelWithoutSelector') !== true
  const labels = pairsOf(fieldOf(kustomize, 'commonLabels'))
  return {
    ...file,
    namePrefix: textAt(kustomize, ['namePrefix']) || file.namePrefix,
    nameSuffix: textAt(kustomize, ['nameSuffix']) || file.nameSuffix,
    namespace: textAt(kustomize, ['namespace']) || file.namespace,
    replicas: [...file.replicas.filter(({ name }) => !replicas.some((one) => one.name === name)), ...replicas],
    images: listAt(kustomize, ['images']).map(imageFromText).reduce(withImage, file.images),
    labels:
      Object.keys(labels).length === 0
        ? file.labels
        : [...file.labels, { pairs: labels, includeSelectors, includeTemplates: false, fields: [] }],
    commonAnnotations: { ...file.commonAnnotations, ...pairsOf(fieldOf(kustomize, 'commonAnnotations')) },
    components: [...file.components, ...textsAt(kustomize, ['components'])],
    patches: [...file.patches, ...listAt(kustomize, ['patches']).map(patchOf)],
  }
}

/** `name=new:tag`, `name:tag` or `name@digest`, as `kustomize edit set image` takes it. */
function imageFromText(value: JsonValue): ImageChange {
  const text = typeof value === 'string' ? value : ''
  const [before, after] = text.includes('=') ? text.split('=', 2) : [undefined, text]
  const { name, tag, digest } = splitImage(after ?? '')
  const image = imageOf({ name: before ?? name, newTag: tag, digest })
  return before === undefined ? image : { ...image, newName: name }
}

function withImage(images: readonly ImageChange[], image: ImageChange): readonly ImageChange[] {
  const index = images.findIndex(({ name }) => name === image.name)
  const known = images[index]
  return known === undefined
    ? [...images, image]
    : images.with(index, { ...image, newName: image.newName || known.newName })
}

/** A folder without kustomization and chart: every manifest, JSON too, by the application's own rules. */
export function argoDirectory(reads: BuildReads, root: Root): ResourceSet {
  const application = root.applier === undefined ? {} : leadValue(root.applier.object)
  const directory = fieldOf(argoSourceOf(application, { reads, path: root.path }), 'directory') ?? null
  const recurse = fieldOf(directory, 'recurse') === true
  const [include, exclude] = [textAt(directory, ['include']) ?? '', textAt(directory, ['exclude']) ?? '']
  const set = new ResourceSet()
  const prefix = root.path === '' ? '' : `${root.path}/`
  for (const path of reads.list(root.path)) {
    const relative = path.slice(prefix.length)
    if (relative.endsWith('.jsonnet')) reads.report('LAYOUT_UNSUPPORTED', path, 'is written in Jsonnet')
    if (!/\.(?:ya?ml|json)$/u.test(relative) || (!recurse && relative.includes('/'))) continue
    if (exclude !== '' && matchesGlob(exclude, relative)) continue
    if (include !== '' && !matchesGlob(include, relative)) continue
    addFileOf(reads, path, set)
  }
  return set
}

function addFileOf(reads: BuildReads, path: string, set: ResourceSet): void {
  const facts = reads.facts(path)
  if (facts === undefined) return
  if (facts.fault !== undefined) {
    set.unknown = true
    reads.report(facts.fault.code, path, facts.fault.message)
    return
  }
  set.addLoose(resourcesOf(reads, path, facts))
}

/** Argo CD gives the namespace of its destination to what has none. */
export function withDestination(resource: Resource, application: JsonObject): void {
  const namespace = textAt(application, ['spec', 'destination', 'namespace'])
  if (namespace === undefined || namespace === '' || resource.namespace !== '') return
  if (isClusterScoped(resource.apiVersion, resource.kind)) return
  resource.namespace = namespace
  resource.change((value) => {
    setMetadata(value, 'namespace', namespace)
    return value
  })
}
