import { fieldAt, type JsonObject } from '../layout/json-value.ts'
import type { BuiltObject } from '../layout/layout-model.ts'
import { actionsWanted, type ActionsWanted } from './actions-wanted.ts'
import type { ActionPlan, ActionRequest } from './action-plan.ts'
import { companionsOf, objectsOfCluster, scalePathOf, type Companion } from './companions.ts'
import { CONTAINED_LABEL } from './contain-wanted.ts'
import { refuseDoubts } from './doubts.ts'
import { isIgnoredByArgo, refuseIgnored } from './ignored-fields.ts'
import { isolationDoubts, policyFor } from './isolation-doubts.ts'
import { pointerTo } from './json-pointer.ts'
import { planGoal } from './plan-goal.ts'
import { planIsolation } from './plan-isolation.ts'
import { planReleased } from './plan-released.ts'
import { planWarnings } from './plan-warnings.ts'
import { planOf, type PlanParts } from './planned.ts'
import type { Claim, Progress } from './progress.ts'
import { isSameIdentity, type Goal } from './proof.ts'
import { refuseUnreachable } from './reach.ts'
import { refuseEncrypted, refuseOptedOut, refuseRisk, refuseUnpruned } from './refusals.ts'
import { stepsIn, withWanted, type Wanted } from './wanted.ts'
import { workloadKindOf } from './workload-kind.ts'

/**
 * Plans all actions of one response on one workload as one coherent edit, each part in the layer with the least reach that is
 * proven to do it: docs/resolving.md tells the order. Pure; the same request gives the same plan, and on its own result
 * `unchanged`.
 *
 * Ends as a `ResponseError` that says what speaks against it; nothing is to be written then.
 */
export function planActions(request: ActionRequest): ActionPlan {
  const { layout, found } = request
  if (found.via?.kind === 'helm-release') return planReleased(request)
  const { progress, parts } = climb(request, { layout, steps: [] })
  return planOf(layout, progress, parts)
}

/** Edits that are taken to do what is wanted of a workload, and what is to be told of them. */
export interface ClaimedActions {
  /** None when everything is as wanted already. */
  readonly claims: readonly Claim[]
  readonly warnings: readonly string[]
}

/**
 * The edits that {@link planActions} would try first, without a proof: whoever makes them has to prove them all together.
 * Undefined for actions that are only planned with one. Ends as `planActions` does.
 */
export function claimActions(request: ActionRequest): ClaimedActions | undefined {
  const { layout, found, actions } = request
  if (found.via !== undefined || !actions.every(({ action }) => CLAIMABLE.has(action))) return undefined
  const claims: Claim[] = []
  const { parts, changes } = climb(request, { layout, steps: [], claims })
  const { object } = parts
  const desired = withWanted(object.value(), changes)
  // Each field was claimed by itself, and they are made together.
  const together = (goal: Goal): Goal => {
    const isOwn = goal.root.id === object.root.id && isSameIdentity(goal.identity, object.identity)
    return isOwn && desired !== undefined ? { ...goal, desired } : goal
  }
  const merged = claims.map((claim) => ({ ...claim, goals: claim.goals.map(together) }))
  return { claims: merged, warnings: [...new Set(parts.warnings)] }
}

/** Actions that set fields; a policy has to be rendered before its own edit can be chosen. */
const CLAIMABLE: ReadonlySet<string> = new Set(['contain', 'scale', 'label', 'annotate'])

interface Climbed {
  readonly progress: Progress
  readonly parts: PlanParts
  /** What was wanted of the workload's own object. */
  readonly changes: readonly Wanted[]
}

function climb(request: ActionRequest, start: Progress): Climbed {
  const { layout, found } = request
  const { cluster } = found.workload
  const { object } = found
  const all = objectsOfCluster(layout, cluster)
  refuseOptedOut(layout, object)
  refuseEncrypted(layout, object)
  const wanted = wantedOn(request, all)
  const unreachable = refuseUnreachable(object)
  // What a pinned source brings is found by a pin only, and can be patched at the Flux object.
  if (unreachable !== undefined && !('remote' in object.origin && unreachable.code === 'SOURCE_PINNED'))
    throw unreachable
  const kin = stopsPods(object, wanted) ? companionsOf(all, object) : []
  const changes = visibleChanges(object, isScaledByKeda(object, kin) ? withoutReplicas(wanted.changes) : wanted.changes)
  refuseIgnored(object, changes)
  if (changes.length > 0) refuseDoubts(object, changes)
  refuseRisk(object, changes)
  if (wanted.desired === null) refuseUnpruned(object)
  let progress = start
  if (wanted.desired === null) progress = planGoal(progress, { cluster, object, wanted: 'remove' })
  else if (changes.length > 0) progress = planGoal(progress, { cluster, object, wanted: changes })
  for (const companion of kin) {
    refuseOptedOut(layout, companion.object)
    if (companion.wanted.length > 0) progress = planGoal(progress, { cluster, ...companion })
  }
  const doubts: string[] = []
  if (wanted.isolate !== undefined) {
    const policy = wanted.isolate.policy ?? policyFor(all)
    const relatives = companionsOf(all, object).map((one) => one.object)
    progress = planIsolation(progress, { cluster, object, policy, all, kin: relatives })
    doubts.push(...isolationDoubts(all, object, policy))
  }
  const facts = { object, all, isContained: wanted.isContained, isRemoved: wanted.desired === null }
  const warnings = [...planWarnings({ ...facts, isIsolated: wanted.isolate !== undefined }), ...doubts]
  return { progress, parts: { object, fields: wanted.fields, warnings }, changes }
}

function wantedOn(
  { found: { object }, actions, previousImage }: ActionRequest,
  all: readonly BuiltObject[],
): ActionsWanted {
  const { apiVersion, kind } = object.identity
  const scalePath = workloadKindOf(apiVersion, kind) === undefined ? scalePathOf(all, object) : undefined
  return actionsWanted(object.value(), actions, {
    ...(scalePath === undefined ? {} : { scalePath }),
    ...(previousImage === undefined ? {} : { previousImage }),
  })
}

/**
 * Argo CD does not sync an application whose only difference is one that it ignores. An annotation beside it is a difference
 * that it sees, on the way there and on the way back.
 */
function visibleChanges(object: BuiltObject, changes: readonly Wanted[]): readonly Wanted[] {
  const value = object.value()
  const pointers = changes.map(({ at }) => pointerTo(stepsIn(value, at) ?? []))
  if (!isIgnoredByArgo(object, pointers)) return changes
  return [...changes, { op: 'set', at: ['metadata', 'annotations', CONTAINED_LABEL], value: 'true' }]
}

/** Whether KEDA alone says how many pods there are: then it does so too when there are to be none. */
function isScaledByKeda(object: BuiltObject, kin: readonly Companion[]): boolean {
  const isCounted = fieldAt(object.value(), ['spec', 'replicas']) !== undefined
  return !isCounted && kin.some((one) => one.object.identity.kind === 'ScaledObject')
}

function withoutReplicas(changes: readonly Wanted[]): readonly Wanted[] {
  return changes.filter(({ at }) => at.length !== 2 || at[0] !== 'spec' || at[1] !== 'replicas')
}

/** Whether the workload is to have no pods: then nothing else may start them. */
function stopsPods(object: BuiltObject, { desired }: ActionsWanted): boolean {
  return (
    desired !== null &&
    isStopped(desired) &&
    workloadKindOf(object.identity.apiVersion, object.identity.kind)?.stoppedBy !== 'suspend'
  )
}

function isStopped(desired: JsonObject): boolean {
  return fieldAt(desired, ['spec', 'replicas']) === 0
}
