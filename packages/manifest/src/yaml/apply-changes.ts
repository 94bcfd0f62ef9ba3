import { ResponseError } from '@saker/core'
import { assertOnlyChanged } from './assert-only-changed.ts'
import { changeTreesOf, type ChangeTree } from './change-tree.ts'
import type { Change } from './change.ts'
import { styleOf } from './file-style.ts'
import type { OpenManifest } from './open-manifest.ts'
import { guardStack, parseManifest } from './parse-manifest.ts'
import { removeDocuments } from './remove-document.ts'
import { applySplices, type Splice } from './splice.ts'
import { spliceChanges } from './splice-changes.ts'
import { unsafe } from './spot.ts'

/** A file after changes. */
export interface ChangedText {
  readonly text: string
  /** By index of the changes: false where everything already was as wanted. */
  readonly changed: readonly boolean[]
}

/**
 * Makes all changes of one file at once, every byte of it staying that need not change. The places are those of the file as
 * it was opened; where two changes want something of one place, the later holds.
 *
 * The result is parsed again and compared with what was there: it differs in the wanted places and nowhere else. Ends in
 * `MANIFEST_SHARED_VALUE` (anchors, aliases or merge keys make other places depend on the value), `MANIFEST_TEMPLATED`, or
 * `MANIFEST_EDIT_UNSAFE` for every layout in which it is not certain that only this would change.
 */
export function applyChanges(file: OpenManifest, changes: readonly Change[]): ChangedText {
  return guardStack(file.path, () => {
    const { trees, splices, changed } = planSplices(file, changes)
    const text = applySplices(file.text, splices)
    if (text === undefined) throw unsafe({ path: file.path, documentIndex: 0 }, 'has changes that touch each other')
    if (splices.length > 0) assertOnlyChanged(file, reparse(text, file.path), trees)
    return { text, changed: changes.map((_change, index) => changed.has(index)) }
  })
}

/** Whether a change has anything to do. Ends as `applyChanges` does, but for the proof. */
export function isChange(file: OpenManifest, change: Change): boolean {
  return guardStack(file.path, () => planSplices(file, [change]).splices.length > 0)
}

/** The splices that make changes, before anything is proven. */
export interface Plan {
  readonly trees: ReadonlyMap<number, ChangeTree>
  readonly splices: readonly Splice[]
  readonly changed: ReadonlySet<number>
}

/** Works out how changes are made. Ends as `applyChanges` does, but for the proof. */
export function planSplices(file: OpenManifest, changes: readonly Change[]): Plan {
  const { path, text, documents } = file
  const trees = changeTreesOf(changes)
  const splices: Splice[] = []
  const changed = new Set<number>()
  const gone = new Set<number>()
  for (const [documentIndex, tree] of trees) {
    const document = documents[documentIndex]
    if (document === undefined) throw unsafe({ path, documentIndex }, 'is not in the file')
    if (tree.wants?.op === 'remove') {
      gone.add(documentIndex)
      for (const index of tree.indexes) changed.add(index)
      continue
    }
    const editing = { path, text, document, documentIndex, style: styleOf(file), splices }
    for (const index of spliceChanges(editing, tree)) changed.add(index)
  }
  if (gone.size > 0) splices.push(...removeDocuments({ path, text }, documents, gone))
  return { trees, splices, changed }
}

/** Parses a text that an edit has made. Ends in `MANIFEST_EDIT_UNSAFE` where it is not valid any more. */
export function reparse(edited: string, path: string): OpenManifest {
  try {
    return { path, text: edited, documents: parseManifest(edited, path) }
  } catch (cause) {
    throw new ResponseError('MANIFEST_EDIT_UNSAFE', `${path} would not be valid YAML after the edit`, {
      cause,
      details: { path },
    })
  }
}
