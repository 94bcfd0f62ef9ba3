import type { Action } from '@saker/core'
import type { FoundWorkload } from '../layout/find/found-workload.ts'
import type { FileEdit, Layout } from '../layout/layout-model.ts'
import type { LayerKind } from './candidate.ts'
import type { RepositoryPlace } from './changed-places.ts'
import type { PreviousImage } from './image-wanted.ts'

/** What is asked of one workload. */
export interface ActionRequest {
  readonly layout: Layout
  readonly found: FoundWorkload
  readonly actions: readonly Action[]
  /** The image that a container had before, by Git's history; needed for `image: {rollback: true}`. */
  readonly previousImage?: PreviousImage
}

/** The layer of a layout that a plan edits first and foremost. */
export interface EditedLayer {
  readonly kind: LayerKind
  readonly path: string
  /** How many roots, of all repositories and clusters, read the file. */
  readonly consumers: number
}

/** What is to be edited for a response, proven. */
export interface ActionEdits {
  readonly kind: 'edits'
  /** Whole files as they are to be; all lie in one repository. */
  readonly edits: readonly FileEdit[]
  /** The layout with the edits made: what the next response of a burst is planned on. */
  readonly layout: Layout
  readonly places: readonly RepositoryPlace[]
  /** What people should know: what the edit does not stop, and what may take it back. */
  readonly warnings: readonly string[]
  readonly layer: EditedLayer
}

/** Everything is as wanted already. */
export interface ActionUnchanged {
  readonly kind: 'unchanged'
  readonly places: readonly RepositoryPlace[]
  readonly warnings: readonly string[]
}

/** What is to be done for the actions of one response on one workload. */
export type ActionPlan = ActionEdits | ActionUnchanged
