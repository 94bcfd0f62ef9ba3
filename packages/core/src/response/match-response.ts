import { readField, type Alert } from '../alert/alert.ts'
import { satisfiesPriority } from '../alert/priority.ts'
import { matchesGlob } from '../text/glob.ts'
import { matchesField } from './match-field.ts'
import type { NamespaceMatch, Response, ResponseMatch, TagMatch } from './response.ts'

/** Where an alert happened, as far as it says. */
export interface AlertPlace {
  readonly cluster: string
  readonly namespace?: string
}

/** Whether an alert satisfies every condition of a match. Fails closed: what the alert lacks satisfies no positive condition. */
export function matchesResponse(alert: Alert, place: AlertPlace, match: ResponseMatch): boolean {
  if (match.alertRules !== undefined && !match.alertRules.some((rule) => matchesGlob(alert.alertRule, rule)))
    return false
  if (match.priority !== undefined && !satisfiesPriority(alert.priority, match.priority)) return false
  if (match.sources !== undefined && !match.sources.includes(alert.source)) return false
  if (match.clusters !== undefined && !match.clusters.includes(place.cluster)) return false
  if (match.namespaces !== undefined && !matchesNamespace(place.namespace, match.namespaces)) return false
  if (match.tags !== undefined && !matchesTags(alert.tags, match.tags)) return false
  return Object.entries(match.fields ?? {}).every(([name, field]) => matchesField(readField(alert, name), field))
}

function matchesTags(tags: readonly string[], { any, all = [], none = [] }: TagMatch): boolean {
  if (any !== undefined && !any.some((tag) => tags.includes(tag))) return false
  return all.every((tag) => tags.includes(tag)) && !none.some((tag) => tags.includes(tag))
}

function matchesNamespace(namespace: string | undefined, match: NamespaceMatch): boolean {
  if (namespace === undefined) return match.in === undefined
  if (match.in !== undefined && !match.in.some((glob) => matchesGlob(namespace, glob))) return false
  return !(match.notIn ?? []).some((glob) => matchesGlob(namespace, glob))
}

/** The responses that answer an alert, in the config's order: up to the first that matches and does not `continue`. */
export function responsesFor(alert: Alert, place: AlertPlace, responses: readonly Response[]): readonly Response[] {
  const answering: Response[] = []
  for (const response of responses) {
    if (!matchesResponse(alert, place, response.match)) continue
    answering.push(response)
    if (!response.continue) break
  }
  return answering
}
