import { ResponseError } from '@saker/core'
import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type YAMLMap, type YAMLSeq } from 'yaml'
import { valueOfTree, type ChangeTree } from './change-tree.ts'
import type { Json } from './change.ts'
import { chompOf, isBlockScalar, lastLeaf } from './extents.ts'
import { holdsValue } from './holds-value.ts'
import { goesAway, isMissing, itemsToAdd } from './intent.ts'
import type { ManifestPair } from './look-up.ts'
import type { OpenManifest } from './open-manifest.ts'
import { keyText, type ManifestDocument } from './parse-manifest.ts'

type Parsed = Pick<OpenManifest, 'path' | 'text' | 'documents'>

/**
 * Throws `MANIFEST_EDIT_UNSAFE` unless two parses of a file differ in exactly what is wanted of it, by document. Nodes are
 * compared as written (styles aside), so no alias is expanded and the time is linear.
 */
export function assertOnlyChanged(before: Parsed, after: Parsed, trees: ReadonlyMap<number, ChangeTree>): void {
  const kept = [...before.documents.entries()].filter(([index]) => trees.get(index)?.wants?.op !== 'remove')
  const holds =
    kept.length === after.documents.length &&
    endsOpen(before) >= endsOpen(after) &&
    kept.every(([index, document], at) => {
      const edited = after.documents[at]
      if (edited === undefined || !sameDirectives(document, edited)) return false
      return agrees(document.contents, edited.contents, trees.get(index))
    })
  if (holds) return
  const { path } = before
  throw new ResponseError('MANIFEST_EDIT_UNSAFE', `${path} would change in another place too`, { details: { path } })
}

/**
 * Whether the text breaks off inside of a literal: parsers differ in whether the line end that is missing belongs to it, so
 * an edit must not bring that about.
 */
function endsOpen({ text, documents }: Parsed): boolean {
  const leaf = text.endsWith('\n') ? null : lastLeaf(documents.at(-1)?.contents ?? null)
  return leaf !== null && isBlockScalar(leaf) && chompOf(text, leaf) !== 'strip'
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

/** Whether two nodes are written alike, styles of maps and lists aside. */
export function sameNode(a: ParsedNode | null | undefined, b: ParsedNode | null | undefined): boolean {
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

/** Whether `b` is what a tree of changes makes of `a`. */
function agrees(a: ParsedNode | null, b: ParsedNode | null, tree: ChangeTree | undefined): boolean {
  if (tree === undefined) return sameNode(a, b)
  if (tree.wants?.op === 'restore') return sameNode(tree.wants.node, b)
  if (tree.wants !== undefined) return tree.wants.op === 'set' && holdsValue(b, tree.wants.value)
  if (isMissing(a)) {
    const made = valueOfTree(tree)
    return made === undefined ? sameNode(a, b) : holdsValue(b, made)
  }
  if (a === null || b === null || isAlias(a) || isAlias(b) || a.anchor !== b.anchor || a.tag !== b.tag) return false
  if (isMap(a)) return isMap(b) && mapAgrees(a, b, tree)
  return isSeq(a) && isSeq(b) && listAgrees(a, b, tree)
}

function mapAgrees(a: YAMLMap.Parsed, b: YAMLMap.Parsed, tree: ChangeTree): boolean {
  const keys = new Set(a.items.map(({ key }) => keyText(key)))
  const added = new Map<string, Json>()
  for (const [step, child] of tree.children) {
    const value = keys.has(String(step)) ? undefined : valueOfTree(child)
    if (value !== undefined) added.set(String(step), value)
  }
  const treeOf = (key: ParsedNode): ChangeTree | undefined => tree.children.get(keyText(key))
  const kept = a.items.filter(({ key, value }) => {
    const child = treeOf(key)
    return child === undefined || !goesAway(child, value)
  })
  const old = b.items.filter(({ key }) => !added.has(keyText(key)))
  const isKeptStyle = kept.length === 0 || a.flow === b.flow
  return (
    isKeptStyle &&
    old.length + added.size === b.items.length &&
    b.items.every(({ key, value }) => {
      const wanted = added.get(keyText(key))
      return wanted === undefined || holdsValue(value, wanted)
    }) &&
    sameList(kept, old, (one, other) => sameNode(one.key, other.key) && agrees(one.value, other.value, treeOf(one.key)))
  )
}

function listAgrees(a: YAMLSeq.Parsed, b: YAMLSeq.Parsed, tree: ChangeTree): boolean {
  const gone = new Set<number>()
  for (const [step, child] of tree.children) {
    const item = typeof step === 'number' ? a.items[step] : undefined
    if (typeof step === 'number' && item !== undefined && goesAway(child, item)) gone.add(step)
  }
  const kept = [...a.items.entries()].filter(([index]) => !gone.has(index))
  const added = itemsToAdd(a, tree, gone)
  if (b.items.length !== kept.length + added.length || (kept.length > 0 && a.flow !== b.flow)) return false
  return (
    kept.every(([index, item], at) => agrees(item, b.items[at] ?? null, tree.children.get(index))) &&
    added.every(({ value }, at) => holdsValue(b.items[kept.length + at] ?? null, value))
  )
}
