import { posix } from 'node:path'
import { ResponseError } from '@saker/core'
import { documentsOf } from '../layout/file-facts.ts'
import { fieldOf, isObject, listAt, textAt, type JsonObject, type JsonValue } from '../layout/json-value.ts'
import type { BuiltObject, Layer, Layout } from '../layout/layout-model.ts'
import { applyChanges } from '../yaml/apply-changes.ts'
import type { Change, Step } from '../yaml/change.ts'
import { openManifest } from '../yaml/open-manifest.ts'
import type { Candidate } from './candidate.ts'
import { reachOfEntry } from './entry-reach.ts'
import { documentsAt } from './file-changes.ts'
import { imageEntryChanges } from './image-entry.ts'
import { isList } from './json-list.ts'
import { pointerTo } from './json-pointer.ts'
import { stepsIn, valueAt, type Wanted } from './wanted.ts'

type Setting = Extract<Wanted, { op: 'set' }>

/**
 * Edits of what the overlays say about a field already, the strongest first: an entry of `replicas` or `images`, or a patch
 * that sets it. Such an entry would win over any edit below it, so it is the one that is changed.
 */
export function existingEntries(layout: Layout, object: BuiltObject, wanted: Wanted): readonly Candidate[] {
  if (wanted.op !== 'set') return []
  return object.layers.toReversed().flatMap((layer) => {
    const value = documentsAt(layout, layer)[0]
    if (!isObject(value)) return []
    const kustomization = { layer, value }
    return [
      ...replicasEntries(kustomization, object, wanted),
      ...imagesEntries(kustomization, object, wanted),
      ...patchEntries(layout, kustomization, { object, wanted }),
    ]
  })
}

interface Kustomization {
  readonly layer: Layer
  readonly value: JsonObject
}

function candidateIn({ repository, path }: Layer, layer: Candidate['layer'], changes: readonly Change[]): Candidate {
  return { layer, path, edits: [{ repository, path, changes }] }
}

function inFile(...steps: readonly Step[]): { readonly documentIndex: number; readonly steps: readonly Step[] } {
  return { documentIndex: 0, steps }
}

function isStep(at: Setting['at'], ...keys: readonly string[]): boolean {
  return at.length === keys.length && keys.every((key, index) => at[index] === key)
}

function replicasEntries({ layer, value }: Kustomization, object: BuiltObject, wanted: Setting): readonly Candidate[] {
  if (!isStep(wanted.at, 'spec', 'replicas')) return []
  // The last of several entries wins; names are those of any stage of the build, and the proof tells which one fits.
  return lastFirst(listAt(value, ['replicas'])).flatMap(([index, entry]) =>
    mayBeNameOf(object, textAt(entry, ['name']))
      ? [
          {
            ...candidateIn(layer, 'replicas', [
              { op: 'set', at: inFile('replicas', index, 'count'), value: wanted.value },
            ]),
            reaches: reachOfEntry(layer, object),
          },
        ]
      : [],
  )
}

function imagesEntries({ layer, value }: Kustomization, object: BuiltObject, wanted: Setting): readonly Candidate[] {
  const { value: image } = wanted
  if (wanted.at.at(-1) !== 'image' || typeof image !== 'string') return []
  const present = valueAt(object.value(), wanted.at)
  return lastFirst(listAt(value, ['images'])).flatMap(([index, entry]) => {
    const changes = imageEntryChanges(entry, { present, wanted: image })
    return changes.length === 0
      ? []
      : [
          candidateIn(
            layer,
            'in-place',
            changes.map((one) => ({ ...one, at: inFile('images', index, one.key) })),
          ),
        ]
  })
}

/** Whether a name can be that of the object at some stage: prefixes and suffixes only ever grow it. */
function mayBeNameOf(object: BuiltObject, name: string | undefined): boolean {
  return name !== undefined && name !== '' && object.identity.name.includes(name)
}

function lastFirst(list: readonly JsonValue[]): readonly (readonly [index: number, item: JsonValue])[] {
  return list.map((item, index) => [index, item] as const).toReversed()
}

