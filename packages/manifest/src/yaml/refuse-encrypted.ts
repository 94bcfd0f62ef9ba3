import { ResponseError } from '@saker/core'
import { isMap } from 'yaml'
import { nodeAt } from './look-up.ts'
import type { ManifestDocument } from './parse-manifest.ts'

/**
 * Throws `MANIFEST_ENCRYPTED` for a SOPS file: any edit, of clear values too, would break the code over its values. SOPS
 * leaves a `sops` map with that code at the top of each document.
 */
export function refuseEncrypted(documents: readonly ManifestDocument[], path: string): void {
  if (!documents.some((document) => isMap(nodeAt(document, document.contents, 'sops')))) return
  throw new ResponseError('MANIFEST_ENCRYPTED', `${path} is encrypted with SOPS`, { details: { path } })
}
