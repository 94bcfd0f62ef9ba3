/**
 * Whether a file can hold manifests, by its ending: what kustomize and Flux take (`.yaml`, `.yml`, in lower case), and
 * `.json`, which is YAML too.
 */
export function isManifestPath(path: string): boolean {
  return /\.(?:yaml|yml|json)$/u.test(path)
}

/** What a tree may hold, whichever host it is read from. */
export const TREE_LIMITS = {
  /** Files and folders. */
  entries: 100_000,
  /** All manifests together. */
  manifestBytes: 50_000_000,
  /** One manifest; a larger file is read as one that is not text. etcd refuses objects a fifth of that size. */
  fileBytes: 5_000_000,
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
