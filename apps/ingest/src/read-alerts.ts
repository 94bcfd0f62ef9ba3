import { parseAlert, type Alert } from '@saker/core'
import type { Packaging } from './alert-format.ts'
import { alertTextOfEvent, alertTextsOfBatch, requireAlertEvent, requireKnownVersion } from './cloudevents.ts'
import { refuseDeepNesting } from './nesting.ts'

/** A request's body, and what its headers say of it. */
export interface AlertBody {
  readonly packaging: Packaging
  /** The `ce-type` header, which is the event's type in binary mode. */
  readonly eventType: unknown
  /** The `ce-specversion` header. */
  readonly eventVersion: unknown
  readonly text: string
}

/**
 * The alerts of a body, in its order: one, or as many as a batch holds, none included. In direct and binary mode an
 * alert's `raw` is the body to the letter. All are read before any is given back. Ends in `ALERT_MALFORMED`.
 */
export function readAlerts({ packaging, eventType, eventVersion, text }: AlertBody): readonly Alert[] {
  refuseDeepNesting(text)
  switch (packaging) {
    case 'direct':
      return [parseAlert(text)]
    case 'binary':
      requireAlertEvent(eventType)
      requireKnownVersion(eventVersion)
      return [parseAlert(text)]
    case 'structured':
      return [parseEnclosed(alertTextOfEvent(text))]
    case 'batch':
      return alertTextsOfBatch(text).map(parseEnclosed)
    default:
      return packaging satisfies never
  }
}

/** An alert that came as a string or in base64 has not been looked at with the rest of the body. */
function parseEnclosed(text: string): Alert {
  refuseDeepNesting(text)
  return parseAlert(text)
}
