import { ResponseError } from '@saker/core'

/** Falco's alerts are three levels deep, five in a batch of CloudEvents. */
const MAX_DEPTH = 64

/**
 * Ends in `ALERT_MALFORMED` when JSON text nests deeper than any alert does. Parsers and printers that visit a document
 * recursively, here and behind the queue, would otherwise run out of stack on a body of brackets.
 */
export function refuseDeepNesting(text: string): void {
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    if (inString) {
      if (character === '\\') at += 1
      else if (character === '"') inString = false
    } else if (character === '"') inString = true
    else if (character === '{' || character === '[') {
      depth += 1
      if (depth > MAX_DEPTH)
        throw new ResponseError('ALERT_MALFORMED', `the body nests deeper than ${MAX_DEPTH} levels`)
    } else if (character === '}' || character === ']') depth -= 1
  }
}
