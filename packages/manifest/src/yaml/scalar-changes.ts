import { ResponseError } from '@saker/core'
import { assertOnlyChanged, type IntendedChange } from './assert-only-changed.ts'
import type { OpenManifest } from './open-manifest.ts'
import { parseManifest, type ManifestDocument } from './parse-manifest.ts'
import { applySplices, type Splice } from './splice.ts'

/** One value to set, and the bytes that do it in the file as it was opened. */
export interface ScalarChange extends IntendedChange {
  readonly splice: Splice
}

/**
 * Makes all changes of one file at once. The result is parsed again and compared with what was there: it has to differ in
 * the wanted places and nowhere else.
 *
 * The changes must be of different places. Ends in `MANIFEST_EDIT_UNSAFE`.
 */
export function applyChanges(file: OpenManifest, changes: readonly ScalarChange[]): string {
  const edited = applySplices(
    file.text,
    changes.map(({ splice }) => splice),
  )
  assertOnlyChanged(file.documents, reparse(edited, file.path), changes)
  return edited
}

function reparse(edited: string, path: string): readonly ManifestDocument[] {
  try {
    return parseManifest(edited, path)
  } catch (cause) {
    throw new ResponseError('MANIFEST_EDIT_UNSAFE', `${path} would not be valid YAML after the edit`, {
      cause,
      details: { path },
    })
  }
}
