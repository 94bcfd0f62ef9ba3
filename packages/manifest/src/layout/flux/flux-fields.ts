import { fieldAt, fieldOf, listAt, textAt, type JsonObject, textsAt } from '../json-value.ts'
import { imageOf, patchOf, type ImageChange, type KustomizationFile } from '../kustomize/kustomization-file.ts'

/** API group of Flux's Kustomization. */
export const FLUX_KUSTOMIZE = 'kustomize.toolkit.fluxcd.io'

/**
 * A kustomization as Flux changes it before it builds it: what `spec` of the Flux Kustomization says is added to it, it is
 * no layer around it. Source: `GenerateManifest` in fluxcd/pkg/kustomize.
 */
export function withFluxFields(
  file: KustomizationFile,
  flux: JsonObject,
  hasFolder: (path: string) => boolean,
): KustomizationFile {
  const spec = fieldOf(flux, 'spec') ?? null
  const ignoreMissing = fieldOf(spec, 'ignoreMissingComponents') === true
  const components = textsAt(spec, ['components']).filter((component) => !ignoreMissing || hasFolder(component))
  return {
    ...file,
    namespace: textAt(spec, ['targetNamespace']) ?? file.namespace,
    namePrefix: textAt(spec, ['namePrefix']) ?? file.namePrefix,
    nameSuffix: textAt(spec, ['nameSuffix']) ?? file.nameSuffix,
    patches: [...file.patches, ...listAt(spec, ['patches']).map(patchOf)],
    components: [...file.components, ...components],
    patchesStrategicMerge: [
      ...file.patchesStrategicMerge,
      ...listAt(spec, ['patchesStrategicMerge']).map((patch) => JSON.stringify(patch)),
    ],
    patchesJson6902: [
      ...file.patchesJson6902,
      ...listAt(spec, ['patchesJson6902']).map((entry) => ({
        ...patchOf(entry),
        patch: JSON.stringify(fieldOf(entry, 'patch') ?? []),
      })),
    ],
    images: listAt(spec, ['images']).map(imageOf).reduce(withImage, file.images),
  }
}

/** An entry of the same name is changed in place; tag and digest change together. */
function withImage(images: readonly ImageChange[], image: ImageChange): readonly ImageChange[] {
  const index = images.findIndex(({ name }) => name === image.name)
  const known = images[index]
  if (known === undefined) return [...images, image]
  const version = image.newTag === '' && image.digest === '' ? known : image
  const changed = { ...known, newName: image.newName || known.newName, newTag: version.newTag, digest: version.digest }
  return images.with(index, changed)
}

/** Labels and annotations that Flux sets on every object it applies. */
export function commonMetadataOf(flux: JsonObject): { readonly labels: JsonObject; readonly annotations: JsonObject } {
  const pick = (field: string): JsonObject => {
    const value = fieldAt(flux, ['spec', 'commonMetadata', field])
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
  }
  return { labels: pick('labels'), annotations: pick('annotations') }
}