interface Search {
  readonly object: BuiltObject
  readonly wanted: Setting
}

/** Where a patch stands in a kustomization: as text in it, or in a file of its own. */
type PatchText = { readonly target?: JsonValue } & (
  | { readonly text: string; readonly at: readonly Step[] }
  | { readonly file: string }
)

function patchEntries(layout: Layout, { layer, value }: Kustomization, search: Search): readonly Candidate[] {
  return patchTexts(value).flatMap((patch): readonly Candidate[] => {
    const reaches = reachOfEntry(layer, search.object, patch.target)
    if ('file' in patch) {
      const path = posix.normalize(posix.join(posix.dirname(layer.path), patch.file))
      const text = layout.textOf({ repository: layer.repository, path })
      if (text === undefined) return []
      return changesInPatch(text, path, search).map((changes) => ({
        layer: 'in-place',
        path,
        edits: [{ repository: layer.repository, path, changes }],
        reaches,
      }))
    }
    return changesInPatch(patch.text, layer.path, search).flatMap((changes) => {
      const edited = editedText(patch.text, layer.path, changes)
      return edited === undefined
        ? []
        : [{ ...candidateIn(layer, 'patch', [{ op: 'set', at: inFile(...patch.at), value: edited }]), reaches }]
    })
  })
}

/** All patches of a kustomization, those that are applied last first. */
function patchTexts(value: JsonObject): readonly PatchText[] {
  const entries = (key: string): readonly PatchText[] =>
    lastFirst(listAt(value, [key])).flatMap(([index, entry]): readonly PatchText[] => {
      const text = textAt(entry, ['patch'])
      const file = textAt(entry, ['path'])
      const target = fieldOf(entry, 'target')
      const aim = target === undefined ? {} : { target }
      if (text !== undefined && text !== '') return [{ ...aim, text, at: [key, index, 'patch'] }]
      return file === undefined ? [] : [{ ...aim, file }]
    })
  const merges = lastFirst(listAt(value, ['patchesStrategicMerge'])).flatMap(([index, entry]): readonly PatchText[] => {
    if (typeof entry !== 'string') return []
    return entry.includes('\n') ? [{ text: entry, at: ['patchesStrategicMerge', index] }] : [{ file: entry }]
  })
  return [...entries('patchesJson6902'), ...entries('patches'), ...merges]
}

/** Ways to change a patch that sets the field. One for each document or operation that does. */
function changesInPatch(text: string, path: string, { object, wanted }: Search): readonly (readonly Change[])[] {
  let documents: readonly JsonValue[]
  try {
    documents = documentsOf(text, path)
  } catch (thrown) {
    if (thrown instanceof ResponseError) return []
    throw thrown
  }
  const whole = stepsIn(object.value(), wanted.at)
  const pointer = whole === undefined ? undefined : pointerTo(whole)
  return documents.flatMap((document, documentIndex): readonly (readonly Change[])[] => {
    const set = (steps: readonly Step[]): readonly Change[] => [
      { op: 'set', at: { documentIndex, steps }, value: wanted.value },
    ]
    if (isList(document)) {
      return lastFirst(document).flatMap(([index, operation]) => {
        const op = textAt(operation, ['op'])
        const isSetting = (op === 'add' || op === 'replace') && textAt(operation, ['path']) === pointer
        return isSetting ? [set([index, 'value'])] : []
      })
    }
    const steps = stepsIn(document, wanted.at)
    if (steps === undefined || valueAt(document, wanted.at) === undefined || !mayFit(document, object)) return []
    return [set(steps)]
  })
}

function mayFit(document: JsonValue, object: BuiltObject): boolean {
  const kind = fieldOf(document, 'kind')
  return kind === undefined || kind === object.identity.kind
}

function editedText(text: string, path: string, changes: readonly Change[]): string | undefined {
  try {
    return applyChanges(openManifest(text, path), changes).text
  } catch (thrown) {
    if (thrown instanceof ResponseError) return undefined
    throw thrown
  }
}
