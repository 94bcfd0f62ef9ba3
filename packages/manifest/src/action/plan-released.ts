import type { ActionPlan, ActionRequest } from './action-plan.ts'
import { objectsOfCluster } from './companions.ts'
import { refuseDoubts } from './doubts.ts'
import { patchesForReleased, postRendererWanted } from './helm-release.ts'
import { planGoal } from './plan-goal.ts'
import { planWarnings, runningJobs } from './plan-warnings.ts'
import { planOf } from './planned.ts'
import { titleOf } from './proof.ts'
import { isSuspended, refuseUnreachable, suspended } from './reach.ts'
import { refuseEncrypted, refuseOptedOut } from './refusals.ts'
import { refuseIgnored } from './ignored-fields.ts'
import type { Progress } from './progress.ts'

/**
 * Plans actions on a workload that the chart of a HelmRelease makes: a post-renderer of the release, which is an object of
 * Git like any other and finds its own layer. What the chart calls its values is nobody's guess.
 */
export function planReleased(request: ActionRequest): ActionPlan {
  const { layout, found, actions, previousImage } = request
  const { object: release, workload } = found
  refuseOptedOut(layout, release)
  refuseEncrypted(layout, release)
  if (isSuspended(release)) throw suspended(release)
  const unreachable = refuseUnreachable(release)
  if (unreachable !== undefined) throw unreachable
  const patches = patchesForReleased(workload, actions, previousImage === undefined ? {} : { previousImage })
  const changes = postRendererWanted(release.value(), patches)
  refuseIgnored(release, changes)
  if (changes.length > 0) refuseDoubts(release, changes)
  let progress: Progress = { layout, steps: [] }
  if (changes.length > 0) progress = planGoal(progress, { cluster: workload.cluster, object: release, wanted: changes })
  const plan = planOf(layout, progress, { object: release, fields: [], warnings: warningsOf(request) })
  return plan.kind === 'edits' ? { ...plan, layer: { ...plan.layer, kind: 'post-renderer' } } : plan
}

function warningsOf({ layout, found, actions }: ActionRequest): readonly string[] {
  const { object, workload } = found
  const facts = { object, all: objectsOfCluster(layout, workload.cluster), isIsolated: false, isRemoved: false }
  const isContained = actions.some(({ action }) => action === 'contain')
  return [
    `the chart of ${titleOf(object.identity)} is not rendered here: whether ${workload.kind} ${workload.name} is in it is not proven`,
    ...(isContained && workload.kind === 'CronJob' ? [runningJobs(workload.name)] : []),
    ...planWarnings({ ...facts, isContained }),
  ]
}
