import { asResponseError } from '@saker/core'
import type { BuildReads } from '../build-reads.ts'
import { documentsOf, identityOf, objectValuesOf } from '../file-facts.ts'
import {
  fieldOf,
  isMutableObject,
  isObject,
  plainText,
  setField,
  textAt,
  type JsonObject,
  type JsonValue,
  type MutableObject,
} from '../json-value.ts'
import { resolvePath } from '../repository-files.ts'
import { writeAnnotationsAnew } from './annotations.ts'
import { BuildFault } from './build-fault.ts'
import type { LocatedKustomization } from './build-kustomization.ts'
import { sharedNote } from './field-transforms.ts'
import { applyJsonPatch } from './json-patch.ts'
import type { PatchEntry, PatchTarget } from './kustomization-file.ts'
import { setMetadata } from './name-transforms.ts'
import { unknownResource } from './unknown-resource.ts'
import { Resource } from './resource.ts'
import type { ResourceSet } from './resource-set.ts'
import { selectResources } from './select-resources.ts'
import { applyStrategicMerge } from './strategic-merge.ts'

/** Where patches are applied, and what they are applied to. */
interface Patching {
  readonly reads: BuildReads
  readonly located: LocatedKustomization
  readonly set: ResourceSet
  /** The file that has the patch, for messages. */
  readonly path: string
}

function patching(reads: BuildReads, located: LocatedKustomization, set: ResourceSet): Patching {
  return { reads, located, set, path: located.path ?? located.folder }
}

/** `patches`: strategic merges with or without a target, JSON patches with one. */
export function applyPatches(reads: BuildReads, located: LocatedKustomization, set: ResourceSet): void {
  const context = patching(reads, located, set)
  for (const entry of located.file.patches) applyEntry(context, entry)
}

/** `patchesStrategicMerge`: each is the patch itself or a file. */
export function applyPatchesStrategicMerge(reads: BuildReads, located: LocatedKustomization, set: ResourceSet): void {
  const context = patching(reads, located, set)
  for (const written of located.file.patchesStrategicMerge) {
    const inline = mergePatchesIn(parsedInline(written))
    const patches = inline ?? mergePatchesIn(documentsIn(context, { path: written, patch: '' }))
    if (patches === undefined)
      throw new BuildFault(context.path, 'patchesStrategicMerge has something that is no patch')
    for (const patch of patches) mergeByIdentity(context, withPlainMetadata(patch), NO_OPTIONS)
  }
}

/** `patchesJson6902`: like JSON patches in `patches`, but applied after names and labels. */
export function applyPatchesJson6902(reads: BuildReads, located: LocatedKustomization, set: ResourceSet): void {
  const context = patching(reads, located, set)
  for (const { path, patch, target } of located.file.patchesJson6902) {
    const operations = operationsIn(documentsIn(context, { path, patch }))
    if (operations === undefined)
      throw new BuildFault(context.path, 'patchesJson6902 has something that is no JSON patch')
    if (target === undefined || target.name === '') throw new BuildFault(context.path, 'a JSON patch has no target')
    patchByJson(context, { operations, target, storeId: false })
  }
}

interface Options {
  readonly allowNameChange: boolean
  readonly allowKindChange: boolean
}

const NO_OPTIONS: Options = { allowNameChange: false, allowKindChange: false }

function applyEntry(context: Patching, entry: PatchEntry): void {
  const { set, path } = context
  const { target } = entry
  if ((entry.path === '') === (entry.patch.trim() === ''))
    throw new BuildFault(path, 'a patch needs one of path and patch')
  const documents = documentsIn(context, entry)
  const operations = operationsIn(documents)
  if (operations !== undefined) {
    if (target === undefined) throw new BuildFault(path, 'a JSON patch has no target')
    patchByJson(context, { operations, target, storeId: true })
    return
  }
  const patches = mergePatchesIn(documents)
  const [patch, second] = patches ?? []
  if (patches === undefined || patch === undefined)
    throw new BuildFault(path, 'a patch is neither a merge nor a JSON patch')
  if (target === undefined) {
    for (const one of patches) mergeByIdentity(context, one, entry)
    return
  }
  if (second !== undefined) throw new BuildFault(path, 'a patch with a target has several documents')
  const plain = withPlainMetadata(patch)
  for (const resource of selectedBy(context, target)) mergeInto(set, resource, { patch: plain, options: entry, path })
}

