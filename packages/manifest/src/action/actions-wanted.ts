import type { Action, IsolationPolicy, PatchAction } from '@saker/core'
import {
  copyOf,
  fieldAt,
  isMutableObject,
  isObject,
  sameJson,
  type JsonObject,
  type JsonValue,
} from '../layout/json-value.ts'
import { applyJsonPatch } from '../layout/kustomize/json-patch.ts'
import { containWanted, scaleWanted } from './contain-wanted.ts'
import { imageWanted, notApplicable, type PreviousImage } from './image-wanted.ts'
import { withMergePatch } from './merge-patch.ts'
import { differenceOf, withWanted, type Wanted, type WantedStep } from './wanted.ts'

/**
 * The order in which the actions of one response are laid over each other; the later one wins where two want the same
 * field. So the narrow and certain verbs win over the wide ones, and `contain` over everything.
 */
export const ACTION_ORDER = [
  'patch',
  'image',
  'label',
  'annotate',
  'scale',
  'contain',
  'isolate',
] as const satisfies readonly Action['action'][]

/** What the actions need to know of a workload beside its manifest. */
export interface WantedContext {
  /** Where a custom resource keeps its replicas, by its own definition. */
  readonly scalePath?: readonly string[]
  readonly previousImage?: PreviousImage
}

/** What the actions of one response want of one workload, contradictions settled. */
export interface ActionsWanted {
  /** The manifest as it is to reach the cluster; null when it is to be gone. */
  readonly desired: JsonObject | null
  /** What is missing for that; empty when it is so already, or is to be gone. */
  readonly changes: readonly Wanted[]
  /** Every field that an action speaks of, whether or not it has to change. */
  readonly fields: readonly (readonly WantedStep[])[]
  readonly isContained: boolean
  /** Set when the workload is to be cut off from the network. */
  readonly isolate?: { readonly policy?: IsolationPolicy }
}

/**
 * What a response's actions want of a workload's manifest as the cluster gets it. Ends in `WORKLOAD_KIND_UNSUPPORTED` or
 * `ACTION_NOT_APPLICABLE`.
 */
export function actionsWanted(
  object: JsonObject,
  actions: readonly Action[],
  context: WantedContext = {},
): ActionsWanted {
  const ordered = ACTION_ORDER.flatMap((name) => actions.filter(({ action }) => action === name))
  let desired: JsonObject | null = object
  const fields: (readonly WantedStep[])[] = []
  for (const action of ordered) {
    const wanted: readonly Wanted[] | 'remove' = desired === null ? [] : wantedOf(desired, action, context)
    if (wanted === 'remove') {
      desired = null
      continue
    }
    fields.push(...wanted.map(({ at }) => at))
    if (desired === null) continue
    const next: JsonObject | undefined = withWanted(desired, wanted)
    if (next === undefined) throw notApplicable(object, `has no place for what ${action.action} wants`)
    desired = next
  }
  const isolate = actions.find((action) => action.action === 'isolate')
  return {
    desired,
    changes: desired === null ? [] : differenceOf(object, desired),
    fields,
    isContained: actions.some(({ action }) => action === 'contain'),
    ...(isolate === undefined ? {} : { isolate: isolate.policy === undefined ? {} : { policy: isolate.policy } }),
  }
}

function wantedOf(object: JsonObject, action: Action, context: WantedContext): readonly Wanted[] | 'remove' {
  switch (action.action) {
    case 'contain':
      return containWanted(object, context.scalePath)
    case 'scale':
      return scaleWanted(object, action.replicas, context.scalePath)
    case 'image':
      return imageWanted(object, action, context.previousImage)
    case 'label':
      return metadataWanted('labels', action.labels)
    case 'annotate':
      return metadataWanted('annotations', action.annotations)
    case 'patch':
      return patchWanted(object, patched(object, action))
    case 'isolate':
      return []
    default:
      return action satisfies never
  }
}

function metadataWanted(field: string, entries: Readonly<Record<string, string>>): readonly Wanted[] {
  return Object.entries(entries).map(([key, value]) => ({ op: 'set', at: ['metadata', field, key], value }))
}

function patched(object: JsonObject, { json6902, merge = {} }: PatchAction): JsonValue {
  if (json6902 === undefined) return withMergePatch(object, merge)
  try {
    const copy = copyOf(object)
    return isMutableObject(copy) ? applyJsonPatch(copy, json6902, 'strict') : object
  } catch (cause) {
    throw notApplicable(object, 'is not what the patch expects', cause)
  }
}

const IDENTITY = [['apiVersion'], ['kind'], ['metadata', 'name'], ['metadata', 'namespace'], ['status']] as const

function patchWanted(object: JsonObject, result: JsonValue): readonly Wanted[] {
  if (!isObject(result)) throw notApplicable(object, 'would be no object any more by the patch')
  if (IDENTITY.some((keys) => !sameJson(fieldAt(object, keys), fieldAt(result, keys)))) {
    throw notApplicable(object, 'would become another object by the patch')
  }
  return differenceOf(object, result)
}
