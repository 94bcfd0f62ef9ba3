import type { ChangedPlace } from '@saker/core'
import { fieldOf, isObject, textAt, type JsonValue } from '../layout/json-value.ts'
import { identityOf } from '../layout/file-facts.ts'
import type { Layout, LayoutPlace } from '../layout/layout-model.ts'
import type { Change } from '../yaml/change.ts'
import { openManifest } from '../yaml/open-manifest.ts'
import { documentsAt, type FileChanges } from './file-changes.ts'
import { pointerTo } from './json-pointer.ts'
import { parseManifest } from '../yaml/parse-manifest.ts'

/** A place that an edit changes, with the repository that it lies in. A pointer of nothing means the whole document. */
export type RepositoryPlace = ChangedPlace & { readonly repository: string }

/** The places that edits change, as the ledger names them: by document and by a pointer that no other edit shifts. */
export function placesOf(layout: Layout, edits: readonly FileChanges[]): readonly RepositoryPlace[] {
  return edits.flatMap((edit): readonly RepositoryPlace[] => {
    const { repository, path } = edit
    if ('changes' in edit) return edit.changes.map((change) => placeOf(layout, edit, change))
    const documents = 'create' in edit ? documentsIn(edit.create, path) : documentsAt(layout, edit)
    return documents
      .filter((one) => one !== null)
      .map((one) => ({ repository, path, document: documentOf(one, path), pointer: '' }))
  })
}

function documentsIn(text: string, path: string): readonly JsonValue[] {
  return parseManifest(text, path).map((document) => document.toJS() as JsonValue)
}

function placeOf(layout: Layout, place: LayoutPlace, change: Change): RepositoryPlace {
  const { repository, path } = place
  const index = change.op === 'removeDocument' ? change.documentIndex : change.at.documentIndex
  const document = documentsAt(layout, place)[index] ?? null
  const file = openManifest(layout.textOf(place) ?? '', path)
  const pointer = change.op === 'removeDocument' || file.documents.length === 0 ? '' : pointerTo(change.at.steps)
  return { repository, path, document: documentOf(document, path), pointer }
}

const KUSTOMIZATION = /(?:^|\/)(?:kustomization\.ya?ml|Kustomization)$/u

/** How the ledger names a document. A kustomization file need not say what it is. */
function documentOf(value: JsonValue, path: string): ChangedPlace['document'] {
  const identity = identityOf(value)
  if (identity !== undefined) return { ...identity, namespace: identity.namespace ?? '' }
  const isKustomization = KUSTOMIZATION.test(path)
  const apiVersion = isObject(value) ? textAt(value, ['apiVersion']) : undefined
  const kind = fieldOf(value, 'kind')
  return {
    apiVersion: apiVersion ?? (isKustomization ? 'kustomize.config.k8s.io/v1beta1' : ''),
    kind: typeof kind === 'string' ? kind : isKustomization ? 'Kustomization' : '',
    namespace: '',
    name: '',
  }
}
