import type { JsonPatchOperation, JsonValue, PatchAction } from '../response/action.ts'
import type { ConfigFault } from './config-fault.ts'
import { normaliseAction } from './normalise-response.ts'
import type { WrittenAction } from './written-action.ts'

type Path = ConfigFault['path']

/** What no schema sees in the actions of one response: values that must not reach a manifest, and contradictions. */
export function actionFaults(actions: readonly WrittenAction[], path: Path): readonly ConfigFault[] {
  return [
    ...actions.flatMap((action, index) => [
      ...unsafeValueFaults(action, [...path, index]),
      ...patchFaults(action, [...path, index, 'patch']),
    ]),
    ...contradictionFaults(actions, path),
  ]
}

/** Text that would not mean itself once it stands in a manifest. */
function unsafeValueFaults(value: unknown, path: Path): readonly ConfigFault[] {
  if (typeof value === 'string') return unsafeTextFaults(value, path)
  if (typeof value === 'number') {
    return Number.isInteger(value) && !Number.isSafeInteger(value)
      ? [{ path, message: 'is a number too great to be kept exactly' }]
      : []
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const at = [...path, Array.isArray(value) ? Number(key) : key]
    return [...(Array.isArray(value) ? [] : unsafeTextFaults(key, at)), ...unsafeValueFaults(inner, at)]
  })
}

function unsafeTextFaults(text: string, path: Path): readonly ConfigFault[] {
  if (text.includes('${')) return [{ path, message: 'must not hold ${, which Flux would substitute' }]
  // oxlint-disable-next-line no-control-regex -- control characters are what the rule is about
  return /[\u0000-\u0008\u000B-\u001F\u007F]/u.test(text) ? [{ path, message: 'must not hold control characters' }] : []
}

/** What a manifest is and what it is called say whom a response is for; the status is nobody's to write. */
const IDENTITY: readonly (readonly string[])[] = [
  ['apiVersion'],
  ['kind'],
  ['metadata', 'name'],
  ['metadata', 'namespace'],
  ['metadata', 'generateName'],
  ['status'],
]

const NOT_THEIRS = 'must leave apiVersion, kind, metadata.name, metadata.namespace and status alone'

function patchFaults({ patch }: WrittenAction, path: Path): readonly ConfigFault[] {
  if (patch === undefined) return []
  const action = normaliseAction({ patch }) as PatchAction
  return [
    ...(action.json6902 ?? []).flatMap((operation, index) =>
      writtenPointers(operation)
        .filter(([, pointer]) => IDENTITY.some((place) => overlaps(stepsOf(pointer), place)))
        .map(([key]) => ({ path: [...path, 'json6902', index, key], message: NOT_THEIRS })),
    ),
    ...IDENTITY.filter((place) => mergeReaches(action.merge, place)).map((place) => ({
      path: [...path, 'merge', ...place],
      message: NOT_THEIRS,
    })),
  ]
}

/** The pointers whose places an operation changes. */
function writtenPointers(operation: JsonPatchOperation): readonly (readonly [key: 'path' | 'from', pointer: string])[] {
  if (operation.op === 'test') return []
  return operation.op === 'move'
    ? [
        ['path', operation.path],
        ['from', operation.from],
      ]
    : [['path', operation.path]]
}

function stepsOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** Whether one of two places lies in the other. */
function overlaps(a: readonly string[], b: readonly string[]): boolean {
  return a.slice(0, b.length).every((step, at) => step === b[at])
}

/** Whether a merge patch changes a place: names it, or replaces something around it. */
function mergeReaches(merge: JsonValue | undefined, place: readonly string[]): boolean {
  const [step, ...rest] = place
  if (step === undefined) return merge !== undefined
  if (merge === undefined) return false
  if (typeof merge !== 'object' || merge === null || Array.isArray(merge)) return true
  return mergeReaches(Object.hasOwn(merge, step) ? Reflect.get(merge, step) : undefined, rest)
}

/** What an action makes of one place of the manifest. */
interface Claim {
  readonly place: readonly string[]
  /** Equal for claims that agree. */
  readonly value: string
}

/** Actions that want different things of one place: nobody could say which of them would hold. */
function contradictionFaults(actions: readonly WrittenAction[], path: Path): readonly ConfigFault[] {
  const claims = actions.map(claimsOf)
  return claims.flatMap((own, index) => {
    const earlier = claims
      .slice(0, index)
      .findIndex((others) => others.some((other) => own.some((one) => clash(one, other))))
    return earlier === -1
      ? []
      : [{ path: [...path, index], message: `contradicts action ${earlier + 1} of this response` }]
  })
}

function clash(a: Claim, b: Claim): boolean {
  return a.value !== b.value && overlaps(a.place, b.place)
}

function claimsOf(written: WrittenAction, index: number): readonly Claim[] {
  const action = normaliseAction(written)
  switch (action.action) {
    case 'contain':
      return [{ place: ['spec', 'replicas'], value: JSON.stringify(0) }]
    case 'scale':
      return [{ place: ['spec', 'replicas'], value: JSON.stringify(action.replicas) }]
    case 'isolate':
      return [{ place: ['isolate'], value: action.policy ?? '' }]
    case 'label':
      return leavesOf(action.labels, ['metadata', 'labels'])
    case 'annotate':
      return leavesOf(action.annotations, ['metadata', 'annotations'])
    case 'image':
      return [{ place: ['image', action.container], value: action.set ?? '' }]
    case 'patch':
      return [
        ...(action.json6902 ?? [])
          .flatMap(writtenPointers)
          .map(([, pointer]) => ({ place: stepsOf(pointer), value: `action ${index}` })),
        ...(action.merge === undefined ? [] : leavesOf(action.merge, [])),
      ]
    default:
      return action satisfies never
  }
}

function leavesOf(value: JsonValue, place: readonly string[]): readonly Claim[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [{ place, value: JSON.stringify(value) }]
  return Object.entries(value).flatMap(([key, inner]: [string, JsonValue]) => leavesOf(inner, [...place, key]))
}
