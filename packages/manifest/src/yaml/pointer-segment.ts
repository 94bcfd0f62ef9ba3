import { createHash } from 'node:crypto'
import { canonicalJson, isJsonList, isJsonMap, type Json, type Step } from './change.ts'
import { isJsonScalar } from './write-scalar.ts'

/** The items of a list as plain values; undefined where an item is none. */
export type PlainItems = readonly (Json | undefined)[]

/**
 * Names an item of a list by what it is, so that the name still leads to it when the list has grown: `[name=web]` where its
 * name is its own, `[=text]` for a scalar, else `[#…]`, a digest of the item without what changes in it. `@2` behind it
 * tells the second of several alike. `rest` is the way on from the item to what changes.
 */
export function segmentOfItem(items: PlainItems, index: number, rest: readonly Step[]): string {
  const item = items[index]
  const name = rest[0] === 'name' ? undefined : nameOf(item)
  if (name !== undefined && items.filter((other) => nameOf(other) === name).length === 1) return `[name=${name}]`
  const text = rest.length === 0 ? textOf(item) : undefined
  const segment = text === undefined ? `[#${digestOf(item, rest)}]` : `[=${text}]`
  const alike = [...items.keys()].filter((other) =>
    text === undefined ? digestOf(items[other], rest) === digestOf(item, rest) : textOf(items[other]) === text,
  )
  return alike.length > 1 ? `${segment}@${alike.indexOf(index) + 1}` : segment
}

const SEGMENT = /^\[(?:name=([^]*)|=([^]*)|#([\da-f]{12}))\](?:@([1-9]\d{0,5}))?$/u

/** The indexes of all items that a segment fits; a number fits the item at that index. `rest` are the segments behind it. */
export function itemsAt(items: PlainItems, segment: string, rest: readonly string[]): readonly number[] {
  const match = SEGMENT.exec(segment)
  if (match === null) {
    return /^(?:0|[1-9]\d{0,8})$/u.test(segment) && Number(segment) < items.length ? [Number(segment)] : []
  }
  const [, name, text, digest, ordinal] = match
  const fitting = [...items.keys()].filter((index) => {
    const item = items[index]
    if (name !== undefined) return nameOf(item) === name
    if (text !== undefined) return textOf(item) === text
    return digestOf(item, stepsIn(item, rest)) === digest
  })
  return ordinal === undefined ? fitting : fitting.slice(Number(ordinal) - 1, Number(ordinal))
}

/** Where segments lead in a plain value; -1 stands for an item that is not there. */
function stepsIn(value: Json | undefined, [segment, ...rest]: readonly string[]): readonly Step[] {
  if (segment === undefined || value === undefined) return []
  if (isJsonList(value)) {
    const index = itemsAt(value, segment, rest)[0] ?? -1
    return [index, ...stepsIn(value[index], rest)]
  }
  const inner = isJsonMap(value) && Object.hasOwn(value, segment) ? value[segment] : undefined
  return [segment, ...stepsIn(inner, rest)]
}

function nameOf(item: Json | undefined): string | undefined {
  if (item === undefined || !isJsonMap(item)) return undefined
  const name = Object.hasOwn(item, 'name') ? item['name'] : undefined
  return typeof name === 'string' && isShort(name) ? name : undefined
}

function textOf(item: Json | undefined): string | undefined {
  if (item === undefined || !isJsonScalar(item)) return undefined
  return isShort(String(item)) ? String(item) : undefined
}

/** Fits into a line that a person may read. */
function isShort(text: string): boolean {
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]{1,80}$/u.test(text)
}

function digestOf(item: Json | undefined, rest: readonly Step[]): string {
  const kept = item === undefined || rest.length === 0 ? item : without(item, rest)
  return createHash('sha256')
    .update(kept === undefined ? '' : canonicalJson(kept))
    .digest('hex')
    .slice(0, 12)
}

/** A value without what stands at the end of a way; what is null or empty on the way then counts as absent too. */
function without(value: Json, [step, ...rest]: readonly Step[]): Json | undefined {
  if (step === undefined || value === null) return undefined
  if (isJsonList(value)) {
    const items = value.flatMap((item, index) => (index === step ? (withoutIn(item, rest) ?? []) : [item]))
    return items.length === 0 ? undefined : items
  }
  if (!isJsonMap(value)) return value
  const entries = Object.entries(value).flatMap(([key, one]) => {
    const kept = key === step ? without(one, rest) : one
    return kept === undefined ? [] : [[key, kept] as const]
  })
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

/** The same for an item, wrapped so that lists are not flattened. */
function withoutIn(item: Json, rest: readonly Step[]): readonly [Json] | undefined {
  const kept = without(item, rest)
  return kept === undefined ? undefined : [kept]
}
