import { ResponseError } from '@saker/core'
import { canonicalJson, type JsonMap } from './change.ts'
import { styleOf } from './file-style.ts'
import { holdsValue } from './holds-value.ts'
import type { OpenManifest } from './open-manifest.ts'
import { guardStack, parseManifest } from './parse-manifest.ts'
import { writeBlockEntry } from './write-value.ts'

/** How a new manifest is written. */
export interface ManifestStyle {
  /** Lines of prose above it; what is no printable character in them becomes a space. */
  readonly commentAbove?: string
  /** A file whose indentation and line ends it takes over. */
  readonly like?: OpenManifest
}

/**
 * Writes a manifest of one document in block style, with a line end behind it, so that every YAML parser reads back the
 * same value.
 *
 * Ends in `MANIFEST_EDIT_UNSAFE` for what no YAML text can hold: lone surrogates, numbers that are not finite, and in
 * `MANIFEST_UNPARSEABLE` for what is nested too deeply or above 1 MiB.
 */
export function writeManifest(value: JsonMap, style: ManifestStyle = {}): string {
  return guardStack('the new manifest', () => write(value, style))
}

function write(value: JsonMap, { commentAbove, like }: ManifestStyle): string {
  const style = like === undefined ? { mapIndent: 2, listIndent: 0 } : styleOf(like)
  const entries = Object.entries(value).map((entry) => writeBlockEntry(entry, 0, { ...style, literals: true }))
  const comment = commentAbove === undefined ? [] : commentAbove.split('\n').map(commentLine)
  const lineEnd = like === undefined ? '\n' : styleOf(like).lines.breakAt(0)
  const lines = [...comment, ...(entries.length === 0 ? ['{}'] : entries.flatMap((one) => one ?? []))]
  const text = lines.map((line) => line + lineEnd).join('')
  const [document, ...more] = entries.includes(undefined) ? [] : parseManifest(text, 'the new manifest')
  if (document !== undefined && more.length === 0 && holdsValue(document.contents, value)) return text
  throw new ResponseError('MANIFEST_EDIT_UNSAFE', 'the new manifest holds what YAML cannot', {
    details: { length: canonicalJson(value).length },
  })
}

function commentLine(line: string): string {
  return `# ${line.toWellFormed().replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S}]/gu, ' ')}`.trimEnd()
}
