import type { Delivery, Response } from '../response/response.ts'

/** Where a secret stands. It is read when it is used, so that a rotated file is seen; an empty one is a fault. */
export type SecretRef = { readonly env: string } | { readonly file: string }

/** A repository on GitHub or GitHub Enterprise. */
export interface GitHubLocation {
  readonly kind: 'github'
  readonly owner: string
  readonly repository: string
  /** REST base, `https://api.github.com` by default, `https://HOST/api/v3` on GitHub Enterprise Server. */
  readonly apiUrl: string
}

/** A repository on any server that the git program reaches. */
export interface GitLocation {
  readonly kind: 'git'
  readonly url: string
}

/** How Saker proves itself to a host. */
export type RepositoryAuth =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly tokenFrom: SecretRef; readonly username?: string }
  | {
      readonly kind: 'app'
      readonly appId: string
      readonly installationId: string
      readonly privateKeyFrom: SecretRef
    }
  | { readonly kind: 'ssh'; readonly keyFrom: SecretRef; readonly knownHosts: string }

/** Called once after each commit, for a Flux Receiver: `generic`, or `generic-hmac` when a key is given. */
export interface Notification {
  readonly urlFrom: SecretRef
  readonly hmacFrom?: SecretRef
}

/** What a repository declares for one cluster. */
export interface RepositoryCluster {
  readonly name: string
  /** Folders or files in which the cluster's manifests lie, relative to the root; `''` is the whole repository. */
  readonly paths: readonly string[]
  /** When set, everything of this cluster is declared in this one file. It says where, never whom. */
  readonly file?: string
  readonly notify: readonly Notification[]
}

/** One repository that Saker reads and writes. */
export interface Repository {
  readonly name: string
  readonly location: GitHubLocation | GitLocation
  readonly auth: RepositoryAuth
  readonly branch: string
  readonly delivery: Delivery
  readonly clusters: readonly RepositoryCluster[]
}

/** A credential of the ingest or admin API. */
export interface AccessToken {
  readonly name: string
  readonly tokenFrom: SecretRef
  /** Clusters it may speak for. Absent: all. */
  readonly clusters?: readonly string[]
}

/** An author for commits, where the user names one. */
export interface CommitAuthor {
  readonly name: string
  readonly email: string
}

/** Everything the user decided, normalised: defaults filled in, durations in milliseconds, short forms written out. */
export interface Config {
  readonly repositories: readonly Repository[]
  readonly responses: readonly Response[]
  readonly guard: { readonly protectedNamespaces: ReadonlySet<string> }
  readonly dedupe: { readonly windowMs: number }
  readonly coalesce: { readonly quietMs: number; readonly maxMs: number }
  /** How long ended responses, and those that failed, can be looked at. Git keeps what was done in any case. */
  readonly outcomes: { readonly keepMs: number; readonly keepFailedMs: number }
  readonly commit: {
    /** Absent: the host's own identity where it has one (GitHub: the token's), else `Saker <saker@localhost>`. */
    readonly author?: CommitAuthor
    readonly signOff: boolean
    /** Output fields whose text may stand in commits. */
    readonly includeFields: readonly string[]
  }
  readonly ingest: { readonly tokens: readonly AccessToken[]; readonly allowAnonymous: boolean }
  readonly admin: { readonly tokens: readonly AccessToken[] }
}

/** The repository and its part for a cluster, or undefined when no repository declares that cluster. */
export function repositoryOfCluster(
  config: Config,
  cluster: string,
): { readonly repository: Repository; readonly place: RepositoryCluster } | undefined {
  for (const repository of config.repositories) {
    const place = repository.clusters.find(({ name }) => name === cluster)
    if (place !== undefined) return { repository, place }
  }
  return undefined
}

/** Names of all clusters that the config's repositories declare. */
export function clusterNames(config: Config): readonly string[] {
  return config.repositories.flatMap((repository) => repository.clusters.map(({ name }) => name))
}
