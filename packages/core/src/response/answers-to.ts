import { notActionable, type Alert, type NotActionable } from '../alert/alert.ts'
import type { Config } from '../config/config.ts'
import { namespaceOf, podSightingOf, type PodSighting } from '../pod/pod-sighting.ts'
import { responsesFor } from './match-response.ts'
import type { Response } from './response.ts'

/** Why an alert that was understood leads to nothing. */
export type IgnoredReason = NotActionable | 'NoResponse' | 'NoWorkload'

/** What a config says to an alert. */
export type AnswersToAlert =
  | { readonly ignored: IgnoredReason }
  /** At least one response, in the config's order. */
  | { readonly sighting: PodSighting; readonly responses: readonly Response[] }

/** The responses that answer an alert of a cluster, and the pod that they are about; or why there is nothing to do. */
export function answersTo(alert: Alert, { responses }: Config, cluster: string): AnswersToAlert {
  const unactionable = notActionable(alert)
  if (unactionable !== undefined) return { ignored: unactionable }
  const sighting = podSightingOf(alert)
  const namespace = namespaceOf(alert, sighting)
  const place = { cluster, ...(namespace === undefined ? {} : { namespace }) }
  const answering = responsesFor(alert, place, responses)
  if (answering.length === 0) return { ignored: 'NoResponse' }
  return sighting === undefined ? { ignored: 'NoWorkload' } : { sighting, responses: answering }
}
