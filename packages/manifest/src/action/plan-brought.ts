import type { BuiltObject } from '../layout/layout-model.ts'
import type { ActionPlan, ActionRequest } from './action-plan.ts'
import { objectsOfCluster } from './companions.ts'
import { fluxPatchesWanted, patchesForBrought, postRendererWanted, type BroughtWorkload } from './helm-release.ts'
import { notApplicable } from './image-wanted.ts'
import { planGoal } from './plan-goal.ts'
import { planWarnings } from './plan-warnings.ts'
import { planOf } from './planned.ts'
import { isSuspended, suspended } from './reach.ts'
import { refuseOptedOut } from './refusals.ts'
import { withWanted, type Wanted } from './wanted.ts'
import { refuseIgnored } from './ignored-fields.ts'
import type { JsonObject } from '../layout/json-value.ts'
import type { PatchEntry } from './kustomize-patch.ts'
import type { Progress } from './progress.ts'

/**
 * Plans actions on a workload that a HelmRelease, or a Flux Kustomization whose source is not Git, brings: a patch at that
 * object, which is an object of Git like any other and finds its own layer.
 */
export function planBrought(request: ActionRequest, brought: BroughtWorkload): ActionPlan {
  const { layout, found, actions, previousImage } = request
  const { object, workload } = found
  refuseOptedOut(layout, object)
  if (isSuspended(object)) throw suspended(object)
  const patches = patchesForBrought(brought, actions, previousImage === undefined ? {} : { previousImage })
  const changes = patchWanted(object, patches)
  refuseIgnored(object, changes)
  const desired = withWanted(object.value(), changes)
  if (desired === undefined) throw notApplicable(object.value(), 'has no place for a patch')
  const start: Progress = { layout, steps: [] }
  const progress =
    changes.length === 0 ? start : planGoal(start, { cluster: workload.cluster, object, desired })
  const isContained = actions.some(({ action }) => action === 'contain')
  const facts = { object, all: objectsOfCluster(layout, workload.cluster), isContained, isIsolated: false, isRemoved: false }
  const warnings = [...broughtWarnings(object, brought), ...planWarnings(facts)]
  return asBrought(planOf(layout, progress, { object, fields: [], warnings }), object)
}

function patchWanted(object: BuiltObject, patches: readonly PatchEntry[]): readonly Wanted[] {
  const value: JsonObject = object.value()
  switch (object.identity.kind) {
    case 'HelmRelease':
      return postRendererWanted(value, patches)
    case 'Kustomization':
      return fluxPatchesWanted(value, patches)
    default:
      throw notApplicable(value, 'cannot hold a patch for what it brings')
  }
}

function broughtWarnings({ identity }: BuiltObject, { kind, name }: BroughtWorkload): readonly string[] {
  const what = identity.kind === 'HelmRelease' ? 'the chart' : 'the source'
  return [`the ${kind} ${name} comes from ${what} of ${identity.name}, which is not rendered here`]
}

function asBrought(plan: ActionPlan, { identity }: BuiltObject): ActionPlan {
  if (plan.kind !== 'edits') return plan
  const kind = identity.kind === 'HelmRelease' ? 'post-renderer' : 'flux-patch'
  return { ...plan, layer: { ...plan.layer, kind } }
}
