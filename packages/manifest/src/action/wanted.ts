import { isObject, sameJson, type JsonObject, type JsonValue } from '../layout/json-value.ts'
import { isList } from './json-list.ts'

/** A step into a manifest: a key, the index of an item, or the one item with that `name`, wherever it stands. */
export type WantedStep = string | number | { readonly named: string }

/** One thing wanted of a manifest as it reaches the cluster, whichever file makes it so. */
export type Wanted =
  | { readonly op: 'set'; readonly at: readonly WantedStep[]; readonly value: JsonValue }
  | { readonly op: 'append'; readonly at: readonly WantedStep[]; readonly value: JsonValue }
  | { readonly op: 'remove'; readonly at: readonly WantedStep[] }

/** Places that steps lead to in one value: names become indexes. Undefined when an item of that name is not there, or twice. */
export function stepsIn(value: JsonValue, at: readonly WantedStep[]): readonly (string | number)[] | undefined {
  const steps: (string | number)[] = []
  let current: JsonValue | undefined = value
  for (const step of at) {
    const plain = typeof step === 'object' ? indexOfName(current, step.named) : step
    if (plain === undefined) return undefined
    steps.push(plain)
    current = childOf(current, plain)
  }
  return steps
}

function indexOfName(list: JsonValue | undefined, name: string): number | undefined {
  if (!isList(list)) return undefined
  const isNamed = (item: JsonValue): boolean => isObject(item) && item['name'] === name
  const index = list.findIndex(isNamed)
  return index === -1 || list.findLastIndex(isNamed) !== index ? undefined : index
}

function childOf(value: JsonValue | undefined, step: string | number): JsonValue | undefined {
  if (typeof step === 'number') return isList(value) ? value[step] : undefined
  return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined
}

/** The value that steps lead to; undefined when there is none. */
export function valueAt(value: JsonValue, at: readonly WantedStep[]): JsonValue | undefined {
  return stepsIn(value, at)?.reduce<JsonValue | undefined>(childOf, value)
}

/** The manifest with all of it done, in order; maps and lists that are missing on the way are made. Undefined where one has no place. */
export function withWanted(object: JsonObject, wanted: readonly Wanted[]): JsonObject | undefined {
  let current: JsonValue | undefined = object
  for (const one of wanted) {
    const steps: readonly (string | number)[] | undefined = current === undefined ? undefined : stepsIn(current, one.at)
    current = steps === undefined ? undefined : changed(current, steps, one)
  }
  return isObject(current) ? current : undefined
}

function changed(
  value: JsonValue | undefined,
  [step, ...rest]: readonly (string | number)[],
  wanted: Wanted,
): JsonValue | undefined {
  if (step === undefined) return finalValue(value, wanted)
  if (value === undefined && wanted.op === 'remove') return undefined
  const inner = changed(childOf(value, step), rest, wanted)
  const isRemoval = wanted.op === 'remove' && rest.length === 0
  if (typeof step === 'number') {
    if (!isList(value)) return undefined
    if (isRemoval) return value.toSpliced(step, 1)
    return inner === undefined ? undefined : value.with(step, inner)
  }
  if (value !== undefined && value !== null && !isObject(value)) return undefined
  const { [step]: _gone, ...others } = value ?? {}
  if (isRemoval) return others
  return inner === undefined ? undefined : { ...value, [step]: inner }
}

function finalValue(value: JsonValue | undefined, wanted: Wanted): JsonValue | undefined {
  if (wanted.op === 'set') return wanted.value
  if (wanted.op === 'remove') return undefined
  return value === undefined || value === null || isList(value) ? [...(value ?? []), wanted.value] : undefined
}

/**
 * What turns one manifest into another, as few and as deep changes as possible. Items of lists are followed by their names
 * where all have one, else by their index; a list that lost or moved items is replaced as a whole.
 */
export function differenceOf(before: JsonObject, after: JsonObject): readonly Wanted[] {
  return differenceAt([], before, after)
}

function differenceAt(at: readonly WantedStep[], before: JsonValue | undefined, after: JsonValue): readonly Wanted[] {
  if (sameJson(before, after)) return []
  if (isObject(after) && (before === undefined || isObject(before))) {
    const old = before ?? {}
    // A map that is new and empty has no entry that could be set.
    if (before === undefined && Object.keys(after).length === 0) return [{ op: 'set', at, value: after }]
    return [
      ...Object.keys(old)
        .filter((key) => !Object.hasOwn(after, key))
        .map((key): Wanted => ({ op: 'remove', at: [...at, key] })),
      ...Object.entries(after).flatMap(([key, value]) =>
        differenceAt([...at, key], Object.hasOwn(old, key) ? old[key] : undefined, value),
      ),
    ]
  }
  if (isList(before) && isList(after)) return listDifference(at, before, after)
  return [{ op: 'set', at, value: after }]
}

function listDifference(
  at: readonly WantedStep[],
  before: readonly JsonValue[],
  after: readonly JsonValue[],
): readonly Wanted[] {
  const names = namesOf(before)
  const sameNames = names !== undefined && sameJson(names, namesOf(after.slice(0, before.length)) ?? null)
  const keepsOld = before.every((item, index) => sameJson(item, after[index]))
  if (after.length < before.length || (!sameNames && !keepsOld && after.length !== before.length)) {
    return [{ op: 'set', at, value: after }]
  }
  return [
    ...before.flatMap((item, index) => {
      const name = sameNames ? names[index] : undefined
      const next = after[index]
      return next === undefined ? [] : differenceAt([...at, name === undefined ? index : { named: name }], item, next)
    }),
    ...after.slice(before.length).map((value): Wanted => ({ op: 'append', at, value })),
  ]
}

/** The names of all items, when every one has a name and no two have the same. */
function namesOf(list: readonly JsonValue[]): readonly string[] | undefined {
  const names = list.flatMap((item) => (isObject(item) && typeof item['name'] === 'string' ? [item['name']] : []))
  return names.length === list.length && new Set(names).size === names.length ? names : undefined
}
