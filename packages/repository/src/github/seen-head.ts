import { blobOid, ResponseError, type TreeFile } from '@saker/core'
import type { ChangeSet } from '@saker/engine'
import type { LandedCommit } from './commit-graphql.ts'
import type { HeadRead } from './read-head.ts'

/** A tip as it is remembered. */
export type SeenHead = Omit<HeadRead, 'past'>

/**
 * Holds a change against the tree that it was planned on. Ends in `MANIFEST_MISSING`, `BRANCH_MOVED` where a new file is
 * there already, or `MANIFEST_NOT_TEXT` where a file's bytes are others than those that the change began with.
 */
export function assertEditable({ edits }: ChangeSet, { files }: SeenHead, place: string): void {
  for (const { path, before } of edits) {
    const file = files.get(path)
    if (file === undefined && (before === null || before === '')) continue
    if (file === undefined) throw new ResponseError('MANIFEST_MISSING', `${path} is not in ${place}`)
    if (before === null) throw new ResponseError('BRANCH_MOVED', `${path} has come to be in ${place}`)
    if (blobOid(before, file.oid) !== file.oid) {
      throw new ResponseError('MANIFEST_NOT_TEXT', `${path} holds bytes that its text does not show`)
    }
  }
}

/** The tip after a commit of ours, without reading it again; stale where GitHub did not say all that has to be known. */
export function advanced(
  head: SeenHead,
  { edits }: ChangeSet,
  { sha, treeSha }: LandedCommit,
): { readonly head: SeenHead; readonly stale: boolean } {
  if (treeSha === undefined) return { head, stale: true }
  const files = new Map<string, TreeFile>(head.files)
  for (const { path, mode, after } of edits) {
    if (after === null) files.delete(path)
    else files.set(path, { path, mode, oid: blobOid(after, sha), text: after })
  }
  return { head: { ...head, sha, treeSha, files }, stale: false }
}
