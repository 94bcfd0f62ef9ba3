import { fieldOf, isObject, type JsonObject, type JsonValue } from '../layout/json-value.ts'
import type { ObjectIdentity } from '../layout/layout-model.ts'
import { isList } from './json-list.ts'
import { pointerTo } from './json-pointer.ts'
import { patchText } from './patch-text.ts'
import { stepsIn, valueAt, type Wanted, type WantedStep } from './wanted.ts'
import { groupOf, workloadKindOf } from './workload-kind.ts'

/** Which objects of a build a patch is for. Kustomize reads name and namespace as regular expressions from end to end. */
export interface PatchTarget {
  readonly group?: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string
}

/** An entry of `patches`, of a kustomization file, a Flux Kustomization, a post-renderer or an Argo CD source alike. */
export type PatchEntry = { readonly target: JsonObject; readonly patch: string }

/** A patch that does what is wanted, for one object. Undefined when neither form of patch can say it. */
export function patchEntryOf(
  target: PatchTarget,
  wanted: readonly Wanted[],
  object: JsonObject,
): PatchEntry | undefined {
  const patch = jsonPatchText(wanted, object) ?? strategicMergeText(wanted, object)
  return patch === undefined ? undefined : { target: targetOf(target), patch }
}

/** A patch that takes the object out of the build. */
export function deletionEntryOf(target: PatchTarget, { apiVersion, kind, name }: ObjectIdentity): PatchEntry {
  const lines = ['$patch: delete', `apiVersion: ${apiVersion}`, `kind: ${kind}`, 'metadata:', `  name: ${name}`]
  return { target: targetOf(target), patch: `${lines.join('\n')}\n` }
}

/** The target as an entry writes it: what the dot of a name means in a regular expression is taken from it. */
export function targetOf({ group, kind, name, namespace }: PatchTarget): JsonObject {
  return {
    ...(group === undefined || group === '' ? {} : { group }),
    kind,
    name: escaped(name),
    ...(namespace === undefined ? {} : { namespace: escaped(namespace) }),
  }
}

function escaped(name: string): string {
  return name.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`)
}

/**
 * As operations on paths, where they are certain to lead somewhere at the time the patch is applied: what stands under `spec`
 * already is there then, while labels and annotations may come from a transformer that runs later. Undefined otherwise.
 */
function jsonPatchText(wanted: readonly Wanted[], object: JsonObject): string | undefined {
  const operations = wanted.map((one) => operationOf(one, object))
  return operations.includes(undefined) ? undefined : `${operations.join('\n')}\n`
}

function operationOf(wanted: Wanted, object: JsonObject): string | undefined {
  const steps = stepsIn(object, wanted.at)
  const parent = wanted.at.slice(0, -1)
  if (steps === undefined || steps[0] !== 'spec' || parent.length === 0) return undefined
  if (wanted.op === 'append') {
    const list = valueAt(object, wanted.at)
    if (isList(list)) return operationText('add', pointerTo([...steps, '-']), wanted.value)
    return valueAt(object, parent) === undefined ? undefined : operationText('add', pointerTo(steps), [wanted.value])
  }
  if (!hasContent(valueAt(object, parent))) return undefined
  if (wanted.op === 'remove') return operationText('remove', pointerTo(steps))
  return operationText('add', pointerTo(steps), wanted.value)
}

/** An operation needs its parent to be there; an empty one may as well be missing when the patch is applied. */
function hasContent(value: JsonValue | undefined): boolean {
  return isList(value) || (isObject(value) && Object.keys(value).length > 0)
}

function operationText(op: string, path: string, value?: JsonValue): string {
  const lines = [`- op: ${op}`, `  path: ${/^[\w./~-]+$/u.test(path) ? path : JSON.stringify(path)}`]
  return [...lines, ...(value === undefined ? [] : valueLines(value))].join('\n')
}

function valueLines(value: JsonValue): readonly string[] {
  // JSON is YAML, and says of every text that it is one.
  if (typeof value !== 'object' || value === null) return [`  value: ${JSON.stringify(value)}`]
  const written = patchText(value).trimEnd()
  return ['  value:', ...written.split('\n').map((line) => (line === '' ? '' : `    ${line}`))]
}

/** As the part of the object that changes. Undefined when a list without names, or a custom resource's list, is in the way. */
function strategicMergeText(wanted: readonly Wanted[], object: JsonObject): string | undefined {
  const root: Draft = new Map()
  const { apiVersion = '', kind = '' } = object as { apiVersion?: string; kind?: string }
  const knowsLists = workloadKindOf(apiVersion, kind) !== undefined && groupOf(apiVersion) !== 'argoproj.io'
  for (const one of wanted) if (!draw(root, one, knowsLists)) return undefined
  const name = fieldOf(fieldOf(object, 'metadata'), 'name')
  const head: Draft = new Map<string, Draft | JsonValue>([
    ['apiVersion', apiVersion],
    ['kind', kind],
    ['metadata', new Map<string, Draft | JsonValue>([['name', name ?? '']])],
  ])
  return `${draftLines(merged(head, root), '').join('\n')}\n`
}

/** A map under construction; `named` items of a list stand under their name, with the mark in front. */
type Draft = Map<string, Draft | JsonValue>

const ITEM = '\u0000'

function draw(root: Draft, wanted: Wanted, knowsLists: boolean): boolean {
  if (wanted.op === 'append' && !knowsLists) return false
  let current = root
  for (const step of wanted.at.slice(0, -1)) {
    const key = keyOf(step, knowsLists)
    if (key === undefined) return false
    const next = current.get(key)
    const inner: Draft = next instanceof Map ? next : new Map()
    current.set(key, inner)
    current = inner
  }
  const last = wanted.at.at(-1)
  if (typeof last !== 'string') return false
  if (wanted.op === 'append') return false
  // A map would be merged into what is there instead of replacing it.
  if (wanted.op === 'set' && isObject(wanted.value) && Object.keys(wanted.value).length > 0) return false
  current.set(last, wanted.op === 'remove' ? null : wanted.value)
  return true
}

function keyOf(step: WantedStep, knowsLists: boolean): string | undefined {
  if (typeof step === 'string') return step
  return typeof step === 'object' && knowsLists ? `${ITEM}${step.named}` : undefined
}

function merged(head: Draft, rest: Draft): Draft {
  for (const [key, value] of rest) {
    const there = head.get(key)
    head.set(key, there instanceof Map && value instanceof Map ? merged(there, value) : value)
  }
  return head
}

function draftLines(draft: Draft, indent: string): readonly string[] {
  return Array.from(draft).flatMap(([key, value]) => {
    if (key.startsWith(ITEM)) {
      const name = `${indent}- name: ${plain(key.slice(1))}`
      return [name, ...(value instanceof Map ? draftLines(value, `${indent}  `) : [])]
    }
    if (value instanceof Map) return [`${indent}${plain(key)}:`, ...draftLines(value, `${indent}  `)]
    return [`${indent}${plain(key)}: ${typeof value === 'string' ? plain(value) : JSON.stringify(value)}`]
  })
}

/** Names and versions stand without quotes; what a parser could take for something else does not. */
function plain(text: string): string {
  const isPlain = /^[A-Za-z$][\w./$-]*$/u.test(text) && !/^(?:y|n|yes|no|on|off|true|false|null|nan|inf)$/iu.test(text)
  return isPlain ? text : JSON.stringify(text)
}
