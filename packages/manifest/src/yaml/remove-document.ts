import type { Editing } from './spot.ts'
import { unsafe } from './spot.ts'
import type { ManifestDocument } from './parse-manifest.ts'
import type { Splice } from './splice.ts'

/**
 * How some documents go out of a file: each with the `---` in front of it, the first one with the `---` behind it where it
 * has none of its own. The text is empty when none is left.
 */
export function removeDocuments(
  { path, text }: Pick<Editing, 'path' | 'text'>,
  documents: readonly ManifestDocument[],
  gone: ReadonlySet<number>,
): readonly Splice[] {
  if (documents.every((_document, index) => gone.has(index))) return [{ start: 0, end: text.length, insert: '' }]
  return [...gone].map((documentIndex) => {
    const document = documents[documentIndex]
    const next = documents[documentIndex + 1]
    const where = { path, documentIndex }
    if (document === undefined) throw unsafe(where, 'is not in the file')
    const hasDirectives = [document, next].some((one) => one !== undefined && hasOwnDirectives(one))
    if (hasDirectives || document.directives.docEnd) throw unsafe(where, 'has directives or an end of its own')
    const [start] = document.range
    const end = next?.range[0] ?? text.length
    if (next !== undefined && next.directives.docStart !== true) throw unsafe(where, 'has no clear end')
    // What stands above the first document and has no line of its own there is about it.
    const isHeadless = documentIndex === 0 && document.directives.docStart !== true
    return { start: isHeadless ? (text.startsWith('\uFEFF') ? 1 : 0) : start, end, insert: '' }
  })
}

function hasOwnDirectives({ directives }: ManifestDocument): boolean {
  return directives.yaml.explicit === true || Object.keys(directives.tags).some((tag) => tag !== '!!')
}
