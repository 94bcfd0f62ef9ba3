import { ResponseError } from '@saker/core'
import { fieldAt, isObject, listAt, textAt, type JsonObject, type JsonValue } from '../layout/json-value.ts'
import { matchesSelector } from '../layout/kustomize/label-selector.ts'
import { anchoredPattern } from '../layout/kustomize/pattern.ts'
import type { BuiltObject } from '../layout/layout-model.ts'
import { objectsAt } from './json-list.ts'
import { pointerTo } from './json-pointer.ts'
import { titleOf } from './proof.ts'
import { stepsIn, type Wanted } from './wanted.ts'
import { groupOf } from './workload-kind.ts'

const FLUX = 'kustomize.toolkit.fluxcd.io'

/**
 * Throws `FIELD_IGNORED` when what is wanted would be committed, reported as applied, and never reach the cluster: Flux is
 * told to leave the object alone, or the applier is told to ignore the field and to keep what the cluster has.
 */
export function refuseIgnored(object: BuiltObject, wanted: readonly Wanted[]): void {
  const value = object.value()
  for (const [key, values] of [
    [`${FLUX}/reconcile`, ['disabled']],
    [`${FLUX}/ssa`, ['Ignore', 'IfNotPresent']],
  ] as const) {
    const said = [...new Set(['annotations', 'labels'].map((where) => textAt(value, ['metadata', where, key])))]
    const found = said.find(
      (one) => one !== undefined && values.some((other) => other.toLowerCase() === one.toLowerCase()),
    )
    if (found !== undefined) throw ignored(object, `carries ${key}: ${found}`)
  }
  const { applier } = object.root
  const pointers = wanted.map((one) => pointerTo(stepsIn(value, one.at) ?? []))
  if (applier?.type === 'flux') {
    const rules = objectsAt(applier.object.value(), ['spec', 'ignore']).filter((one) =>
      selects(fieldAt(one, ['target']), object),
    )
    const found = pointers.find((pointer) => rules.some((one) => touches(listAt(one, ['paths']), [pointer])))
    if (found !== undefined) throw ignored(object, `has ${found}, which ${titleOf(applier.object.identity)} ignores`)
  }
  if (applier?.type === 'argo' && respectsIgnored(applier.object.value())) {
    const found = pointers.find((pointer) => isIgnoredByArgo(object, [pointer]))
    const by = titleOf(applier.object.identity)
    if (found !== undefined)
      throw ignored(object, `has ${found}, which the ignoreDifferences of ${by} keep from being applied`)
  }
}

function ignored({ identity }: BuiltObject, what: string): ResponseError {
  return new ResponseError('FIELD_IGNORED', `${titleOf(identity)} ${what}`, {
    details: { kind: identity.kind, name: identity.name },
  })
}

function respectsIgnored(application: JsonObject): boolean {
  return listAt(application, ['spec', 'syncPolicy', 'syncOptions']).includes('RespectIgnoreDifferences=true')
}

/**
 * Whether Argo CD takes no notice when only these fields change, so that a commit does not start a sync.
 * https://argo-cd.readthedocs.io/en/stable/user-guide/diffing/
 */
export function isIgnoredByArgo(object: BuiltObject, pointers: readonly string[]): boolean {
  const { applier } = object.root
  if (applier?.type !== 'argo' || pointers.length === 0) return false
  const rules = objectsAt(applier.object.value(), ['spec', 'ignoreDifferences']).filter((rule) =>
    isRuleFor(rule, object),
  )
  const patterns = rules.flatMap((rule) => [
    ...listAt(rule, ['jsonPointers']),
    ...listAt(rule, ['jqPathExpressions']).map((path) => pointerOfJq(path)),
  ])
  return pointers.every((pointer) => touches(patterns, [pointer]))
}

/** `.spec.replicas` as a pointer; other expressions of jq are taken for something that may be meant. */
function pointerOfJq(expression: JsonValue): JsonValue {
  return typeof expression === 'string' && /^(?:\.[A-Za-z0-9_]+)+$/u.test(expression)
    ? expression.replaceAll('.', '/')
    : ''
}

function isRuleFor(rule: JsonObject, { identity }: BuiltObject): boolean {
  const fits = (key: string, value: string): boolean => {
    const pattern = textAt(rule, [key])
    return pattern === undefined || pattern === '' || pattern === '*' || pattern === value
  }
  return (
    fits('group', groupOf(identity.apiVersion)) &&
    fits('kind', identity.kind) &&
    fits('name', identity.name) &&
    (identity.namespace === undefined || fits('namespace', identity.namespace))
  )
}

/** A rule on `/spec` touches `/spec/replicas`, and the other way round. */
function touches(patterns: readonly JsonValue[], pointers: readonly string[]): boolean {
  return patterns.some(
    (pattern) =>
      typeof pattern === 'string' &&
      pattern !== '' &&
      pointers.some((pointer) => `${pointer}/`.startsWith(`${pattern}/`) || `${pattern}/`.startsWith(`${pointer}/`)),
  )
}

/** The selector of a Flux rule, of the form that kustomize's patches have; without one, a rule is for everything. */
function selects(target: JsonValue | undefined, object: BuiltObject): boolean {
  const fits = (key: string, text: string): boolean => {
    const pattern = textAt(target, [key])
    return pattern === undefined || pattern === '' || matchesWhole(pattern, text)
  }
  const { identity } = object
  const metadata = fieldAt(object.value(), ['metadata'])
  return (
    fits('group', groupOf(identity.apiVersion)) &&
    fits('version', identity.apiVersion.replace(/^.*\//u, '')) &&
    fits('kind', identity.kind) &&
    fits('name', identity.name) &&
    fits('namespace', identity.namespace ?? '') &&
    matchesLabels(textAt(target, ['labelSelector']), fieldAt(metadata, ['labels'])) &&
    matchesLabels(textAt(target, ['annotationSelector']), fieldAt(metadata, ['annotations']))
  )
}

/** A pattern or selector that cannot be read is taken to fit. */
function matchesWhole(pattern: string, text: string): boolean {
  return anchoredPattern(pattern)?.(text) ?? true
}

function matchesLabels(selector: string | undefined, labels: JsonValue | undefined): boolean {
  if (selector === undefined || selector === '') return true
  const texts = Object.entries(isObject(labels) ? labels : {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  try {
    return matchesSelector(selector, Object.fromEntries(texts), '')
  } catch {
    return true
  }
}
