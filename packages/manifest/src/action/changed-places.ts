import type { ChangedPlace } from '@saker/core'
import type { Layout } from '../layout/layout-model.ts'
import type { OpenManifest } from '../yaml/open-manifest.ts'
import { pointerOf, type PointedPlace } from '../yaml/pointer.ts'
import { openedManifest, type FileChanges } from './file-changes.ts'

/** A place that an edit changes, with the repository that it lies in. An empty pointer means the whole document. */
export type RepositoryPlace = ChangedPlace & { readonly repository: string }

/** The places that edits change, as the ledger names them: by document and by a pointer that no other edit shifts. */
export function placesOf(
  layout: Layout,
  edits: readonly FileChanges[],
  open: (text: string, path: string) => OpenManifest = openedManifest,
): readonly RepositoryPlace[] {
  return edits.flatMap((edit) => {
    const { repository, path } = edit
    const file = open('create' in edit ? edit.create : (layout.textOf(edit) ?? ''), path)
    const places = 'changes' in edit ? edit.changes.map((change) => pointerOf(file, change)) : documentsIn(file)
    return places.map((place) => ({ repository, path, ...place }))
  })
}

/** All documents of a file that comes or goes as a whole. */
function documentsIn(file: OpenManifest): readonly PointedPlace[] {
  return file.documents.flatMap(({ contents }, documentIndex) =>
    contents === null ? [] : [pointerOf(file, { op: 'removeDocument', documentIndex })],
  )
}
