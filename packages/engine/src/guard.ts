import type { Config, Outcome, ResponseJob } from '@saker/core'

/**
 * The ending that the guard decides before any repository is asked, or undefined when it lets the response pass. The
 * live namespace of the pod is judged, not what a manifest says.
 */
export function guardedOutcome(job: ResponseJob, guard: Config['guard']): Outcome | undefined {
  const { namespace } = job.sighting
  if (namespace !== undefined && guard.protectedNamespaces.has(namespace)) {
    return { outcome: 'skipped', reason: 'ProtectedNamespace' }
  }
  return undefined
}
