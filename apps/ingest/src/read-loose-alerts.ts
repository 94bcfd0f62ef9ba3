import { parseJsonLosslessly, ResponseError, type Alert } from '@saker/core'
import { refuseDeepNesting } from './nesting.ts'
import { readAlerts } from './read-alerts.ts'

/**
 * Reads the alerts of a JSON text that came without headers, as they lie in files: a Falcosidekick webhook or Talon body,
 * Falco's own output, a CloudEvent around one, which its `specversion` tells, or an array of these. Numbers stay as written.
 * Ends in `ALERT_MALFORMED`; an array is read as a whole or not at all.
 */
export function readLooseAlerts(text: string): readonly Alert[] {
  refuseDeepNesting(text)
  const mayNeedLooking = /^\s*\[/u.test(text) || text.includes('"specversion"')
  const body = mayNeedLooking ? parsed(text) : undefined
  const each = Array.isArray(body) ? body.map((one: unknown) => JSON.stringify(one)) : [text]
  return each.flatMap((one) => {
    const value = Array.isArray(body) ? one.includes('"specversion"') && parsed(one) : body
    const isEvent = typeof value === 'object' && value !== null && 'specversion' in value
    const packaging = isEvent ? 'structured' : 'direct'
    return readAlerts({ packaging, eventType: undefined, eventVersion: undefined, text: one })
  })
}

function parsed(text: string): unknown {
  try {
    return parseJsonLosslessly(text)
  } catch (cause) {
    throw new ResponseError('ALERT_MALFORMED', 'the text is not valid JSON', { cause })
  }
}
