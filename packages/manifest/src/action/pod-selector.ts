import { fieldAt, isObject, listAt, textAt, type JsonObject, type JsonValue } from '../layout/json-value.ts'
import { objectsAt } from './json-list.ts'
import { podTemplateOf } from './workload-kind.ts'

/** Whether a Kubernetes label selector (`matchLabels`, `matchExpressions`) picks labels. An empty one picks everything. */
export function selectorMatches(selector: JsonValue | undefined, labels: JsonValue | undefined): boolean {
  const exact = Object.entries(mapAt(selector, 'matchLabels')).every(([key, value]) => textAt(labels, [key]) === value)
  return exact && objectsAt(selector, ['matchExpressions']).every((one) => expressionMatches(one, labels))
}

function expressionMatches(expression: JsonObject, labels: JsonValue | undefined): boolean {
  const value = textAt(labels, [textAt(expression, ['key']) ?? ''])
  const values = listAt(expression, ['values'])
  const operator = textAt(expression, ['operator'])
  if (operator === 'In') return value !== undefined && values.includes(value)
  if (operator === 'NotIn') return value === undefined || !values.includes(value)
  if (operator === 'Exists') return value !== undefined
  return operator !== 'DoesNotExist' || value === undefined
}

function mapAt(value: JsonValue | undefined, key: string): JsonObject {
  const found = fieldAt(value, [key])
  return isObject(found) ? found : {}
}

/** Labels of the pods that a workload describes, with those that its controller adds. */
export function podLabelsOf(object: JsonObject): JsonObject {
  const labels = mapAt(fieldAt(podTemplateOf(object), ['metadata']), 'labels')
  if (textAt(object, ['kind']) !== 'Job') return labels
  const name = textAt(object, ['metadata', 'name']) ?? ''
  return { ...labels, 'job-name': name, 'batch.kubernetes.io/job-name': name }
}

/**
 * The selector that picks a workload's pods: its own, where its kind has one; what its pods are labelled with otherwise.
 * Undefined when the pods have nothing that they could be picked by.
 */
export function podSelectorOf(object: JsonObject): JsonObject | undefined {
  const selector = fieldAt(object, ['spec', 'selector'])
  const kind = textAt(object, ['kind'])
  if (isObject(selector) && Object.keys(selector).length > 0 && kind !== 'Pod') {
    if (kind === 'ReplicationController') return { matchLabels: selector }
    const { matchLabels, matchExpressions } = selector
    const known = {
      ...(isObject(matchLabels) && Object.keys(matchLabels).length > 0 ? { matchLabels } : {}),
      ...(Array.isArray(matchExpressions) && matchExpressions.length > 0 ? { matchExpressions } : {}),
    }
    if (Object.keys(known).length > 0) return known
  }
  if (kind === 'Job')
    return { matchLabels: { 'batch.kubernetes.io/job-name': textAt(object, ['metadata', 'name']) ?? '' } }
  const labels = mapAt(fieldAt(podTemplateOf(object), ['metadata']), 'labels')
  return Object.keys(labels).length > 0 ? { matchLabels: labels } : undefined
}
