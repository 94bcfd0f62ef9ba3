import { posix } from 'node:path'
import { isObject, listAt } from '../layout/json-value.ts'
import type { BuiltObject, Layout } from '../layout/layout-model.ts'
import type { Change } from '../yaml/change.ts'
import type { Candidate } from './candidate.ts'
import { documentsAt } from './file-changes.ts'

/**
 * Ways to take an object out of Git: its document or list item, where its file holds others too; else the file, and the line
 * of its kustomization that names it. A file that stays behind would be a manifest that somebody may apply.
 */
export function editsOfRemoval(layout: Layout, { origin, layers }: BuiltObject): readonly Candidate[] {
  if ('remote' in origin) return []
  const { repository, path, documentIndex, steps } = origin
  const inFile = (change: Change): Candidate => ({
    layer: 'in-place',
    path,
    edits: [{ repository, path, changes: [change] }],
  })
  if (steps.length > 0) return [inFile({ op: 'remove', at: { documentIndex, steps } })]
  const documents = documentsAt(layout, origin).filter((document) => document !== null)
  if (documents.length > 1) return [inFile({ op: 'removeDocument', documentIndex })]
  const unlisted = layers.slice(0, 1).flatMap((layer): readonly Candidate[] => {
    const [kustomization] = documentsAt(layout, layer)
    if (!isObject(kustomization)) return []
    const index = listAt(kustomization, ['resources']).findIndex(
      (entry) => typeof entry === 'string' && posix.join(posix.dirname(layer.path), entry) === path,
    )
    if (index === -1) return []
    const changes: readonly Change[] = [{ op: 'remove', at: { documentIndex: 0, steps: ['resources', index] } }]
    const edits = [
      { repository: layer.repository, path: layer.path, changes },
      { repository, path, delete: true as const },
    ]
    return [{ layer: 'in-place', path, edits }]
  })
  return [...unlisted, { layer: 'in-place', path, edits: [{ repository, path, delete: true }] }]
}
