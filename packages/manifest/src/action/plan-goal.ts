import { ResponseError } from '@saker/core'
import { listAt, sameJson } from '../layout/json-value.ts'
import type { Applier, BuiltObject, Layout, Root } from '../layout/layout-model.ts'
import { applicationWanted, argoSourceEntries } from './argo-entries.ts'
import type { Candidate } from './candidate.ts'
import { editInPlace } from './edit-in-place.ts'
import { refuseBroadTarget, refuseSharedInBuild } from './entry-reach.ts'
import { existingEntries } from './existing-entries.ts'
import { documentsAt } from './file-changes.ts'
import { notApplicable } from './image-wanted.ts'
import { imageEntryChanges } from './image-entry.ts'
import {
  argoSourcePatches,
  overlayPatches,
  patchesFor,
  replicasEntry,
  rootOverlayOf,
  type WantedOfObject,
} from './overlay-edits.ts'
import { provenStep, tryCandidate, type Progress, type Tried } from './progress.ts'
import { isApplied, isSameIdentity, prove, titleOf, whereOf, type Goal } from './proof.ts'
import { refuseUnreachable } from './reach.ts'
import { editsOfRemoval } from './removal.ts'
import { valueAt, withWanted, type Wanted } from './wanted.ts'

/** What is to become of one object of a cluster. */
export interface ObjectGoal {
  readonly cluster: string
  readonly object: BuiltObject
  readonly wanted: WantedOfObject
  /** Objects of other roots that change with it, and are meant to. */
  readonly along?: readonly Goal[]
  /** Set for an object that no build holds, because nothing in Git tells of it yet. */
  readonly isUnseen?: boolean
}

/** Why one candidate was not taken. */
interface Rejection {
  readonly candidate: string
  readonly error: ResponseError
}

/** So many Flux Kustomizations may lie between a workload and the file that is edited for it. */
const MAX_DEPTH = 4

/**
 * Finds the edit with the least reach that makes one object what is wanted, by the ladder of docs/resolving.md. Every
 * candidate is tried on the layout and proven there; the first that holds is taken.
 *
 * Throws what speaks against the best candidates, with the reasons of all in `details.reasons`.
 */
export function planGoal(progress: Progress, asked: ObjectGoal, depth = 0): Progress {
  const rejections: Rejection[] = []
  const seen = objectNow(progress, asked.object)
  // What only a pin of the config knows of is in no build, or in one of another revision.
  const isUnseen = 'remote' in asked.object.origin && (seen === undefined || !('remote' in seen.origin))
  if (seen === undefined && !isUnseen) throw refusalOf(asked.object, rejections)
  const goal = { ...asked, object: isUnseen || seen === undefined ? asked.object : seen, isUnseen }
  if (isUnseen && isPatchedAlready(progress.layout, goal)) return progress
  const found = climb(progress, goal, rejections) ?? throughApplier(progress, { goal, depth, rejections })
  if (found === undefined) throw refusalOf(goal.object, rejections)
  return found
}

/** Whether a patch that does it stands where one would be made. What nobody can render tells of it in no other way. */
function isPatchedAlready(layout: Layout, { object, wanted }: ObjectGoal): boolean {
  const overlay = rootOverlayOf(object)
  const kustomization = overlay === undefined ? undefined : documentsAt(layout, overlay)[0]
  const there = [
    ...listAt(kustomization, ['patches']),
    ...listAt(object.root.applier?.object.value(), ['spec', 'patches']),
  ]
  return patchesFor(layout, object, wanted).some((patch) => there.some((one) => sameJson(one, patch)))
}

function climb(progress: Progress, goal: ObjectGoal, rejections: Rejection[]): Progress | undefined {
  const { object, wanted } = goal
  const unreachable = refuseUnreachable(object)
  if (unreachable !== undefined) {
    rejections.push({ candidate: object.root.path, error: unreachable })
    return undefined
  }
  if (wanted !== 'remove') return climbByField(progress, { ...goal, wanted }, rejections)
  const candidates = [...editsOfRemoval(progress.layout, object), ...overlayEdits(progress.layout, object, wanted)]
  return firstProven(progress, goal, { candidates, rejections })
}

