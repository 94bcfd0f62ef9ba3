/** One replacement in a text, as offsets in UTF-16 code units. */
export interface Splice {
  readonly start: number
  /** Exclusive. */
  readonly end: number
  readonly insert: string
}

/**
 * Replaces what the splices cover, and keeps everything else. Of two insertions at one offset the first given comes first.
 * Undefined where splices overlap.
 */
export function applySplices(text: string, splices: readonly Splice[]): string | undefined {
  const parts: string[] = []
  let from = 0
  const sorted = splices.toSorted((a, b) => a.start - b.start || Number(a.end > a.start) - Number(b.end > b.start))
  for (const { start, end, insert } of sorted) {
    if (start < from) return undefined
    parts.push(text.slice(from, start), insert)
    from = end
  }
  return parts.join('') + text.slice(from)
}
