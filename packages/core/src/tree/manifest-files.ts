import type { FileMode } from './tree.ts'

/**
 * Whether a file can hold manifests, by its ending: what kustomize and Flux take (`.yaml`, `.yml`, in lower case), and
 * `.json`, which is YAML too.
 */
export function isManifestPath(path: string): boolean {
  return /\.(?:yaml|yml|json)$/u.test(path)
}

/**
 * Whether the text of an entry is read: that of manifests, of what else decides how manifests are built
 * (`Kustomization`, `.sourceignore`, `.krmignore`), and of the files that are named. Links and submodules are never
 * followed, and a name that is not UTF-8 cannot be written back, so neither has a text.
 */
export function hasWantedText(
  { path, mode }: { readonly path: string; readonly mode: FileMode },
  named: ReadonlySet<string>,
): boolean {
  if ((mode !== '100644' && mode !== '100755') || path.includes('\uFFFD')) return false
  return isManifestPath(path) || /(?:^|\/)(?:Kustomization|\.sourceignore|\.krmignore)$/u.test(path) || named.has(path)
}

/** What a tree may hold, whichever host it is read from. */
export const TREE_LIMITS = {
  /** Files and folders. GitHub lists at most 100,000 of them in one answer. */
  entries: 99_999,
  /** All manifests together. */
  manifestBytes: 100_000_000,
  /** One manifest; a larger file is read as one that is not text. etcd refuses objects a fifth of that size. */
  fileBytes: 5_000_000,
  /** Characters of one path. No checkout could hold a longer one. */
  pathLength: 4096,
} as const

/** Bytes as text, a byte order mark included. Undefined when they are not UTF-8, or UTF-16 in disguise. */
export function textOfBytes(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
