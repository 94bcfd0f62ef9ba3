import type { ErrorCode, PodOwnerKind } from '@saker/core'

/** A Kubernetes object in a repository that can own pods: Git-side identity of a workload. */
export interface DeclaredWorkload {
  readonly apiVersion: string
  readonly kind: PodOwnerKind
  /** Absent when the manifest names none and leaves it to whatever applies it. */
  readonly namespace?: string
  readonly name: string
  readonly path: string
  /** 0-based, counting the documents of the file as the YAML parser does. */
  readonly documentIndex: number
  /** Whether it is an item of a `kind: List`. */
  readonly inList?: true
}

/** A file that may declare workloads which Saker cannot see, and why. */
export interface UnreadableFile {
  readonly path: string
  readonly code: ErrorCode
  /** Its content, where that is text: it may still be asked whether it mentions a name. */
  readonly text?: string
}

/** Where a cluster's manifests lie. A `RepositoryCluster` is one. */
export interface ManifestPlace {
  /** Folders or files relative to the root, without `./` and final slashes; `''` is the whole repository. */
  readonly paths: readonly string[]
  /** When set, only this file counts, and it has to be readable. */
  readonly file?: string
}

/** Everything that a place declares. */
export interface DeclaredWorkloads {
  readonly place: ManifestPlace
  /** Ordered by path, then document. */
  readonly workloads: readonly DeclaredWorkload[]
  /** Ordered by path. */
  readonly unreadable: readonly UnreadableFile[]
}

/** `namespace/Kind/name in path (document n)`, as candidates are listed; documents count from 1 for people. */
export function describeDeclared({ namespace, kind, name, path, documentIndex }: DeclaredWorkload): string {
  return `${namespace ?? '(no namespace)'}/${kind}/${name} in ${path} (document ${documentIndex + 1})`
}