/** Objects that a target selects; one that it names may be among those that are not known. */
function selectedBy({ set, path, reads }: Patching, target: PatchTarget): readonly Resource[] {
  const selected = selectResources(set.all, target, path)
  if (selected.length > 0 || !set.unknown) return selected
  const resource = unknownResource(target, { repository: reads.repository, path })
  if (resource === undefined) return []
  set.addAll([resource], path)
  return [resource]
}

function documentsIn(context: Patching, { path, patch }: Pick<PatchEntry, 'path' | 'patch'>): readonly JsonValue[] {
  if (path === '') return parsed(patch.trim(), context.path)
  const file = resolvePath(context.located.folder, path)
  const content = file === undefined ? undefined : context.reads.read(file)
  if (file === undefined || content === undefined) throw new BuildFault(context.path, 'a patch file is not there')
  if ('fault' in content) throw new BuildFault(file, content.fault.message, content.fault.code)
  return parsed(content.text, file)
}

function parsed(text: string, path: string): readonly JsonValue[] {
  try {
    return documentsOf(text, path).filter((document) => document !== null)
  } catch (thrown) {
    const { code, message } = asResponseError(thrown)
    throw new BuildFault(path, message, code)
  }
}

function parsedInline(text: string): readonly JsonValue[] {
  try {
    return documentsOf(text, '').filter((document) => document !== null)
  } catch {
    return []
  }
}

/** Undefined when it is no JSON patch. */
function operationsIn(documents: readonly JsonValue[]): readonly JsonValue[] | undefined {
  const [first] = documents
  return Array.isArray(first) ? (first as readonly JsonValue[]) : undefined
}

/** Undefined when one of the documents is no patch: each has to name its object. */
function mergePatchesIn(documents: readonly JsonValue[]): readonly JsonObject[] | undefined {
  if (documents.length === 0 || documents.some((document) => !isMutableObject(document as MutableObject)))
    return undefined
  const patches = objectValuesOf(documents)
  return patches.every((patch) => textAt(patch, ['kind']) && textAt(patch, ['metadata', 'name'])) ? patches : undefined
}

/** A merge without target is for exactly one object, by any id that it has or had. */
function mergeByIdentity(context: Patching, patch: JsonObject, options: Options): void {
  const { set, path, reads } = context
  const identity = identityOf(patch)
  if (identity === undefined) throw new BuildFault(path, 'a patch names no object')
  const source = {
    identity,
    origin: { repository: reads.repository, path, remote: 'a remote base' },
    read: () => patch,
  }
  const [resource, second] = set.withId(new Resource(source).id)
  if (second !== undefined)
    throw new BuildFault(path, `a patch for ${identity.kind} ${identity.name} fits several objects`)
  if (resource !== undefined) {
    mergeInto(set, resource, { patch, options, path })
    return
  }
  if (!set.unknown) throw new BuildFault(path, `there is no ${identity.kind} ${identity.name} for a patch`)
  const unknown = unknownResource(
    { ...identity, ...groupless(identity.apiVersion) },
    { repository: reads.repository, path },
  )
  if (unknown === undefined) return
  set.addAll([unknown], path)
  mergeInto(set, unknown, { patch, options, path })
}

