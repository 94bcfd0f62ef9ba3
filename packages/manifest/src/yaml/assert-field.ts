import { isAlias, isMap, isScalar, type ParsedNode } from 'yaml'
import type { Place } from './change.ts'
import { lookUp } from './look-up.ts'
import type { OpenManifest } from './open-manifest.ts'
import { unsafe } from './spot.ts'

/**
 * Throws `MANIFEST_EDIT_UNSAFE` unless a place is one for a plain value: the maps on the way are there, and what stands
 * there, if anything, is a scalar. What comes through an anchor is left to `applyChanges`, which refuses it.
 */
export function assertField(file: OpenManifest, at: Place): void {
  const where = { path: file.path, documentIndex: at.documentIndex }
  const document = file.documents[at.documentIndex]
  if (document === undefined) throw unsafe(where, 'is not in the file')
  let node: ParsedNode | null | undefined = document.contents
  let name = 'its content'
  for (const [depth, step] of at.steps.entries()) {
    if (isAlias(node)) return
    if (!isMap(node)) throw unsafe(where, `has no map at ${name}`)
    name = String(step)
    const found = lookUp(document, node, name)
    if (found === undefined && depth < at.steps.length - 1) throw unsafe(where, `has no ${name}`)
    if (found === undefined || found.shared) return
    node = found.pair.value
  }
  if (node && !isScalar(node) && !isAlias(node)) throw unsafe(where, `has no scalar at ${name}`)
}
