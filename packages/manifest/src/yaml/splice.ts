/** One replacement in a text, as offsets in UTF-16 code units. */
export interface Splice {
  readonly start: number
  /** Exclusive. */
  readonly end: number
  readonly insert: string
}

/** Replaces what the splices cover, which must not overlap. Everything else stays. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  const parts: string[] = []
  let from = 0
  for (const { start, end, insert } of splices.toSorted((a, b) => a.start - b.start)) {
    parts.push(text.slice(from, start), insert)
    from = end
  }
  return parts.join('') + text.slice(from)
}
