import { isAlias, isMap, isScalar, isSeq, type YAMLMap, type YAMLSeq } from 'yaml'
import { appendItems } from './append-items.ts'
import { indexesUnder, cannotBeMade, valueOfTree, type ChangeTree } from './change-tree.ts'
import type { Json } from './change.ts'
import { colonOf } from './extents.ts'
import { holdsValue } from './holds-value.ts'
import { insertEntries } from './insert-entry.ts'
import { findEntry, goesAway, isMissing, itemsToAdd } from './intent.ts'
import { isJsonScalar } from './write-scalar.ts'
import { removeAll, removeParts } from './remove-parts.ts'
import { replaceValue } from './replace-value.ts'
import { hasAliasTo, isInFlow, sharedValue, unsafe, type Collection, type Editing, type Spot } from './spot.ts'

/**
 * Collects the splices that make a tree of changes of one document. Returns the indexes of the changes for which something
 * had to be done; the others already are as wanted.
 */
export function spliceChanges(editing: Editing, tree: ChangeTree): ReadonlySet<number> {
  const changed = new Set<number>()
  const { contents } = editing.document
  const holder = { type: 'document' } as const
  const whole = { editing, node: contents, holder, name: 'its content', json: false, compact: false }
  spliceValue(whole, tree, changed)
  return changed
}

function spliceValue(spot: Spot, tree: ChangeTree, changed: Set<number>): void {
  const { editing, node } = spot
  if (tree.wants?.op === 'set') {
    if (holdsValue(node, tree.wants.value)) return
    replaceValue(spot, tree.wants.value)
    mark(tree.indexes, changed)
    return
  }
  if (tree.children.size === 0 && tree.appends.size === 0) return
  if (isMissing(node)) {
    makeValue(spot, tree, changed)
    return
  }
  if (node === null || isAlias(node)) throw sharedValue(editing, spot.name)
  if (node.anchor !== undefined && hasAliasTo(editing.document, node.anchor)) throw sharedValue(editing, spot.name)
  const isList = tree.appends.size > 0 || [...tree.children.keys()].some((step) => typeof step === 'number')
  if (isList) {
    if (!isSeq(node)) throw unsafe(editing, `has no list at ${spot.name}`)
    spliceList({ ...spot, node }, tree, changed)
  } else {
    if (!isMap(node)) throw unsafe(editing, `has no map at ${spot.name}`)
    spliceMap({ ...spot, node }, tree, changed)
  }
}

function mark(indexes: readonly number[], changed: Set<number>): void {
  for (const index of indexes) changed.add(index)
}

function makeValue(spot: Spot, tree: ChangeTree, changed: Set<number>): void {
  if (cannotBeMade(tree)) throw unsafe(spot.editing, `has no list at ${spot.name}`)
  const value = valueOfTree(tree)
  if (value === undefined) return
  if (spot.holder.type === 'document') throw unsafe(spot.editing, `has no map at ${spot.name}`)
  replaceValue(spot, value)
  mark(indexesUnder(tree), changed)
}

function spliceMap(spot: Spot & { node: YAMLMap.Parsed }, tree: ChangeTree, changed: Set<number>): void {
  const { editing, node: map } = spot
  const inside = insideMap(spot)
  const gone = new Set<number>()
  const added: (readonly [string, Json])[] = []
  for (const [step, child] of tree.children) {
    const key = String(step)
    const index = findEntry(editing, map, { key, tree: child })
    const pair = map.items[index]
    if (pair === undefined) {
      if (cannotBeMade(child)) throw unsafe(editing, `has no list at ${key}`)
      const value = valueOfTree(child)
      if (value === undefined) continue
      added.push([key, value])
      mark(indexesUnder(child), changed)
    } else if (goesAway(child, pair.value)) {
      gone.add(index)
      mark(indexesUnder(child), changed)
    } else {
      const holder = { type: 'entry', map, pair } as const
      spliceValue({ editing, node: pair.value, holder, name: key, ...inside }, child, changed)
    }
  }
  if (gone.size > 0 && gone.size === map.items.length) {
    if (added.length > 0) replaceValue(spot, Object.fromEntries(added))
    else removeAll(spot, '{}')
    return
  }
  if (gone.size > 0) removeParts(spot, gone)
  if (added.length > 0) addEntries({ ...spot, ...inside }, added)
}

/** What the first entry of a map in brackets tells of its style. */
function insideMap({
  editing,
  node,
  holder,
  ...outside
}: Spot & { node: YAMLMap.Parsed }): Pick<Spot, 'json' | 'compact'> {
  if (node.flow !== true) return { json: outside.json, compact: outside.compact }
  const [first] = node.items
  const key = first?.key ?? (holder.type === 'entry' ? holder.pair.key : undefined)
  const json = outside.json || (isScalar(key) && key.type === 'QUOTE_DOUBLE')
  const colon = first && colonOf(first)
  // `{"a":1}` is written without spaces, and then what is new in it is too.
  return { json, compact: json && colon !== undefined && /\S/u.test(editing.text.charAt(colon + 1)) }
}

function addEntries(spot: Spot & { node: YAMLMap.Parsed }, added: readonly (readonly [string, Json])[]): void {
  const isEmptyInBlock = spot.node.items.length === 0 && !isInFlow(spot)
  if (isEmptyInBlock && !added.every(([, value]) => isJsonScalar(value) && !String(value).includes('\n'))) {
    replaceValue(spot, Object.fromEntries(added))
    return
  }
  insertEntries(spot, added)
}

function spliceList(spot: Spot & { node: YAMLSeq.Parsed }, tree: ChangeTree, changed: Set<number>): void {
  const { editing, node: list } = spot
  const gone = new Set<number>()
  for (const [step, child] of tree.children) {
    const item = typeof step === 'number' ? list.items[step] : undefined
    if (typeof step !== 'number') throw unsafe(editing, `has no map at ${spot.name}`)
    if (item === undefined) {
      if (valueOfTree(child) === undefined && !cannotBeMade(child)) continue
      throw unsafe(editing, `has no item ${step + 1} at ${spot.name}`)
    }
    if (goesAway(child, item)) {
      gone.add(step)
      mark(indexesUnder(child), changed)
      continue
    }
    const holder = { type: 'item', list, index: step } as const
    spliceValue(
      { editing, node: item, holder, name: `item ${step + 1}`, json: isJsonItem(spot), compact: spot.compact },
      child,
      changed,
    )
  }
  const added = itemsToAdd(list, tree, gone)
  for (const { indexes } of added) mark(indexes, changed)
  spliceItems(
    spot,
    gone,
    added.map(({ value }) => value),
  )
}

function spliceItems(spot: Spot & { node: YAMLSeq.Parsed }, gone: ReadonlySet<number>, added: readonly Json[]): void {
  const { node: list } = spot
  if (list.items.length === gone.size) {
    if (added.length > 0 && spot.holder.type === 'document' && gone.size === 0) appendItems(spot, added)
    else if (added.length > 0) replaceValue(spot, added)
    else if (gone.size > 0) removeAll(spot, '[]')
    return
  }
  if (gone.size > 0) removeParts(spot, gone)
  if (added.length > 0) appendItems({ ...spot, json: isJsonItem(spot) }, added)
}

function isJsonItem({ json, node, holder }: Spot & { node: Collection }): boolean {
  if (json || node.flow !== true) return json
  return holder.type === 'entry' && isScalar(holder.pair.key) && holder.pair.key.type === 'QUOTE_DOUBLE'
}
