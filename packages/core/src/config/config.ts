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

/** Where a workload is declared, said by the user because Saker cannot find it by itself. */
export interface Pin {
  readonly namespace: string
  readonly kind: string
  readonly name: string
  /** Path of the file that declares it. */
  readonly file: string
}

/** What a repository declares for one cluster. */
export interface RepositoryCluster {
  readonly name: string
  /** Folders or files in which the cluster's manifests lie, relative to the root; `''` is the whole repository. */
  readonly paths: readonly string[]
  /** When set, everything of this cluster is declared in this one file. It says where, never whom. */
  readonly file?: string
  /** No two of the same workload. */
  readonly pins: readonly Pin[]
  readonly notify: readonly Notification[]
}

/** How the pull requests of a repository look. */
export interface PullRequestSettings {
  readonly labels: readonly string[]
  /** By which method the host merges one as soon as its checks pass; `false` leaves that to a person. */
  readonly autoMerge: false | 'merge' | 'squash' | 'rebase'
  /** What the names of Saker's branches begin with. */
  readonly branchPrefix: string
  readonly draft: boolean
}

/** One repository that Saker reads and writes. */
export interface Repository {
  readonly name: string
  readonly location: GitHubLocation | GitLocation
  readonly auth: RepositoryAuth
  readonly branch: string
  readonly delivery: Delivery
  readonly pullRequest: PullRequestSettings
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

/** What Saker may touch, and how much of it. Namespaces are names, not globs. */
export interface Guard {
  /** Nothing outside these; empty: no such limit. */
  readonly onlyNamespaces: readonly string[]
  readonly protectedNamespaces: ReadonlySet<string>
  /** How many distinct workloads of a cluster may be stopped within a time, and what becomes of the rest. */
  readonly maxWorkloads: {
    readonly count: number
    readonly perMs: number
    readonly otherwise: 'hold' | 'pull-request'
  }
  /** A response that has waited longer is held. */
  readonly maxAgeMs: number
  /** How long a workload is left alone after somebody took a response back; 0: not at all. */
  readonly muteForMs: number
}

/** Everything the user decided, normalised: defaults filled in, durations in milliseconds, short forms written out. */
export interface Config {
  readonly repositories: readonly Repository[]
  readonly responses: readonly Response[]
  readonly guard: Guard
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

/** A repository and what it declares for one cluster. */
export interface ClusterRepository {
  readonly repository: Repository
  readonly place: RepositoryCluster
}

/** All repositories that declare a cluster, in the order of the file; empty when none does. */
export function repositoriesOfCluster(config: Config, cluster: string): readonly ClusterRepository[] {
  return config.repositories.flatMap((repository) => {
    const place = repository.clusters.find(({ name }) => name === cluster)
    return place === undefined ? [] : [{ repository, place }]
  })
}

/** Names of all clusters that the config's repositories declare, each once. */
export function clusterNames(config: Config): readonly string[] {
  return [...new Set(config.repositories.flatMap(({ clusters }) => clusters.map(({ name }) => name)))]
}
