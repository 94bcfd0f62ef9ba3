import { RE2JS, RE2JSSyntaxException } from 're2js'

/** A regular expression whose time is linear in the text, whatever the text. */
export interface LinearRegex {
  /** Whether it is found anywhere in the text. A text of more than 16,384 characters never matches. */
  isIn(text: string): boolean
}

/** Falco cuts command lines at 4,096 bytes; what is longer was not made by it. */
const MAX_TEXT_LENGTH = 16_384

/** Instructions of the compiled expression: the time for one text is at most their number times its length. */
const MAX_PROGRAM_SIZE = 2000

/** What is wrong with an expression, without repeating any of it; undefined when it can be used. */
export function regexFault(pattern: string): string | undefined {
  try {
    const regex = RE2JS.compile(pattern)
    return regex.programSize() > MAX_PROGRAM_SIZE
      ? 'is too large a regular expression; use smaller repetitions'
      : undefined
  } catch (thrown) {
    const reason = thrown instanceof RE2JSSyntaxException ? `: ${thrown.getDescription()}` : ''
    return `is not a regular expression in RE2 syntax${reason}`
  }
}

/** Compiles an expression in which {@link regexFault} finds nothing. */
export function compileRegex(pattern: string): LinearRegex {
  const regex = RE2JS.compile(pattern)
  return { isIn: (text) => text.length <= MAX_TEXT_LENGTH && regex.test(text) }
}
