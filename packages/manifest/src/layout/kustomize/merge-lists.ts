import { valueOfPlain } from '../json-of-document.ts'
import { isMutableObject, setField, type MutableJson, type MutableObject } from '../json-value.ts'

/** Two lists that are merged item by item, by some keys; `['']` for plain values. Items of `dest` are changed. */
export interface KeyedLists {
  readonly dest: MutableJson[]
  readonly patch: MutableJson[]
  readonly keys: readonly string[]
}

/** Merges one item of each list, undefined where a list has none; undefined where the item is to go. */
export type MergeItem = (dest: MutableJson | undefined, patch: MutableJson | undefined) => MutableJson | undefined

/**
 * Merges two lists as kyaml does, the patch's items first, step by step as its code goes: what becomes of items that lack
 * some of the keys follows from nothing else. Source: kyaml's yaml/walk/associative_sequence.go.
 */
export function mergeKeyedLists({ dest, patch, keys }: KeyedLists, mergeItem: MergeItem): MutableJson[] {
  const all = valuesOf([...patch, ...dest], keys)
  const valuesList = keys.length > 1 ? completed(all) : all
  const added: MutableJson[] = []
  let used = { keys, values: [] as readonly string[] }
  for (const values of valuesList) {
    used = usedKeys(valuesList, values, keys)
    const wanted = usedKeys([used.values], used.values, used.keys)
    const merged = mergeItem(itemWith(dest, wanted), itemWith(patch, wanted))
    if (isGone(merged)) {
      if (used.keys.length > 0) setItem(dest, undefined, used)
      continue
    }
    if (isMutableObject(merged)) nameItem(merged, used)
    setItem(added, merged, used)
  }
  return valuesList.length === 0 ? dest : withRest(added, dest, used.keys)
}

interface Keyed {
  readonly keys: readonly string[]
  readonly values: readonly string[]
}

function isGone(value: MutableJson | undefined): value is undefined | null {
  return value === undefined || value === null || (isMutableObject(value) && Object.keys(value).length === 0)
}

function keyTextOf(item: MutableJson, key: string): string {
  const value = isMutableObject(item) && Object.hasOwn(item, key) ? item[key] : undefined
  return textOf(key === '' ? item : value)
}

function textOf(value: MutableJson | undefined): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

function valuesOf(items: readonly MutableJson[], keys: readonly string[]): readonly (readonly string[])[] {
  const found = items.map((item) => keys.map((key) => keyTextOf(item, key)))
  return [...new Map(found.map((values) => [JSON.stringify(values), values])).values()]
}

/** Where some values agree and the rest is missing in one or the other, both become the same. */
function completed(all: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const list = [...all]
  for (let one = 0; one < list.length; one += 1) {
    for (let other = 0; other < list.length; other += 1) {
      const both = together(list[one] ?? [], list[other] ?? [])
      if (both === undefined) continue
      list[one] = both
      list[other] = both
    }
  }
  return list
}

function together(a: readonly string[], b: readonly string[]): readonly string[] | undefined {
  let isCommon = false
  const both: string[] = []
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? ''
    if (value === other) isCommon = true
    else if (value !== '' && other !== '') return undefined
    both.push(value === '' ? other : value)
  }
  return isCommon ? both : undefined
}

/** Keys for which any of the items has a value; where none has, all of them. */
function usedKeys(list: readonly (readonly string[])[], values: readonly string[], keys: readonly string[]): Keyed {
  const used = keys.filter((_, index) => list.some((one) => (one[index] ?? '') !== ''))
  if (used.length === 0) return { keys, values }
  return { keys: used, values: values.filter((value, index) => value !== '' || used.includes(keys[index] ?? '')) }
}

/** An empty value fits any. */
function hasValue(item: MutableJson, key: string, value: string): boolean {
  if (key === '') return typeof item !== 'object' && textOf(item) === value
  if (!isMutableObject(item) || !Object.hasOwn(item, key)) return false
  return value === '' || textOf(item[key]) === value
}

function itemWith(items: readonly MutableJson[], { keys, values }: Keyed): MutableJson | undefined {
  if (keys[0] === '') return items.find((item) => textOf(item) === (values[0] ?? ''))
  return items.find(
    (item) => isMutableObject(item) && keys.every((key, index) => hasValue(item, key, values[index] ?? '')),
  )
}

function nameItem(item: MutableObject, { keys, values }: Keyed): void {
  for (const [index, key] of keys.entries()) {
    const value = values[index] ?? ''
    if (!Object.hasOwn(item, key) && value !== '') setField(item, key, valueOfPlain(value))
  }
}

/** Puts an item in the place of each that has the values, or at the end; without an item, takes those out. */
function setItem(items: MutableJson[], element: MutableJson | undefined, { keys, values }: Keyed): void {
  let isFound = false
  const kept = items.flatMap((item): readonly MutableJson[] => {
    if (isGone(item)) return []
    if (!isMutableObject(item) && (keys[0] ?? '') !== '' && (values[0] ?? '') !== '') return [item]
    const fits = keys.every((key, index) => index >= values.length || hasValue(item, key, values[index] ?? ''))
    if (!fits) return values.length > 0 ? [item] : []
    isFound = true
    return element === undefined ? [] : [element]
  })
  items.splice(0, items.length, ...kept)
  if (!isFound && element !== undefined && element !== null) items.push(element)
}

/** Adds the items that are only in the object, after those of the patch. */
function withRest(added: MutableJson[], dest: readonly MutableJson[], keys: readonly string[]): MutableJson[] {
  for (const item of dest) {
    if (keys[0] === '') {
      setItem(added, item, { keys: [''], values: [textOf(item)] })
      continue
    }
    const values: string[] = []
    for (const key of keys) {
      if (isMutableObject(item) && Object.hasOwn(item, key) && item[key] !== null) values.push(textOf(item[key]))
      else added.push(item)
    }
    if (keys.length > 1) setItem(added, undefined, { keys, values })
    setItem(added, item, { keys, values })
  }
  return added
}
