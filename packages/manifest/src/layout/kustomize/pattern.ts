/** Tells whether a whole text fits a regular expression, as Go reads it. Undefined when it is none. */
export function anchoredPattern(source: string): ((text: string) => boolean) | undefined {
  if (/^[A-Za-z0-9_-]*$/u.test(source)) return (text) => text === source
  try {
    const pattern = new RegExp(`^(?:${source})$`)
    return (text) => pattern.test(text)
  } catch {
    return undefined
  }
}
