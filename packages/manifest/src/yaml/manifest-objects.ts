import type { ChangedPlace } from '@saker/core'
import { isSeq, type ParsedNode } from 'yaml'
import type { Step } from './change.ts'
import { nodeAt, resolveAlias, scalarAt } from './look-up.ts'
import type { OpenManifest } from './open-manifest.ts'
import type { ManifestDocument } from './parse-manifest.ts'

/** What a manifest says of itself; what it does not say is empty. */
export type DocumentIdentity = ChangedPlace['document']

/** One object of a file: a document, or an item of a `kind: List`. */
export interface ManifestObject {
  readonly identity: DocumentIdentity
  readonly documentIndex: number
  /** From the top of the document to the object. */
  readonly steps: readonly Step[]
}

const objects = new WeakMap<OpenManifest, readonly ManifestObject[]>()

/** All objects of a file, in its order; of a list, its items and then the list itself. */
export function objectsOf(file: OpenManifest): readonly ManifestObject[] {
  const known = objects.get(file) ?? file.documents.flatMap((document, index) => objectsIn(document, index))
  objects.set(file, known)
  return known
}

function objectsIn(document: ManifestDocument, documentIndex: number): readonly ManifestObject[] {
  const identity = identityOf(document, document.contents)
  const items = identity.kind.endsWith('List') ? nodeAt(document, document.contents, 'items') : undefined
  const listed = isSeq(items)
    ? items.items.map((item, index) => ({
        identity: identityOf(document, resolveAlias(document, item)),
        documentIndex,
        steps: ['items', index],
      }))
    : []
  return [...listed, { identity, documentIndex, steps: [] }]
}

function identityOf(document: ManifestDocument, root: ParsedNode | null): DocumentIdentity {
  const textAt = (node: ParsedNode | null, key: string): string => {
    const value = scalarAt(document, node, key)
    return typeof value === 'string' ? value : ''
  }
  const metadata = nodeAt(document, root, 'metadata') ?? null
  return {
    apiVersion: textAt(root, 'apiVersion'),
    kind: textAt(root, 'kind'),
    namespace: textAt(metadata, 'namespace'),
    name: textAt(metadata, 'name'),
  }
}

/** Whether two identities are the same. */
export function isSameIdentity(a: DocumentIdentity, b: DocumentIdentity): boolean {
  return a.apiVersion === b.apiVersion && a.kind === b.kind && a.namespace === b.namespace && a.name === b.name
}
