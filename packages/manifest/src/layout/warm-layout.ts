import { isManifestPath, type Tree } from '@saker/core'
import { factsOf, isIndexed } from './file-facts.ts'

/** How the reading of a tree gives way to others. */
export interface Warming {
  /** Awaited between slices: whatever else the process has to do is done meanwhile. */
  readonly pause: () => Promise<void>
  /** Milliseconds of some clock. */
  readonly now: () => number
  /** About how long a slice may take; a single large file may take longer. */
  readonly sliceMs?: number
}

/**
 * Reads what the manifests of a tree declare, so that a layout of it finds that done. What was read of an earlier tree is
 * not read again.
 */
export async function warmLayout(tree: Tree, { pause, now, sliceMs = 20 }: Warming): Promise<void> {
  let until = now() + sliceMs
  for (const { path, text } of tree.files.values()) {
    if (text === undefined || !isManifestPath(path) || isIndexed(text)) continue
    factsOf(text)
    if (now() < until) continue
    await pause()
    until = now() + sliceMs
  }
}
