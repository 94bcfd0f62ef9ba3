import { parseResponseLines, parseUndoneIds, type ResponseLine } from '@saker/core'

/** The responses whose lines stand in some texts, but for those that one of the texts takes back. */
export function linesLeftIn(texts: readonly string[]): readonly ResponseLine[] {
  const undone = new Set(texts.flatMap(parseUndoneIds))
  return texts.flatMap(parseResponseLines).filter(({ id }) => !undone.has(id))
}
