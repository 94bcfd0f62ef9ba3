import { isMap, isSeq, type ParsedNode } from 'yaml'
import type { OpenManifest } from './open-manifest.ts'
import { TextLines } from './text-lines.ts'

/** How a file is laid out, as far as new text has to be told. */
export interface FileStyle {
  readonly lines: TextLines
  /** By how many columns a map stands in from the key that it belongs to. */
  readonly mapIndent: number
  /** The same for the dashes of a list; 0 where they stand under their key. */
  readonly listIndent: number
}

const styles = new WeakMap<OpenManifest, FileStyle>()

/** The style of a file, seen at the first map and the first list that tell it; two columns, and dashes under the key, else. */
export function styleOf(file: OpenManifest): FileStyle {
  const known = styles.get(file)
  if (known !== undefined) return known
  const lines = new TextLines(file.text)
  const seen: Seen = { mapIndent: undefined, listIndent: undefined }
  for (const document of file.documents) {
    if (seen.mapIndent !== undefined && seen.listIndent !== undefined) break
    look(document.contents, lines, seen)
  }
  const style = { lines, mapIndent: seen.mapIndent ?? 2, listIndent: seen.listIndent ?? 0 }
  styles.set(file, style)
  return style
}

interface Seen {
  mapIndent: number | undefined
  listIndent: number | undefined
}

function look(node: ParsedNode | null, lines: TextLines, seen: Seen): void {
  if (seen.mapIndent !== undefined && seen.listIndent !== undefined) return
  if (isSeq(node) && node.flow !== true) for (const item of node.items) look(item, lines, seen)
  if (!isMap(node) || node.flow === true) return
  for (const { key, value } of node.items) {
    const indent = isMap(value) || isSeq(value) ? indentBelow(key, value, lines) : undefined
    if (indent !== undefined && isMap(value) && indent > 0) seen.mapIndent ??= indent
    if (indent !== undefined && isSeq(value)) seen.listIndent ??= indent
    look(value, lines, seen)
  }
}

/** Undefined for values in brackets, on the line of their key, or indented with something else than spaces. */
function indentBelow(key: ParsedNode, value: ParsedNode, lines: TextLines): number | undefined {
  const [below] = value.range
  const [above] = key.range
  if ((isMap(value) || isSeq(value)) && value.flow === true) return undefined
  if (lines.startOf(above) === lines.startOf(below) || !/^ *$/u.test(lines.before(below))) return undefined
  return below - lines.startOf(below) - (above - lines.startOf(above))
}
