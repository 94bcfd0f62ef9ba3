import type { BuiltObject } from '../layout/layout-model.ts'
import type { FileChanges } from './file-changes.ts'

/** Which layer of a layout an edit goes to. */
export type LayerKind = 'in-place' | 'replicas' | 'patch' | 'flux-patch' | 'post-renderer' | 'argo-source' | 'new-file'

/** An edit that may do what is wanted. Nothing is known of it before it is proven. */
export interface Candidate {
  readonly layer: LayerKind
  /** The file that is edited first and foremost. */
  readonly path: string
  readonly edits: readonly FileChanges[]
  /** Whether what is edited is for another object too, whatever overrides it there. Absent: it is not known to be. */
  readonly reaches?: (other: BuiltObject) => boolean
}
