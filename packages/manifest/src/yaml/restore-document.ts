import { applyChanges, reparse } from './apply-changes.ts'
import { assertOnlyChanged, sameNode } from './assert-only-changed.ts'
import { treeAt } from './change-tree.ts'
import type { OpenManifest } from './open-manifest.ts'
import { pointerOf, resolvePointer, type ResolvedPointer } from './pointer.ts'
import { removeDocuments } from './remove-document.ts'
import type { Versions } from './restore-value.ts'
import { applySplices } from './splice.ts'
import { unsafe } from './spot.ts'

/** Takes out a document that a change has added, or puts back one that it has taken out, behind the one it stood behind. */
export function restoreDocument(
  versions: Versions,
  { was, is }: { readonly was: ResolvedPointer | undefined; readonly is: ResolvedPointer | undefined },
): string {
  if (was !== undefined) return putBack(versions, was.at.documentIndex)
  const documentIndex = is?.at.documentIndex ?? -1
  return applyChanges(versions.is, [{ op: 'removeDocument', documentIndex }]).text
}

function putBack({ was, is }: Versions, documentIndex: number): string {
  if (is.text === '') return was.text
  const [removed] = removeDocuments(was, was.documents, new Set([documentIndex]))
  const index = indexFor(was, is, documentIndex)
  if (removed === undefined || index === undefined) {
    throw unsafe({ path: is.path, documentIndex }, 'has lost the neighbours of what is to be put back')
  }
  const before = was.text.slice(0, removed.start)
  const first = is.text.startsWith(before) ? removed.start : is.documents[0]?.range[0]
  const offset = index === 0 ? (first ?? 0) : (is.documents[index]?.range[0] ?? is.text.length)
  const needsLineEnd = offset > 1 && is.text[offset - 1] !== '\n'
  const insert = (needsLineEnd ? '\n' : '') + was.text.slice(removed.start, removed.end)
  const text = applySplices(is.text, [{ start: offset, end: offset, insert }]) ?? ''
  const result = reparse(text, is.path)
  const tree = treeAt({ documentIndex: index, steps: [] }, { op: 'remove', pruneEmpty: false })
  assertOnlyChanged(result, is, new Map([[index, tree]]))
  if (sameNode(result.documents[index]?.contents, was.documents[documentIndex]?.contents)) return text
  throw unsafe({ path: is.path, documentIndex }, 'would not be what it was')
}

/** Which index the document gets in a file now. Undefined where the one in front of it cannot be found. */
function indexFor(was: OpenManifest, is: OpenManifest, documentIndex: number): number | undefined {
  if (documentIndex === 0) return 0
  const place = pointerOf(was, { op: 'removeDocument', documentIndex: documentIndex - 1 })
  const previous = resolvePointer(is, place)
  return previous && previous.at.documentIndex + 1
}
