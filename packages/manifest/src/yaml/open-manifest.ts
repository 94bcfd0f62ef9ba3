import { ResponseError } from '@saker/core'
import { parseManifest, type ManifestDocument } from './parse-manifest.ts'
import { refuseEncrypted } from './refuse-encrypted.ts'

/** A file parsed once, for as many edits as are wanted of it. */
export interface OpenManifest {
  readonly path: string
  readonly text: string
  readonly documents: readonly ManifestDocument[]
}

/**
 * Parses a file for editing. Ends in `MANIFEST_ENCRYPTED`, `MANIFEST_TEMPLATED`, `MANIFEST_SHARED_VALUE` or
 * `MANIFEST_UNPARSEABLE`, or in `MANIFEST_EDIT_UNSAFE` when parsers disagree about the file's line ends.
 */
export function openManifest(text: string, path: string): OpenManifest {
  // Go's YAML parser, which the cluster's tools use, ends lines also at a lone CR, NEL, LS and PS; ours does not. What the
  // two read could differ, so nothing is edited.
  if (/\r(?!\n)|[\u0085\u2028\u2029]/u.test(text)) {
    const message = `${path} has line ends that parsers read differently`
    throw new ResponseError('MANIFEST_EDIT_UNSAFE', message, { details: { path } })
  }
  const documents = parseManifest(text, path)
  refuseEncrypted(documents, path)
  return { path, text, documents }
}
