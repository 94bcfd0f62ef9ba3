import { parseJsonLosslessly, ResponseError } from '@saker/core'
import { CloudEvent, V1 } from 'cloudevents'

/** The `type` of Falcosidekick's CloudEvents in all its releases. */
const ALERT_EVENT_TYPE = 'falco.rule.output.v1'

/** Ends in `ALERT_MALFORMED` unless a CloudEvent's type says that it carries a Falco alert. */
export function requireAlertEvent(type: unknown): void {
  if (type !== ALERT_EVENT_TYPE)
    throw new ResponseError('ALERT_MALFORMED', `the CloudEvent must have the type ${ALERT_EVENT_TYPE}`)
}

/**
 * Ends in `ALERT_MALFORMED` when the headers of a binary CloudEvent name another version of the specification. None at all
 * is let pass: the type already says what the body is.
 */
export function requireKnownVersion(specversion: unknown): void {
  if (typeof specversion !== 'string' || specversion === '' || specversion === V1) return
  throw new ResponseError('ALERT_MALFORMED', `the CloudEvent must have the specversion ${V1}`)
}

/** The JSON text of the alert in a structured CloudEvent, every number as it was sent. Ends in `ALERT_MALFORMED`. */
export function alertTextOfEvent(text: string): string {
  return alertTextOf(parsed(text))
}

/** The JSON texts of the alerts in a batch of CloudEvents, in their order; all of them or none. Ends in `ALERT_MALFORMED`. */
export function alertTextsOfBatch(text: string): readonly string[] {
  const events = parsed(text)
  if (!Array.isArray(events)) throw new ResponseError('ALERT_MALFORMED', 'a batch must be an array of CloudEvents')
  return events.map(alertTextOf)
}

function parsed(text: string): unknown {
  try {
    return parseJsonLosslessly(text)
  } catch (cause) {
    throw new ResponseError('ALERT_MALFORMED', 'the body is not valid JSON', { cause })
  }
}

/**
 * Only the attributes that decide anything are checked. Extensions are not: Falcosidekick 2.29 sent one whose name the
 * specification forbids, and an invalid `time` is no reason to lose an alert.
 */
function alertTextOf(event: unknown): string {
  if (typeof event !== 'object' || event === null || Array.isArray(event))
    throw new ResponseError('ALERT_MALFORMED', 'a CloudEvent must be an object')
  const { id, source, specversion, type, data, data_base64: base64 } = event as Record<string, unknown>
  requireAlertEvent(type)
  requireAttributes({ id, source, specversion, type })
  if (base64 !== undefined && base64 !== null) {
    if (data !== undefined) throw new ResponseError('ALERT_MALFORMED', 'the CloudEvent has both data and data_base64')
    return decoded(base64)
  }
  // Falcosidekick's JSON as a string is what senders make of it that do not know that it is JSON.
  if (typeof data === 'string') return data
  if (typeof data === 'object' && data !== null) return JSON.stringify(data)
  throw new ResponseError('ALERT_MALFORMED', 'the CloudEvent has no alert as its data')
}

function requireAttributes(attributes: Record<'id' | 'source' | 'specversion' | 'type', unknown>): void {
  try {
    // The SDK makes up an id and a version that are missing; nothing here depends on either.
    const event = new CloudEvent(attributes as Partial<CloudEvent>)
    if (event.specversion === V1) return
  } catch (cause) {
    throw new ResponseError('ALERT_MALFORMED', 'the CloudEvent lacks a valid id, source or type', { cause })
  }
  throw new ResponseError('ALERT_MALFORMED', `the CloudEvent must have the specversion ${V1}`)
}

function decoded(base64: unknown): string {
  const bytes = typeof base64 === 'string' ? Buffer.from(base64, 'base64') : Buffer.alloc(0)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new ResponseError('ALERT_MALFORMED', 'data_base64 does not hold UTF-8 text', { cause })
  }
}
