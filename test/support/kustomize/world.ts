import type { JsonObject } from './json-object.ts'
import type { RepositoryFiles } from './repository-files.ts'

/** One repository as the real tools get it. */
export interface WorldRepository {
  readonly name: string
  /** Compared without scheme, user and `.git`. Undefined: any source may be this repository. */
  readonly url?: string
  readonly branch: string
  readonly files: RepositoryFiles
  /** Roots that the config names for its clusters; '' is the whole repository. */
  readonly paths: readonly string[]
}

/** All that can be built: repositories, and what lies outside of them. */
export interface World {
  readonly repositories: readonly WorldRepository[]
  /** Contents of sources that are not in Git, or pinned, by `Kind/namespace/name`. */
  readonly artifacts: ReadonlyMap<string, WorldRepository>
  /** What the chart of a HelmRelease renders to, by `namespace/name` of the release, with the name of its file. */
  readonly charts: ReadonlyMap<string, { readonly label: string; readonly objects: readonly JsonObject[] }>
}

/** Something that is built by itself. */
export interface WorldRoot {
  readonly repository: WorldRepository
  /** The folder or file; for a chart, what it is called. */
  readonly path: string
  readonly kind: 'folder' | 'file' | 'flux' | 'argo' | 'helm'
  /** The Flux Kustomization, Application or HelmRelease that applies it. */
  readonly applier?: JsonObject
  /** Which of the Application's sources. */
  readonly source?: JsonObject
  /** The root in which the applier was found. */
  readonly parent?: WorldRoot
  /** Named by the config, so there whatever else is found. */
  readonly isExplicit?: boolean
}

/** `ssh://git@host/a/b.git` and `https://host/a/b/` are one repository. */
export function sameRepository(one: string, other: string): boolean {
  return plainUrl(one) === plainUrl(other)
}

function plainUrl(url: string): string {
  return url
    .replace(/^[a-z+]+:\/\//u, '')
    .replace(/^[^@/]*@/u, '')
    .replace(/^([^/:]+):(?![0-9]+\/)/u, '$1/')
    .replace(/\/+$/u, '')
    .replace(/\.git$/u, '')
    .toLowerCase()
}