/** Fields that an overlay or the manifest itself can hold go there one by one; the rest is laid over them together. */
function climbByField(
  progress: Progress,
  goal: ObjectGoal & { readonly wanted: readonly Wanted[] },
  rejections: Rejection[],
): Progress | undefined {
  let current = progress
  const rest: Wanted[] = []
  for (const one of goal.wanted) {
    const object = objectIn(current, goal)
    if (object === undefined) return undefined
    const { layout } = current
    const candidates = [
      ...argoSourceEntries(layout, object, one),
      ...existingEntries(layout, object, one),
      ...editInPlace(layout, object, [one]),
    ]
    const next = firstProven(current, { ...goal, object, wanted: [one] }, { candidates, rejections })
    if (next === undefined) rest.push(one)
    else current = next
  }
  if (rest.length === 0) return current
  const object = objectIn(current, goal)
  if (object === undefined) return undefined
  const candidates = overlayEdits(current.layout, object, rest)
  return firstProven(current, { ...goal, object, wanted: rest }, { candidates, rejections })
}

function objectIn(progress: Progress, { object, isUnseen }: ObjectGoal): BuiltObject | undefined {
  return isUnseen === true ? object : objectNow(progress, object)
}

function overlayEdits(layout: Layout, object: BuiltObject, wanted: WantedOfObject): readonly Candidate[] {
  return [
    ...replicasEntry(layout, object, wanted),
    ...overlayPatches(layout, object, wanted),
    ...argoSourcePatches(layout, object, wanted),
  ]
}

/**
 * The object in the layout as it has become by then. What a folder holds that applies the folder itself may be known from
 * before that was found out, and its root by another id then.
 */
export function objectNow({ layout }: Progress, { root, identity }: BuiltObject): BuiltObject | undefined {
  const same = layout.roots.filter(({ id }) => id === root.id)
  const there = same.length > 0 ? same : layout.roots.filter((one) => isSameFolder(one, root))
  const found = there.flatMap((one) =>
    layout.objectsOf(one).objects.filter((object) => isSameIdentity(object.identity, identity)),
  )
  return found.length === 1 ? found[0] : undefined
}

function isSameFolder(a: Root, b: Root): boolean {
  return a.repository === b.repository && a.path === b.path
}

function ownGoal({ object, wanted, isUnseen = false }: ObjectGoal): Goal {
  const { root, identity } = object
  const desired = wanted === 'remove' ? null : withWanted(object.value(), wanted)
  if (desired === undefined) throw notApplicable(object.value(), 'has no place for what is wanted')
  return { root, identity, desired, isUnseen }
}

function firstProven(
  progress: Progress,
  goal: ObjectGoal,
  { candidates, rejections }: { candidates: readonly Candidate[]; rejections: Rejection[] },
): Progress | undefined {
  const { object, along = [], cluster } = goal
  const goals: readonly Goal[] = [ownGoal(goal), ...along]
  for (const candidate of candidates) {
    const { layout } = progress
    const shared = refuseShared(layout, candidate, object.root) ?? refuseSharedInBuild(layout, candidate, object)
    if (shared !== undefined) {
      rejections.push({ candidate: candidate.path, error: shared })
      continue
    }
    if (progress.claims !== undefined) {
      progress.claims.push({ cluster, candidate, goals })
      return progress
    }
    const tried = triedOrRefused(progress, candidate)
    if (tried instanceof ResponseError) {
      rejections.push({ candidate: candidate.path, error: tried })
      continue
    }
    const proof = prove({ before: progress.layout, after: tried.layout, files: tried.files }, goals, cluster)
    if (proof.kind === 'holds') return provenStep(progress, tried)
    const code = proof.others.length > 0 ? 'LAYER_SHARED' : 'EDIT_UNPROVEN'
    rejections.push({ candidate: candidate.path, error: new ResponseError(code, `${candidate.path}: ${proof.why}`) })
  }
  return undefined
}

/**
 * A file that several builds read is edited for none of them, even where the others override what it says: what they override
 * today they may not tomorrow.
 */
function refuseShared(layout: Layout, { edits }: Candidate, own: Root): ResponseError | undefined {
  for (const { repository, path } of edits) {
    const others = layout
      .rootsReading({ repository, path })
      .filter((root) => root.id !== own.id && isApplied(layout, root) && layout.objectsOf(root).files.has(path))
    if (others.length === 0) continue
    const names = others.map((root) => whereOf(root)).toSorted()
    const message = `${path} also makes what ${names.slice(0, 3).join(', ')} declares`
    return new ResponseError('LAYER_SHARED', message, { details: { path, candidates: names } })
  }
  return undefined
}

