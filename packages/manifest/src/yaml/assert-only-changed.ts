import { ResponseError } from '@saker/core'
import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type YAMLMap } from 'yaml'
import { keyText, type ManifestDocument } from './parse-manifest.ts'
import type { ManifestPair } from './look-up.ts'
import type { EditTarget, PlainValue } from './edit-target.ts'

/** What an edit was to do. */
export interface IntendedChange {
  readonly target: EditTarget
  readonly value: PlainValue
}

/**
 * Throws `MANIFEST_EDIT_UNSAFE` unless two parses of a file differ in exactly the targets of the changes, at most one in a
 * document, each of which now holds its value. Nodes are compared as written (styles aside), so no alias is expanded and
 * the time is linear.
 */
export function assertOnlyChanged(
  before: readonly ManifestDocument[],
  after: readonly ManifestDocument[],
  changes: readonly IntendedChange[],
): void {
  const changeOf = new Map(changes.map((change) => [change.target.documentIndex, change]))
  const holds =
    before.length === after.length &&
    changeOf.size === changes.length &&
    before.every((document, index) => {
      const edited = after[index]
      if (edited === undefined || !sameDirectives(document, edited)) return false
      const change = changeOf.get(index)
      if (change === undefined) return sameNode(document.contents, edited.contents)
      return differsOnlyAt(document.contents, edited.contents, { keys: change.target.keys, value: change.value })
    })
  if (holds) return
  const path = changes[0]?.target.path ?? ''
  throw new ResponseError('MANIFEST_EDIT_UNSAFE', `${path} would change in another place too`, { details: { path } })
}

function sameDirectives(a: ManifestDocument, b: ManifestDocument): boolean {
  const { directives: one } = a
  const { directives: other } = b
  return (
    one.yaml.version === other.yaml.version &&
    one.docStart === other.docStart &&
    one.docEnd === other.docEnd &&
    JSON.stringify(one.tags) === JSON.stringify(other.tags)
  )
}

function sameNode(a: ParsedNode | null | undefined, b: ParsedNode | null | undefined): boolean {
  if (!a || !b) return !a && !b
  if (isAlias(a) || isAlias(b)) return isAlias(a) && isAlias(b) && a.source === b.source
  if (a.anchor !== b.anchor || a.tag !== b.tag) return false
  if (isScalar(a)) return isScalar(b) && a.source === b.source && a.type === b.type
  if (isSeq(a)) return isSeq(b) && sameList(a.items, b.items, sameNode)
  return isMap(a) && isMap(b) && sameList(a.items, b.items, samePair)
}

function samePair(a: ManifestPair, b: ManifestPair): boolean {
  return sameNode(a.key, b.key) && sameNode(a.value, b.value)
}

function sameList<T>(a: readonly T[], b: readonly T[], same: (one: T, other: T) => boolean): boolean {
  return (
    a.length === b.length &&
    a.every((item, index) => {
      const other = b[index]
      return other !== undefined && same(item, other)
    })
  )
}

interface Difference {
  readonly keys: readonly string[]
  readonly value: PlainValue
}

function differsOnlyAt(
  a: ParsedNode | null | undefined,
  b: ParsedNode | null | undefined,
  { keys, value }: Difference,
): boolean {
  const [key, ...rest] = keys
  if (key === undefined) return isScalar(b) && Object.is(b.value, value) && b.anchor === undefined
  if (!isMap(a) || !isMap(b) || a.anchor !== b.anchor || a.tag !== b.tag || a.flow !== b.flow) return false
  const one = indexOfKey(a, key)
  const other = indexOfKey(b, key)
  const edited = b.items[other]
  if (edited === undefined) return false
  // Only the last key may be new.
  if (one === -1 && rest.length > 0) return false
  if (one !== -1 && (one !== other || !sameNode(a.items[one]?.key, edited.key))) return false
  return (
    differsOnlyAt(a.items[one]?.value, edited.value, { keys: rest, value }) &&
    sameList(without(a, one), without(b, other), samePair)
  )
}

function indexOfKey(map: YAMLMap.Parsed, key: string): number {
  return map.items.findIndex((pair) => keyText(pair.key) === key)
}

function without(map: YAMLMap.Parsed, index: number): readonly ManifestPair[] {
  return map.items.filter((_pair, at) => at !== index)
}