/** Kustomize takes the labels and annotations of such patches for texts, an empty map for none, and null for a word. */
function withPlainMetadata(patch: JsonObject): JsonObject {
  const metadata = fieldOf(patch, 'metadata')
  if (!isObject(metadata)) return patch
  const { labels, annotations, ...rest } = metadata
  const plain = (field: string, value: JsonValue | undefined): JsonObject => {
    if (!isObject(value) || Object.keys(value).length === 0) return {}
    return { [field]: Object.fromEntries(Object.entries(value).map(([key, text]) => [key, plainText(text) ?? 'null'])) }
  }
  return { ...patch, metadata: { ...rest, ...plain('labels', labels), ...plain('annotations', annotations) } }
}

function groupless(apiVersion: string): { group: string; version: string } {
  const [version = '', group = ''] = apiVersion.split('/').toReversed()
  return { group, version }
}

interface Merging {
  readonly patch: JsonObject
  readonly options: Options
  readonly path: string
}

/** A merge keeps kind, name and namespace, unless its options say otherwise. */
function mergeInto(set: ResourceSet, resource: Resource, { patch, options, path }: Merging): void {
  const { allowNameChange, allowKindChange } = options
  if (allowNameChange || allowKindChange) resource.storeId()
  if (patch['$patch'] === 'delete') {
    set.remove(resource)
    return
  }
  for (const [key, value] of pairsIn(patch, '')) {
    const shared = resource.sharedPairs.get(key)
    if (shared !== undefined && shared !== value) resource.uncertain.push(sharedNote(key))
  }
  const { apiVersion, kind, name, namespace } = resource
  resource.change((value) => {
    const typed: JsonObject = { ...patch, apiVersion, kind: allowKindChange ? (patch['kind'] ?? kind) : kind }
    const merged = merging(path, () => applyStrategicMerge(value, typed)) ?? {}
    if (!allowNameChange) setMetadata(merged, 'name', name)
    if (namespace !== '') setMetadata(merged, 'namespace', namespace)
    else if (isMutableObject(merged['metadata'])) delete merged['metadata']['namespace']
    return merged
  })
  if (allowNameChange || allowKindChange) resource.rereadIdentity()
}

const PAIRS = new Set(['labels', 'annotations', 'matchLabels', 'selector'])

/** Entries of all labels, annotations and selectors in a patch, wherever they stand. */
function pairsIn(value: JsonValue, key: string): readonly (readonly [key: string, value: JsonValue])[] {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).flatMap((item) => pairsIn(item, ''))
  if (!isObject(value)) return []
  const own = PAIRS.has(key) ? Object.entries(value) : []
  return [...own, ...Object.entries(value).flatMap(([name, entry]) => pairsIn(entry, name))]
}

function merging<T>(path: string, apply: () => T): T {
  try {
    return apply()
  } catch (thrown) {
    throw new BuildFault(path, thrown instanceof Error ? thrown.message : 'a patch cannot be applied')
  }
}

interface JsonPatching {
  readonly operations: readonly JsonValue[]
  readonly target: PatchTarget
  readonly storeId: boolean
}

function patchByJson(context: Patching, { operations, target, storeId }: JsonPatching): void {
  const { path } = context
  for (const resource of selectedBy(context, target)) {
    if (storeId) resource.storeId()
    // what goes through JSON comes back as nodes of its own
    resource.sharedPairs.clear()
    // Kustomize keeps what it knows of an object among its annotations, so that a patch finds some to add to.
    const hasNotes = resource.previous.length > 0 || resource.needsHash || resource.behavior !== undefined
    resource.change((value) => {
      if (hasNotes) setField(value, 'metadata', withAnnotations(value))
      return writeAnnotationsAnew(merging(path, () => applyJsonPatch(value, operations)))
    })
    if ('remote' in resource.origin) continue
    // a failing operation ends the whole build, so it has to be found out now
    resource.rereadIdentity()
  }
}

function withAnnotations(value: MutableObject): MutableObject {
  const metadata = isMutableObject(value['metadata']) ? value['metadata'] : {}
  if (!isMutableObject(metadata['annotations'])) setField(metadata, 'annotations', {})
  return metadata
}
