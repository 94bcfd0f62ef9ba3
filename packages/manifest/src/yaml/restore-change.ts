import { canonicalJson, type Json } from './change.ts'
import { sameNode } from './assert-only-changed.ts'
import { jsonOf } from './json-of.ts'
import { openManifest, type OpenManifest } from './open-manifest.ts'
import { guardStack } from './parse-manifest.ts'
import { pointerOf, resolvePointer, type PointedPlace, type ResolvedPointer } from './pointer.ts'
import { restoreDocument } from './restore-document.ts'
import { restorePart } from './restore-part.ts'
import { restoreValue, takeBack, type Versions } from './restore-value.ts'

/** A file before a change was made, right after, and as it is now. Undefined where there was, or is, no such file. */
export interface ThreeTexts {
  readonly path: string
  readonly before: string | undefined
  readonly after: string | undefined
  readonly now: string | undefined
}

/** What takes a change back. */
export type Restored =
  | { readonly kind: 'edit'; readonly text: string }
  /** The file is written anew, with this text. */
  | { readonly kind: 'create'; readonly text: string }
  | { readonly kind: 'delete' }
  /** What stands there is what stood there before. */
  | { readonly kind: 'already' }
  /** Somebody has changed it since: something else stands there, or nothing, which is undefined. */
  | { readonly kind: 'conflict'; readonly is: Json | undefined }

/**
 * Takes one change of a file back where it still stands: what the change made goes, with the exact bytes of it, and what
 * stood there before comes back as it was written. What others did elsewhere in the file stays. A file that the change made
 * is deleted only when nobody has touched it since.
 *
 * Ends as `openManifest` and `applyChanges` do.
 */
export function restoreChange(texts: ThreeTexts, place: PointedPlace): Restored {
  const { path, before, after, now } = texts
  if (before === undefined || after === undefined) return restoreFile(texts)
  return guardStack(path, () => {
    const [was, made] = [openManifest(before, path), openManifest(after, path)]
    if (now === undefined) {
      return resolvePointer(was, place)?.node === undefined ? { kind: 'already' } : { kind: 'conflict', is: undefined }
    }
    const restored = restoreIn({ was, made, is: openManifest(now, path) }, place)
    return typeof restored === 'string' ? { kind: 'edit', text: restored } : restored
  })
}

function restoreFile({ before, after, now }: ThreeTexts): Restored {
  if (now === before) return { kind: 'already' }
  if (now !== after) return { kind: 'conflict', is: undefined }
  return before === undefined ? { kind: 'delete' } : { kind: 'create', text: before }
}

function restoreIn(versions: Versions, place: PointedPlace): string | Restored {
  const was = resolvePointer(versions.was, place)
  const made = resolvePointer(versions.made, place) ?? itemGone(versions.was, versions.made, was)
  const is = resolvePointer(versions.is, place) ?? itemGone(versions.was, versions.is, was)
  // What the change made may be the same value in a spelling that all parsers read alike.
  if (isWrittenAlike(was, is) || (isAlike(was, is) && !isWrittenAlike(made, is))) return { kind: 'already' }
  if (!isAlike(made, is)) return { kind: 'conflict', is: valueOf(is) }
  if (isWhole(was ?? made)) return restoreDocument(versions, { was, is })
  if (was?.node === undefined) return takeBack(versions, { was, made, is })
  if (is === undefined || made === undefined) return { kind: 'conflict', is: undefined }
  if (is.node !== undefined) return restoreValue(versions, { was, made, is })
  return restorePart(versions, { was, made, is }) ?? { kind: 'conflict', is: undefined }
}

/** The place of an object that was an item of a list, in a version of the file that has the list without it. */
function itemGone(
  was: OpenManifest,
  file: OpenManifest,
  item: ResolvedPointer | undefined,
): ResolvedPointer | undefined {
  if (item === undefined || item.object.steps.length === 0) return undefined
  const { documentIndex } = item.at
  const at = { documentIndex, steps: item.object.steps.slice(0, -1) }
  const list = resolvePointer(file, pointerOf(was, { op: 'append', at, value: null }))
  if (list === undefined || list.at.steps.length !== item.object.steps.length) return undefined
  return { ...list, node: undefined, left: item.at.steps.slice(item.object.steps.length).map(String) }
}

function isWhole(resolved: ResolvedPointer | undefined): boolean {
  return resolved !== undefined && resolved.at.steps.length === 0
}

function valueOf(resolved: ResolvedPointer | undefined): Json | undefined {
  return resolved?.node === undefined ? undefined : jsonOf(resolved.node)
}

function isWrittenAlike(a: ResolvedPointer | undefined, b: ResolvedPointer | undefined): boolean {
  if (a?.node === undefined || b?.node === undefined) return a?.node === undefined && b?.node === undefined
  return sameNode(a.node, b.node)
}

/** Whether the same value stands there, or nothing in both. */
function isAlike(a: ResolvedPointer | undefined, b: ResolvedPointer | undefined): boolean {
  if (a?.node === undefined || b?.node === undefined) return a?.node === undefined && b?.node === undefined
  const [one, other] = [jsonOf(a.node), jsonOf(b.node)]
  if (one === undefined || other === undefined) return sameNode(a.node, b.node)
  return canonicalJson(one) === canonicalJson(other)
}
