import { isMap, isScalar, isSeq, type ParsedNode, type YAMLMap, type YAMLSeq } from 'yaml'
import { valueOfTree, type Append, type ChangeTree } from './change-tree.ts'
import { canonicalJson } from './change.ts'
import { holdsValue } from './holds-value.ts'
import { jsonOf } from './json-of.ts'
import { lookUpAll } from './look-up.ts'
import { keyText } from './parse-manifest.ts'
import { sharedValue, type Editing } from './spot.ts'

/** Whether a value is absent or null, without an anchor or tag, so that a map or list may be made there. */
export function isMissing(node: ParsedNode | null): boolean {
  if (node === null) return true
  return isScalar(node) && node.value === null && node.tag === undefined && node.anchor === undefined
}

/**
 * Index of an entry of a map; -1 when there is none. Ends in `MANIFEST_SHARED_VALUE` where a merge key supplies it too, or
 * would once it is removed.
 */
export function findEntry(
  editing: Editing,
  map: YAMLMap.Parsed,
  { key, tree }: { readonly key: string; readonly tree: ChangeTree },
): number {
  const { own, merged, mergedBehind } = lookUpAll(editing.document, map, key)
  const pair = map.items[own]
  const isHidden = pair !== undefined && !goesAway(tree, pair.value)
  if (isHidden ? mergedBehind : merged) throw sharedValue(editing, key)
  return own
}

/** Whether a value is removed: because that is wanted of it, or because all that it holds is and nothing is to be left. */
export function goesAway(tree: ChangeTree, node: ParsedNode | null): boolean {
  if (tree.wants !== undefined) return tree.wants.op === 'remove'
  return prunes(tree) && isEmptied(tree, node)
}

function prunes(tree: ChangeTree): boolean {
  if (tree.wants !== undefined) return tree.wants.op === 'remove' && tree.wants.pruneEmpty
  return [...tree.children.values()].some(prunes)
}

function isEmptied(tree: ChangeTree, node: ParsedNode | null): boolean {
  if (tree.appends.size > 0) return false
  const { children } = tree
  if (isSeq(node)) {
    return node.items.length > 0 && node.items.every((item, index) => hasGone(children.get(index), item))
  }
  if (!isMap(node) || node.items.length === 0 || node.items.length > children.size) return false
  const keys = new Set(node.items.map(({ key }) => keyText(key)))
  return (
    node.items.every(({ key, value }) => hasGone(children.get(keyText(key)), value)) &&
    [...children].every(([key, child]) => keys.has(String(key)) || valueOfTree(child) === undefined)
  )
}

function hasGone(tree: ChangeTree | undefined, node: ParsedNode | null): boolean {
  return tree !== undefined && goesAway(tree, node)
}

/** What a list does not hold yet of what it is to hold; items that go away do not count. */
export function itemsToAdd(list: YAMLSeq.Parsed, tree: ChangeTree, gone: ReadonlySet<number>): readonly Append[] {
  if (tree.appends.size === 0) return []
  const kept = new Map<string, ParsedNode>()
  for (const [index, item] of list.items.entries()) {
    const value = gone.has(index) ? undefined : jsonOf(item)
    if (value !== undefined) kept.set(canonicalJson(value), item)
  }
  return [...tree.appends].flatMap(([text, append]) => {
    const item = kept.get(text)
    return item !== undefined && holdsValue(item, append.value) ? [] : [append]
  })
}