function triedOrRefused(progress: Progress, candidate: Candidate): Tried | ResponseError {
  try {
    return tryCandidate(progress, candidate)
  } catch (thrown) {
    if (thrown instanceof ResponseError) return thrown
    throw thrown
  }
}

interface UpwardClimb {
  readonly goal: ObjectGoal
  readonly depth: number
  readonly rejections: Rejection[]
}

/**
 * An edit of the object that applies the root, where that is one of Git too: it is planned in turn, and the workload changes
 * along with it.
 */
function throughApplier(progress: Progress, { goal, depth, rejections }: UpwardClimb): Progress | undefined {
  const { applier } = goal.object.root
  if (applier === undefined || depth >= MAX_DEPTH) return undefined
  const along = [ownGoal(goal), ...(goal.along ?? [])]
  for (const changes of upwardChanges(progress.layout, goal, { applier, rejections })) {
    try {
      const parent = { cluster: goal.cluster, object: applier.object, wanted: changes, along }
      return throughLayer(progress, planGoal(progress, parent, depth + 1), applier)
    } catch (thrown) {
      if (!(thrown instanceof ResponseError)) throw thrown
      rejections.push({ candidate: titleOf(applier.object.identity), error: thrown })
    }
  }
  return undefined
}

function upwardChanges(
  layout: Layout,
  goal: ObjectGoal,
  { applier, rejections }: { readonly applier: Applier; readonly rejections: Rejection[] },
): readonly (readonly Wanted[])[] {
  const { wanted } = goal
  if (applier.type === 'argo') return wanted === 'remove' ? [] : applicationWanted(goal.object, wanted)
  const patches = patchesFor(layout, goal.object, wanted).flatMap((value): readonly (readonly Wanted[])[] => {
    const error = refuseBroadTarget(layout, goal.object, value.target)
    if (error === undefined) return [[{ op: 'append', at: ['spec', 'patches'], value }]]
    rejections.push({ candidate: titleOf(applier.object.identity), error })
    return []
  })
  return [...fluxImages(applier.object, goal.object, wanted), ...patches]
}

/** An image that the Flux object sets is set there, after all patches. */
function fluxImages(applier: BuiltObject, object: BuiltObject, wanted: WantedOfObject): readonly (readonly Wanted[])[] {
  const [one] = wanted === 'remove' || wanted.length !== 1 ? [] : wanted
  if (one?.op !== 'set' || one.at.at(-1) !== 'image' || typeof one.value !== 'string') return []
  const images = { present: valueAt(object.value(), one.at), wanted: one.value }
  return listAt(applier.value(), ['spec', 'images']).flatMap((entry, index) => {
    const changes = imageEntryChanges(entry, images)
    return changes.length === 0
      ? []
      : [changes.map(({ key, ...change }): Wanted => ({ ...change, at: ['spec', 'images', index, key] }))]
  })
}

function throughLayer(before: Progress, after: Progress, { type }: Applier): Progress {
  const layer = type === 'flux' ? ('flux-patch' as const) : ('argo-source' as const)
  const steps = after.steps.map((step, index) =>
    index < before.steps.length ? step : { ...step, candidate: { ...step.candidate, layer } },
  )
  return { ...after, steps }
}

/** Refusals of the manifest itself say more than that a layer is shared, which says more than that a try did not work. */
const WEIGHT: Readonly<Partial<Record<ResponseError['code'], number>>> = { EDIT_UNPROVEN: 2, LAYER_SHARED: 1 }

function refusalOf({ identity, root }: BuiltObject, rejections: readonly Rejection[]): ResponseError {
  const [worst] = rejections.map(({ error }) => error).toSorted((a, b) => (WEIGHT[a.code] ?? 0) - (WEIGHT[b.code] ?? 0))
  const reasons = [...new Set(rejections.map(({ error }) => error.message))]
  const message = `no edit is certain to change ${titleOf(identity)} alone${worst === undefined ? '' : `: ${worst.message}`}`
  return new ResponseError(worst?.code ?? 'EDIT_UNPROVEN', message, {
    details: { path: root.path, reasons },
    ...(worst === undefined ? {} : { cause: worst }),
  })
}
