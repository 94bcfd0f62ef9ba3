import { ResponseError } from '@saker/core'
import { BuildFault } from '../layout/kustomize/build-fault.ts'
import { groupVersionOf } from '../layout/kustomize/cluster-scope.ts'
import { pairsOf, targetOf, type PatchTarget } from '../layout/kustomize/kustomization-file.ts'
import { matchesSelector } from '../layout/kustomize/label-selector.ts'
import { anchoredPattern } from '../layout/kustomize/pattern.ts'
import { fieldAt, type JsonValue } from '../layout/json-value.ts'
import type { BuiltObject, Layer, Layout, LayoutPlace } from '../layout/layout-model.ts'
import type { Candidate } from './candidate.ts'
import { isSameIdentity, titleOf } from './proof.ts'

/**
 * Refuses an edit of what makes other objects of the same build too, even where something overrides it for them today: it may
 * be taken away tomorrow, as an undo does, and then they change with it.
 */
export function refuseSharedInBuild(layout: Layout, candidate: Candidate, own: BuiltObject): ResponseError | undefined {
  const isOrigin = candidate.edits.some((edit) => isAt(edit, own.origin))
  if (!isOrigin && candidate.reaches === undefined) return undefined
  const reaches = (other: BuiltObject): boolean =>
    (isOrigin && isSameOrigin(other, own)) || candidate.reaches?.(other) === true
  return refuseReach(layout, own, { path: candidate.path, reaches })
}

/** Refuses a new patch for an object whose target also selects others of its build. */
export function refuseBroadTarget(layout: Layout, own: BuiltObject, target: JsonValue): ResponseError | undefined {
  const { path } = own.root.applier?.object.origin ?? own.root
  return refuseReach(layout, own, { path, reaches: selectedBy(target, path) })
}

interface Reach {
  readonly path: string
  readonly reaches: (other: BuiltObject) => boolean
}

function refuseReach(layout: Layout, own: BuiltObject, { path, reaches }: Reach): ResponseError | undefined {
  const others = layout
    .objectsOf(own.root)
    .objects.filter((other) => !isSameIdentity(other.identity, own.identity) && reaches(other))
  if (others.length === 0) return undefined
  const names = others.map(({ identity }) => titleOf(identity)).toSorted()
  const message = `${path} also says what ${names.slice(0, 3).join(', ')} is`
  return new ResponseError('LAYER_SHARED', message, { details: { path, candidates: names } })
}

/**
 * Tells which other objects an entry of a kustomization is for: those that its target selects, and those that are one with
 * the object where it is applied, because only layers above tell them apart.
 */
export function reachOfEntry(layer: Layer, object: BuiltObject, target?: JsonValue): (other: BuiltObject) => boolean {
  const selects = target === undefined ? undefined : selectedBy(target, layer.path)
  const below = layersUpTo(object, layer)
  return (other) => {
    const same = layersUpTo(other, layer)
    if (same === undefined) return false
    return (same === below && isSameOrigin(other, object)) || selects?.(other) === true
  }
}

/** The layers that an object goes through up to one, as one text. Undefined when it does not go through that one. */
function layersUpTo({ layers }: BuiltObject, layer: Layer): string | undefined {
  const index = layers.findIndex((one) => isAt(one, layer))
  return index === -1
    ? undefined
    : layers
        .slice(0, index + 1)
        .map(({ repository, path }) => `${repository}:${path}`)
        .join(' ')
}

function isAt(a: LayoutPlace, b: LayoutPlace): boolean {
  return a.path === b.path && a.repository === b.repository
}

function isSameOrigin({ origin: a }: BuiltObject, { origin: b }: BuiltObject): boolean {
  if ('remote' in a || 'remote' in b) return false
  return isAt(a, b) && a.documentIndex === b.documentIndex && a.steps.join('/') === b.steps.join('/')
}

/** Tells what the target of a patch selects, wherever it is applied. `path` is where it stands. */
export function selectedBy(target: JsonValue, path: string): (object: BuiltObject) => boolean {
  return selectorOf(targetOf(target), path)
}

/** What a target selects, by the names that an object has in its file and at the end; what cannot be read selects all. */
function selectorOf(target: PatchTarget, path: string): (object: BuiltObject) => boolean {
  const patternOf = (source: string): ((text: string) => boolean) =>
    (source === '' ? undefined : anchoredPattern(source)) ?? ((): boolean => true)
  const [group, version, kind] = [patternOf(target.group), patternOf(target.version), patternOf(target.kind)]
  const [name, namespace] = [patternOf(target.name), patternOf(target.namespace)]
  return (object) => {
    const { identity, origin } = object
    const names = 'remote' in origin ? [identity] : [identity, origin.identity]
    const is = groupVersionOf(identity.apiVersion)
    if (!group(is.group) || !version(is.version) || !kind(identity.kind)) return false
    if (!names.some((one) => name(one.name)) || !names.some((one) => namespace(one.namespace ?? 'default')))
      return false
    return isLabelled(object, target, path)
  }
}

function isLabelled(object: BuiltObject, { labelSelector, annotationSelector }: PatchTarget, path: string): boolean {
  if (labelSelector === '' && annotationSelector === '') return true
  const pairs = (field: string): Readonly<Record<string, string>> =>
    pairsOf(fieldAt(object.value(), ['metadata', field]))
  try {
    return (
      matchesSelector(labelSelector, pairs('labels'), path) &&
      matchesSelector(annotationSelector, pairs('annotations'), path)
    )
  } catch (thrown) {
    if (thrown instanceof BuildFault) return true
    throw thrown
  }
}
