import type { ErrorCode, Pin, Tree } from '@saker/core'
import type { JsonObject } from './json-value.ts'
import type { FileContent } from './repository-files.ts'

/** What a repository declares for one cluster. */
export interface LayoutCluster {
  readonly name: string
  /** Folders or files relative to the root, without `./` and final slashes; `''` is the whole repository. */
  readonly paths: readonly string[]
  /** When set, only what this file declares counts. */
  readonly file?: string
  readonly pins: readonly Pin[]
}

/** One repository that can declare something of a cluster, at one commit. */
export interface LayoutSource {
  /** Its name in the config. */
  readonly repository: string
  /** Its `normalisedUrl`. */
  readonly url: string
  readonly branch: string
  /** All of the repository, not only what lies under the clusters' paths: consumers of a file are looked for everywhere. */
  readonly tree: Tree
  readonly clusters: readonly LayoutCluster[]
}

/** A file in one of the repositories. */
export interface LayoutPlace {
  readonly repository: string
  readonly path: string
}

/** A file as it would be after an edit; `null` where it would be deleted. */
export interface FileEdit extends LayoutPlace {
  readonly text: string | null
}

/** Something that could not be read, built or followed. What it would have declared is unknown. */
export interface LayoutProblem {
  readonly code: ErrorCode
  readonly where: LayoutPlace
  /** Lower case, without a final stop; names files and objects, never content. */
  readonly message: string
}

/** Name of an object. */
export interface ObjectIdentity {
  readonly apiVersion: string
  readonly kind: string
  /** Absent: none is set; for an object of a namespaced kind that leaves it to whoever applies it. */
  readonly namespace?: string
  readonly name: string
}

/** Where an object is written down. */
export type ObjectOrigin = WrittenOrigin | RemoteOrigin

/** An object that stands in a file of its own repository, as a document or as an item of a `kind: List`. */
export interface WrittenOrigin extends LayoutPlace {
  readonly documentIndex: number
  /** Into the document; empty unless it is an item of a list, then `['items', 3]`. */
  readonly steps: readonly (string | number)[]
  /** As written, before anything was built. */
  readonly identity: ObjectIdentity
}

/** An object whose text no tree holds: from a remote base, a generator, a Helm chart, or a source that is not Git. */
export interface RemoteOrigin extends LayoutPlace {
  /** URL or a word for what makes the object. `path` is the file that names it. */
  readonly remote: string
}

/** A kustomization that an object went through. */
export interface Layer extends LayoutPlace {
  readonly kind: 'Kustomization' | 'Component'
}

/** An object of a cluster, as the sources declare it. */
export interface BuiltObject {
  readonly root: Root
  /** As the cluster gets it. */
  readonly identity: ObjectIdentity
  readonly origin: ObjectOrigin
  /** Innermost first; the last is the root's own. None for roots without a kustomization file. */
  readonly layers: readonly Layer[]
  /**
   * As the cluster gets it, after patches and all other transformers, and what Flux or Argo CD add. Never changed by
   * anybody. For a {@link RemoteOrigin} it holds the identity and what patches say, nothing else.
   */
  value(): JsonObject
  /** Why the value may differ from the real one; empty when it does not. */
  readonly uncertain: readonly string[]
}

/** The Flux Kustomization or Argo CD Application that applies a root; itself an object of another root. */
export interface Applier {
  readonly type: 'flux' | 'argo'
  readonly object: BuiltObject
  /** The Flux source that it reads, where that is declared in a repository; itself an object of a root. */
  readonly source?: BuiltObject
  /** Set when what is committed to the branch does not reach the cluster: says to what the source is pinned. */
  readonly pinned?: string
}

/** Something that is built and applied as one. */
export interface Root {
  /** Stable over edits: repository, path, and the applier where there is one. */
  readonly id: string
  /** Where its files lie; for `remote` roots, where the applier lies. */
  readonly repository: string
  /** Folder or file; `''` is the repository's root. */
  readonly path: string
  /**
   * `kustomization`: a folder with a kustomization file. `generated`: a folder without, all manifests in it, as Flux
   * makes a kustomization of it. `argo-directory`: likewise by the rules of Argo CD. `file`: one file alone. `loose`:
   * manifests of a repository that no kustomization uses. `helm`: a chart that Argo CD renders. `remote`: a source that
   * is not Git or not listed; only what patches of the applier name is known of it.
   */
  readonly kind: 'kustomization' | 'generated' | 'file' | 'argo-directory' | 'loose' | 'helm' | 'remote'
  readonly applier?: Applier
}

/** What a root declares. */
export interface BuiltRoot {
  /** Empty when it could not be built. */
  readonly objects: readonly BuiltObject[]
  readonly problems: readonly LayoutProblem[]
  /** Paths of all files of the root's repository that were read to build it. */
  readonly files: ReadonlySet<string>
}

/** All that the repositories declare, for every cluster. Immutable; built when it is asked for, and remembered. */
export interface Layout {
  readonly sources: readonly LayoutSource[]
  /** Every root in all sources, whoever's cluster; also those that no configured cluster reaches. */
  readonly roots: readonly Root[]
  /** What a cluster gets, by its configured paths and all that Flux and Argo CD objects lead to. */
  rootsOf(cluster: string): readonly Root[]
  objectsOf(root: Root): BuiltRoot
  /**
   * The same layout after edits. Roots that read none of the edited files keep their very `BuiltRoot`, so that comparing
   * two layouts can skip them by reference.
   */
  with(edits: readonly FileEdit[]): Layout
  /** Roots that read a file. */
  rootsReading(place: LayoutPlace): readonly Root[]
  /** What lies at a path, after edits. Undefined where nothing does; a fault for what is no readable text. */
  read(place: LayoutPlace): FileContent | undefined
  /** The text of a file, after edits. Undefined where there is none or it is not text. */
  textOf(place: LayoutPlace): string | undefined
  /** Paths of a repository's files that may hold manifests, sorted. */
  manifestsOf(repository: string): readonly string[]
  /** What could not be followed from a cluster's paths on; problems of single roots stand there. */
  problemsOf(cluster: string): readonly LayoutProblem[]
  /** Of all roots, and of what leads to them. */
  readonly problems: readonly LayoutProblem[]
}
