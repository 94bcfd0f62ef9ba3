import { RE2JS, RE2JSSyntaxException } from 're2js'

/** A regular expression whose time is linear in the text, whatever the text. */
export interface LinearRegex {
  /** Whether it is found anywhere in the text. A text that would take too long never matches; those of Falco do not. */
  isIn(text: string): boolean
}

/** Instructions of a compiled expression. */
const MAX_PROGRAM_SIZE = 500

/**
 * Instructions times characters: what one text may cost, about half a second at the very worst. It leaves 8,192 characters to
 * the largest expression, twice of what Falco keeps of a command line.
 */
const MAX_STEPS = MAX_PROGRAM_SIZE * 8192

/** What is wrong with an expression, without repeating any of it; undefined when it can be used. */
export function regexFault(pattern: string): string | undefined {
  try {
    const isLarge = RE2JS.compile(pattern).programSize() > MAX_PROGRAM_SIZE
    return isLarge ? 'is too large a regular expression; use smaller repetitions' : undefined
  } catch (thrown) {
    const reason = thrown instanceof RE2JSSyntaxException ? `: ${describeSyntaxFault(thrown)}` : ''
    return `is not a regular expression in RE2 syntax${reason}`
  }
}

/** RE2 takes look-around for something else that it does not know. */
function describeSyntaxFault(thrown: RE2JSSyntaxException): string {
  const at = thrown.getPattern() ?? ''
  return /^\(\?<?[=!]/u.test(at) ? 'it has no look-around' : thrown.getDescription()
}

/** Compiles an expression in which {@link regexFault} finds nothing. */
export function compileRegex(pattern: string): LinearRegex {
  const regex = RE2JS.compile(pattern)
  const maxLength = Math.floor(MAX_STEPS / regex.programSize())
  return { isIn: (text) => text.length <= maxLength && regex.test(text) }
}
