import type { Config, Outcome, ResponseJob, Waiver } from '@saker/core'

/** What the guard looks at beside a job. */
export interface GuardContext {
  readonly guard: Config['guard']
  /** Milliseconds since 1970. */
  readonly now: number
  /** How long the lane has slept for limits of the Git host since the job was received, in milliseconds. */
  readonly asleepMs?: number | undefined
  readonly waiver?: Waiver | undefined
}

/**
 * The ending that the guard decides before any repository is asked, or undefined when it lets the response pass. The
 * live namespace of the pod is judged, not what a manifest says; one that is not known is refused later, in planning.
 */
export function guardedOutcome(job: ResponseJob, guard: Config['guard']): Outcome | undefined {
  const { namespace } = job.sighting
  if (namespace === undefined) return undefined
  if (guard.protectedNamespaces.has(namespace)) return { outcome: 'skipped', reason: 'ProtectedNamespace' }
  if (guard.onlyNamespaces.length > 0 && !guard.onlyNamespaces.includes(namespace))
    return { outcome: 'skipped', reason: 'NamespaceNotAllowed' }
  return undefined
}

/** Whether a job has waited too long to be done without a person's word. One that a person wants done never has. */
export function isTooOld({ receivedAt }: ResponseJob, { guard, now, asleepMs = 0, waiver }: GuardContext): boolean {
  return waiver === undefined && now - receivedAt - asleepMs > guard.maxAgeMs
}
