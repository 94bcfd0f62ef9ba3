import type { ErrorCode } from '@saker/core'

/** A kustomization that cannot be built; nothing of its root is applied then. Caught where the root is built. */
export class BuildFault extends Error {
  override readonly name = 'BuildFault'
  readonly code: ErrorCode
  /** The file to look at. */
  readonly path: string

  constructor(path: string, message: string, code: ErrorCode = 'LAYOUT_UNBUILDABLE') {
    super(message)
    this.path = path
    this.code = code
  }
}
