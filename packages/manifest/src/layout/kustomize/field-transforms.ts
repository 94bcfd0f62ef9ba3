import { isMutableObject, setField, type MutableJson, type MutableObject } from '../json-value.ts'
import { BuildFault } from './build-fault.ts'
import { visitField, type FieldSpec } from './field-spec.ts'
import { COMMON_ANNOTATIONS, COMMON_LABELS, IMAGES, REPLICAS, TEMPLATE_LABELS } from './field-specs.ts'
import { anchoredPattern } from './pattern.ts'
import type { ImageChange, LabelsEntry, ReplicasEntry } from './kustomization-file.ts'
import type { ResourceSet } from './resource-set.ts'
import { isOfKind, type Resource } from './resource.ts'

/** `labels`: entry by entry, in the places that each asks for. */
export function addLabels(set: ResourceSet, entries: readonly LabelsEntry[]): void {
  for (const { pairs, includeSelectors, includeTemplates, fields } of entries) {
    const specs = [
      ...fields,
      ...(includeSelectors ? COMMON_LABELS : []),
      ...(!includeSelectors && includeTemplates ? TEMPLATE_LABELS : []),
      { path: 'metadata/labels', create: true },
    ]
    setPairs(set, pairs, specs)
  }
}

/** `commonLabels`: on objects, pod templates and selectors. */
export function addCommonLabels(set: ResourceSet, labels: Readonly<Record<string, string>>): void {
  setPairs(set, labels, COMMON_LABELS)
}

/** `commonAnnotations`: on objects and pod templates. */
export function addCommonAnnotations(set: ResourceSet, annotations: Readonly<Record<string, string>>): void {
  setPairs(set, annotations, COMMON_ANNOTATIONS)
}

/** Sets entries in all maps that the specs lead to. */
export function setPairs(set: ResourceSet, pairs: Readonly<Record<string, string>>, specs: readonly FieldSpec[]): void {
  if (Object.keys(pairs).length === 0) return
  const change = (value: MutableObject): MutableObject => {
    for (const spec of specs) {
      visitField(value, { spec, creation: 'object' }, (slot) => {
        if (!isMutableObject(slot.value)) return
        for (const [key, text] of Object.entries(pairs)) setField(slot.value, key, text)
      })
    }
    return value
  }
  for (const resource of set.all) {
    sharePairs(resource, pairs)
    resource.change(change)
  }
}

/** Another value for a pair that is set already may end in more places than those of this transformer. */
function sharePairs(resource: Resource, pairs: Readonly<Record<string, string>>): void {
  for (const [key, text] of Object.entries(pairs)) {
    if ((resource.sharedPairs.get(key) ?? text) !== text) resource.uncertain.push(sharedNote(key))
    resource.sharedPairs.set(key, text)
  }
}

/** Why an object is uncertain whose label or annotation was set by a transformer and changes later. */
export function sharedNote(key: string): string {
  return `${key} is one node in several places: kustomize has labels that write ${SHARED_PLACES} of it`
}

const SHARED_PLACES = 'metadata.labels, metadata.annotations, spec.template.metadata, spec.jobTemplate, spec.selector'

/**
 * `replicas`: by any name that an object has or had, in every namespace; only kinds that kustomize knows. A name that
 * nothing has ends the build.
 */
export function setReplicas(set: ResourceSet, { name, count }: ReplicasEntry, path: string): void {
  const fitting = set.all.filter((resource) =>
    resource.ids.some((id) => id.name === name && REPLICAS.some((spec) => isOfKind(id, spec))),
  )
  if (fitting.length === 0 && !set.unknown) throw new BuildFault(path, `replicas: nothing is called ${name}`)
  for (const resource of fitting) {
    resource.change((value) => {
      for (const spec of REPLICAS) visitField(value, { spec, creation: 'text' }, (slot) => slot.put(count))
      return value
    })
  }
}

/**
 * `images`: names, tags and digests of the images of containers anywhere in an object, and then once more of those in the
 * known places (so that a `tagSuffix` is added there twice). Source: `ImageTagTransformer`.
 */
export function setImage(set: ResourceSet, image: ImageChange, path: string): void {
  const fits = imagePattern(image.name, path)
  const changed = (written: MutableJson): MutableJson =>
    typeof written === 'string' && fits(written) ? changedImage(written, image) : written
  const change = (value: MutableObject): MutableObject => {
    if (value['kind'] === 'CustomResourceDefinition') return value
    changeContainers(value, changed)
    for (const spec of IMAGES) visitField(value, { spec, creation: 'none' }, (slot) => slot.put(changed(slot.value)))
    return value
  }
  for (const resource of set.all) resource.change(change)
}

function changeContainers(value: MutableJson, changed: (image: MutableJson) => MutableJson): void {
  if (Array.isArray(value)) for (const item of value) changeContainers(item, changed)
  if (!isMutableObject(value)) return
  for (const [key, entry] of Object.entries(value)) {
    changeContainers(entry, changed)
    if ((key !== 'containers' && key !== 'initContainers') || !Array.isArray(entry)) continue
    for (const item of entry) {
      if (isMutableObject(item) && Object.hasOwn(item, 'image')) setField(item, 'image', changed(item['image'] ?? null))
    }
  }
}

/** The name of an entry is a regular expression, though few know. */
function imagePattern(name: string, path: string): (image: string) => boolean {
  const fits = anchoredPattern(`(?:${name})(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?`)
  if (fits === undefined) throw new BuildFault(path, 'images: a name is no regular expression')
  return fits
}

function changedImage(image: string, { newName, newTag, digest, tagSuffix }: ImageChange): string {
  const written = splitImage(image)
  let version = { tag: written.tag, digest: written.digest }
  if (newTag !== '' || digest !== '') version = { tag: newTag, digest }
  else if (tagSuffix !== '') version = { tag: `${written.tag}${tagSuffix}`, digest: '' }
  const tag = version.tag === '' ? '' : `:${version.tag}`
  return `${newName || written.name}${tag}${version.digest === '' ? '' : `@${version.digest}`}`
}

/** Takes an image reference apart; a colon before the first slash belongs to a port. */
export function splitImage(image: string): { readonly name: string; readonly tag: string; readonly digest: string } {
  const from = Math.max(0, image.indexOf('/'))
  const at = image.indexOf('@', from)
  const colon = image.indexOf(':', from)
  if (at < 0 && colon < 0) return { name: image, tag: '', digest: '' }
  if (at >= 0 && (colon < 0 || at < colon)) return { name: image.slice(0, at), tag: '', digest: image.slice(at + 1) }
  const end = at < 0 ? image.length : at
  return { name: image.slice(0, colon), tag: image.slice(colon + 1, end), digest: at < 0 ? '' : image.slice(at + 1) }
}
