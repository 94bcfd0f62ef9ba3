import { sameJson, type JsonObject } from '../layout/json-value.ts'
import type { BuiltObject, BuiltRoot, Layout, LayoutPlace, ObjectIdentity, Root } from '../layout/layout-model.ts'

/** What one object of one root is to be after an edit; null: gone, or, as the state before, not there yet. */
export interface Goal {
  readonly root: Root
  readonly identity: ObjectIdentity
  readonly desired: JsonObject | null
  /** Set when no build held the object before: then a build may go on without it, or hold what the patch says of it. */
  readonly isUnseen?: boolean
}

/** What an edit does to an object, as the cluster gets it. */
export interface Difference {
  readonly root: Root
  readonly identity: ObjectIdentity
  readonly before: JsonObject | undefined
  readonly after: JsonObject | undefined
}

/** A layout before and after edits, and the files that are edited. */
export interface States {
  readonly before: Layout
  readonly after: Layout
  readonly files: readonly LayoutPlace[]
}

/** What came of a proof: it holds, or why not. `others` are the objects that would change without being meant. */
export type Proof =
  | { readonly kind: 'holds' }
  | { readonly kind: 'fails'; readonly why: string; readonly others: readonly Difference[] }

/**
 * Whether an edit does what it is to do and nothing else: every root of every repository that reads a changed file is built
 * before and after, and the objects that differ have to be exactly the goals, each as it was wanted.
 *
 * `cluster` is the one that is meant; a root that another cluster gets too must not change at all.
 */
export function prove(states: States, goals: readonly Goal[], cluster: string): Proof {
  const { before } = states
  const faults = newProblems(states)
  if (faults !== undefined) return { kind: 'fails', why: faults, others: [] }
  const differences = differencesOf(states)
  const others = differences.filter((one) => !goals.some((goal) => isOf(goal, one) || isTwinOf(goal, one)))
  if (others.length > 0) return { kind: 'fails', why: `it would change ${listed(others)} too`, others }
  for (const goal of goals) {
    if (goal.isUnseen === true) continue
    const found = differences.find((one) => isOf(goal, one))
    if (found === undefined) return fails(`it would not change ${titleOf(goal.identity)}: something overrides it`)
    const isWanted = goal.desired === null ? found.after === undefined : sameJson(found.after, goal.desired)
    if (!isWanted) return fails(`${titleOf(goal.identity)} would not become what is wanted`)
  }
  const foreign = differences.flatMap(({ root }) => clustersOf(before, root).filter((name) => name !== cluster))
  if (foreign.length > 0) {
    const names = [...new Set(foreign)].toSorted().join(', ')
    return { kind: 'fails', why: `it would change the cluster ${names} too`, others: differences }
  }
  return { kind: 'holds' }
}

function fails(why: string): Proof {
  return { kind: 'fails', why, others: [] }
}

function isOf(goal: Goal, difference: Difference): boolean {
  if (goal.isUnseen === true) {
    const { kind, name } = difference.identity
    return goal.root.id === difference.root.id && kind === goal.identity.kind && name === goal.identity.name
  }
  return goal.root.id === difference.root.id && keyOf(goal.identity) === keyOf(difference.identity)
}

/** The same object of the cluster, declared by a second root of it; one that another cluster gets is told of later. */
function isTwinOf(goal: Goal, { root, identity, after }: Difference): boolean {
  return (
    goal.root.id !== root.id &&
    identity.namespace !== undefined &&
    goal.root.applier?.object.identity.name === root.applier?.object.identity.name &&
    keyOf(goal.identity) === keyOf(identity) &&
    sameJson(goal.desired ?? undefined, after)
  )
}

/** The clusters that get a root. */
export function clustersOf(layout: Layout, root: Root): readonly string[] {
  const names = layout.sources.flatMap(({ clusters }) => clusters.map(({ name }) => name))
  return [...new Set(names)].filter((name) => layout.rootsOf(name).some(({ id }) => id === root.id))
}

/**
 * Whether a root may be applied by anybody. Manifests that lie about where no cluster of the config looks are not, and a
 * folder that is known to be applied by some object is not taken a second time for a kustomization that nobody uses.
 */
export function isApplied(layout: Layout, root: Root): boolean {
  const known = unapplied.get(layout) ?? unappliedIn(layout)
  unapplied.set(layout, known)
  return !known.has(root.id)
}

const unapplied = new WeakMap<Layout, ReadonlySet<string>>()

function unappliedIn(layout: Layout): ReadonlySet<string> {
  const names = layout.sources.flatMap(({ clusters }) => clusters.map(({ name }) => name))
  const reached = new Set(names.flatMap((name) => layout.rootsOf(name).map(({ id }) => id)))
  const folder = ({ repository, path }: Root): string => `${repository}:${path}`
  const applied = new Set(layout.roots.flatMap((root) => (root.applier === undefined ? [] : [folder(root)])))
  const idle = layout.roots.filter(
    (root) =>
      !reached.has(root.id) && (root.kind === 'loose' || (root.applier === undefined && applied.has(folder(root)))),
  )
  return new Set(idle.map(({ id }) => id))
}

