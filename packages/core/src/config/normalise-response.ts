import { parsePriorityCondition } from '../alert/priority.ts'
import type { Action } from '../response/action.ts'
import type { FieldMatch, FieldValue, Response, ResponseMatch } from '../response/response.ts'
import { parseDurationMs } from '../text/duration.ts'
import type { WrittenAction } from './written-action.ts'
import type { WrittenResponse } from './written-config.ts'
import type { WrittenMatch } from './written-match.ts'

/** Writes out the short forms of a valid response. */
export function normaliseResponse(written: WrittenResponse): Response {
  const { name, match, actions, delivery, revertAfter } = written
  const revertAfterMs = revertAfter === undefined ? undefined : parseDurationMs(revertAfter)
  return {
    name,
    match: normaliseMatch(match),
    actions: actions.map(normaliseAction),
    ...(delivery === undefined ? {} : { delivery }),
    ...(revertAfterMs === undefined ? {} : { revertAfterMs }),
    continue: written.continue ?? false,
  }
}

function normaliseMatch({ priority, fields, ...conditions }: WrittenMatch): ResponseMatch {
  const condition = priority === undefined ? undefined : parsePriorityCondition(priority)
  return {
    ...conditions,
    ...(condition === undefined ? {} : { priority: condition }),
    ...(fields === undefined
      ? {}
      : { fields: Object.fromEntries(Object.entries(fields).map(([name, one]) => [name, normaliseField(one)])) }),
  } as ResponseMatch
}

type WrittenField = NonNullable<WrittenMatch['fields']>[string]

function normaliseField({
  equals,
  notEquals,
  in: isIn,
  notIn,
  greaterThan,
  lessThan,
  ...rest
}: WrittenField): FieldMatch {
  return {
    ...rest,
    ...(equals === undefined ? {} : { equals: fieldValue(equals) }),
    ...(notEquals === undefined ? {} : { notEquals: fieldValue(notEquals) }),
    ...(isIn === undefined ? {} : { in: isIn.map(fieldValue) }),
    ...(notIn === undefined ? {} : { notIn: notIn.map(fieldValue) }),
    ...(greaterThan === undefined ? {} : { greaterThan: String(greaterThan) }),
    ...(lessThan === undefined ? {} : { lessThan: String(lessThan) }),
  } as FieldMatch
}

/** In an alert `true` is text like any other. */
function fieldValue(written: string | number | boolean): FieldValue {
  return typeof written === 'boolean' ? String(written) : written
}

/** The action that a map with one key says; the schema sees to it that there is exactly one. */
export function normaliseAction(written: WrittenAction): Action {
  const { scale, isolate, label, annotate, image, patch } = written
  if (scale !== undefined) return { action: 'scale', replicas: scale.replicas }
  if (isolate !== undefined)
    return { action: 'isolate', ...(isolate.policy === undefined ? {} : { policy: isolate.policy }) }
  if (label !== undefined) return { action: 'label', labels: label }
  if (annotate !== undefined) return { action: 'annotate', annotations: annotate }
  if (image !== undefined) {
    const { container, set } = image
    return set === undefined ? { action: 'image', container, rollback: true } : { action: 'image', container, set }
  }
  if (patch !== undefined) {
    return patch.merge === undefined
      ? { action: 'patch', json6902: patch.json6902 ?? [] }
      : { action: 'patch', merge: patch.merge }
  }
  return { action: 'contain' }
}
