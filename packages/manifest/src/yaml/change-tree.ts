import type { ParsedNode } from 'yaml'
import { canonicalJson, isJsonList, isJsonMap, type Change, type Json, type Place, type Step } from './change.ts'

/** All that is wanted of one value and of what it holds. */
export interface ChangeTree {
  /** What is wanted of the value as a whole. */
  wants:
    | { readonly op: 'set'; readonly value: Json }
    | { readonly op: 'remove'; readonly pruneEmpty: boolean }
    /** Written as this node of another version of the file; for the proof alone. */
    | { readonly op: 'restore'; readonly node: ParsedNode | null }
    | undefined
  /** What the list at this place is to hold beside what it has, by its canonical text. */
  readonly appends: Map<string, Append>
  readonly children: Map<Step, ChangeTree>
  /** Which of the changes end here, by their index. */
  readonly indexes: number[]
}

/** An item that a list is to hold, and the changes that want it. */
export interface Append {
  readonly value: Json
  readonly indexes: number[]
}

/**
 * The changes of a file by document, folded into what they come to together: what is wanted of a value that another change
 * sets is wanted of the new value, and of two that want different things of one place the later holds.
 */
export function changeTreesOf(changes: readonly Change[]): ReadonlyMap<number, ChangeTree> {
  const trees = new Map<number, ChangeTree>()
  for (const [index, change] of changes.entries()) {
    const documentIndex = change.op === 'removeDocument' ? change.documentIndex : change.at.documentIndex
    const tree = trees.get(documentIndex) ?? newTree()
    trees.set(documentIndex, tree)
    addChange(tree, change, index)
  }
  return trees
}

/** A tree that wants one thing of one place. */
export function treeAt({ steps }: Place, wants: NonNullable<ChangeTree['wants']>): ChangeTree {
  const root = newTree()
  let tree = root
  for (const step of steps) {
    const child = newTree()
    tree.children.set(step, child)
    tree = child
  }
  tree.wants = wants
  return root
}

function newTree(): ChangeTree {
  return { wants: undefined, appends: new Map(), children: new Map(), indexes: [] }
}

function addChange(root: ChangeTree, change: Change, index: number): void {
  const steps = change.op === 'removeDocument' ? [] : change.at.steps
  let tree = root
  for (const [depth, step] of steps.entries()) {
    if (tree.wants !== undefined) {
      fold(tree, change, steps.slice(depth))
      tree.indexes.push(index)
      return
    }
    const child = tree.children.get(step) ?? newTree()
    tree.children.set(step, child)
    tree = child
  }
  if (change.op === 'append' && tree.wants === undefined) {
    const append = tree.appends.get(canonicalJson(change.value)) ?? { value: change.value, indexes: [] }
    append.indexes.push(index)
    tree.appends.set(canonicalJson(change.value), append)
    return
  }
  tree.indexes.push(index)
  if (change.op === 'append') {
    fold(tree, change, [])
    return
  }
  tree.indexes.push(...indexesBelow(tree))
  tree.children.clear()
  tree.appends.clear()
  tree.wants =
    change.op === 'set'
      ? { op: 'set', value: change.value }
      : { op: 'remove', pruneEmpty: change.op === 'remove' && change.pruneEmpty === true }
}

function indexesBelow({ appends, children }: ChangeTree): readonly number[] {
  const appending = [...appends.values()].flatMap(({ indexes }) => indexes)
  return [...appending, ...[...children.values()].flatMap(indexesUnder)]
}

/** The indexes of all changes that a tree is made of. */
export function indexesUnder(tree: ChangeTree): readonly number[] {
  return [...tree.indexes, ...indexesBelow(tree)]
}

function fold(tree: ChangeTree, change: Change, steps: readonly Step[]): void {
  const before = tree.wants?.op === 'set' ? tree.wants.value : undefined
  const value = changedJson(before, change, steps)
  if (value !== undefined) tree.wants = { op: 'set', value }
}

/** A plain value after a change of something in it; undefined stands for one that is absent. */
function changedJson(value: Json | undefined, change: Change, steps: readonly Step[]): Json | undefined {
  const [step, ...rest] = steps
  if (step !== undefined) return withStep(value, step, (inner) => changedJson(inner, change, rest))
  if (change.op === 'set') return change.value
  if (change.op !== 'append') return undefined
  const list = value !== undefined && isJsonList(value) ? value : []
  return holdsEqual(list, change.value) ? list : [...list, change.value]
}

function withStep(
  value: Json | undefined,
  step: Step,
  changed: (inner: Json | undefined) => Json | undefined,
): Json | undefined {
  if (typeof step === 'number') {
    if (value === undefined || !isJsonList(value) || step >= value.length) return value
    return value.flatMap((item, index) => (index === step ? (changed(item) ?? []) : [item]))
  }
  const entries = value !== undefined && isJsonMap(value) ? Object.entries(value) : []
  const inner = changed(entries.find(([key]) => key === step)?.[1])
  const known = entries.some(([key]) => key === step)
  if (inner === undefined) return known ? Object.fromEntries(entries.filter(([key]) => key !== step)) : value
  if (!known) return Object.fromEntries([...entries, [step, inner] as const])
  return Object.fromEntries(entries.map(([key, one]) => [key, key === step ? inner : one] as const))
}

function holdsEqual(list: readonly Json[], value: Json): boolean {
  const wanted = canonicalJson(value)
  return list.some((item) => canonicalJson(item) === wanted)
}

/** What a tree makes where nothing stands yet. Undefined when it wants nothing there. */
export function valueOfTree(tree: ChangeTree): Json | undefined {
  if (tree.wants !== undefined) return tree.wants.op === 'set' ? tree.wants.value : undefined
  if (tree.appends.size > 0) return [...tree.appends.values()].map(({ value }) => value)
  const entries = [...tree.children].flatMap(([step, child]) => {
    const value = valueOfTree(child)
    return value === undefined ? [] : [[step, value] as const]
  })
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

/** Whether a tree wants what cannot be made where nothing stands: items of a list by their index, or both a list and a map. */
export function cannotBeMade(tree: ChangeTree): boolean {
  if (tree.wants !== undefined) return false
  const makes = [...tree.children].filter(([, child]) => valueOfTree(child) !== undefined)
  if (makes.some(([step]) => typeof step === 'number') || (makes.length > 0 && tree.appends.size > 0)) return true
  return [...tree.children.values()].some(cannotBeMade)
}