/** Every object that two states of a layout have in different forms. */
export function differencesOf({ before, after, files }: States): readonly Difference[] {
  const edited = new Set(files.map(placeKey))
  return changedBuilds(before, after).flatMap(([old, now]) => rootDifferences(old, now, edited))
}

function placeKey({ repository, path }: LayoutPlace): string {
  return `${repository}:${path}`
}

type BuildPair = readonly [before: BuiltRoot | undefined, after: BuiltRoot | undefined]

/** Builds that are not the very same in both; roots that read none of the edited files keep theirs. */
function changedBuilds(before: Layout, after: Layout): readonly BuildPair[] {
  const roots = new Map(before.roots.map((root) => [root.id, root]))
  const edited = new Map(after.roots.map((root) => [root.id, root]))
  return [...new Set([...roots.keys(), ...edited.keys()])].flatMap((id): readonly BuildPair[] => {
    const [one, other] = [roots.get(id), edited.get(id)]
    const present = other ?? one
    if (present === undefined || !isApplied(before, present)) return []
    const [old, now] = [builtOf(before, one), builtOf(after, other)]
    return old === now ? [] : [[old, now]]
  })
}

function builtOf(layout: Layout, root: Root | undefined): BuiltRoot | undefined {
  return root === undefined ? undefined : layout.objectsOf(root)
}

function rootDifferences(
  before: BuiltRoot | undefined,
  after: BuiltRoot | undefined,
  edited: ReadonlySet<string>,
): readonly Difference[] {
  const [olds, news] = [objectsByKey(before), objectsByKey(after)]
  const manifests = new Set([...olds.values(), ...news.values()].map(({ origin }) => placeKey(origin)))
  // Where only manifests are edited, nothing becomes of those in other files, unless a kustomization makes more of them.
  const isLocal = [...edited].every((place) => manifests.has(place) && !KUSTOMIZATION.test(place))
  return [...new Set([...olds.keys(), ...news.keys()])].flatMap((key) => {
    const [old, fresh] = [olds.get(key), news.get(key)]
    const present = fresh ?? old
    if (present === undefined || old === fresh) return []
    if (isLocal && old !== undefined && fresh !== undefined && !isIn(edited, old) && !isIn(edited, fresh)) return []
    const [was, is] = [old?.value(), fresh?.value()]
    if (sameJson(was, is)) return []
    return [{ root: present.root, identity: present.identity, before: was, after: is }]
  })
}

const KUSTOMIZATION = /(?:^|[/:])(?:kustomization\.ya?ml|Kustomization)$/u

function isIn(edited: ReadonlySet<string>, { origin, layers }: BuiltObject): boolean {
  return 'remote' in origin || layers.length > 0 || edited.has(placeKey(origin))
}

/** By identity; a build that has two of one identity keeps both apart. */
function objectsByKey(built: BuiltRoot | undefined): ReadonlyMap<string, BuiltObject> {
  const objects = new Map<string, BuiltObject>()
  for (const object of built?.objects ?? []) {
    let key = keyOf(object.identity)
    while (objects.has(key)) key += '+'
    objects.set(key, object)
  }
  return objects
}

/** Whether two names mean one object. */
export function isSameIdentity(a: ObjectIdentity, b: ObjectIdentity): boolean {
  return a.name === b.name && a.kind === b.kind && a.namespace === b.namespace && a.apiVersion === b.apiVersion
}

/** A text that is equal for equal identities. */
export function keyOf({ apiVersion, kind, namespace = '', name }: ObjectIdentity): string {
  return `${apiVersion} ${kind} ${namespace} ${name}`
}

/** What an edit would break: a build that fails now and did not before. Undefined when nothing. */
export function newProblems({ before, after }: States): string | undefined {
  const fresh = changedBuilds(before, after).flatMap(([old, now]) => {
    const known = new Set(old?.problems.map(({ where, message }) => `${where.path} ${message}`))
    return now?.problems.filter(({ where, message }) => !known.has(`${where.path} ${message}`)) ?? []
  })
  const [first] = fresh
  return first === undefined ? undefined : `the build would fail: ${first.where.path} ${first.message}`
}

/** How a person is told of an object. */
export function titleOf({ kind, namespace, name }: ObjectIdentity): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`
}

/** How a person is told of objects that would change. */
export function listed(differences: readonly Difference[]): string {
  const titles = differences.slice(0, 3).map(({ identity, root }) => `${titleOf(identity)} of ${whereOf(root)}`)
  return `${titles.join(', ')}${differences.length > 3 ? ` and ${differences.length - 3} more` : ''}`
}

/** Where a root lies, and which object applies it from where. */
export function whereOf({ repository, path, applier }: Root): string {
  const folder = path === '' ? repository : path
  if (applier === undefined) return folder
  const { identity, origin } = applier.object
  return `${folder} (${titleOf(identity)} of ${origin.path})`
}
