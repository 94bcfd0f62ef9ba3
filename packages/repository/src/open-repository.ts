import type { Repository, SecretRef, Secret } from '@saker/core'
import { ResponseError } from '@saker/core'
import type { ProposalHost, RepositoryHost, RequestObserver } from '@saker/engine'
import { openGitProposals } from './git/git-proposals.ts'
import { GitRepository, openGitRepository, type GitRepositoryOptions } from './git/git-repository.ts'
import { openGitHubProposals } from './github/github-proposals.ts'
import { GitHubRepository, openGitHubRepository, type GitHubRepositoryOptions } from './github/github-repository.ts'

/** What opening a repository needs beside its config. */
export interface OpenRepositoryOptions {
  readonly readSecret: (ref: SecretRef) => Promise<Secret>
  /** Folder for object caches of the git program. */
  readonly dataDir: string
  readonly observe: RequestObserver
}

/** How the host that a repository's config names is opened. */
export type HostOptions =
  | { readonly kind: 'github'; readonly options: GitHubRepositoryOptions }
  | { readonly kind: 'git'; readonly options: GitRepositoryOptions }

/** Opens the host that a repository's config names. Asks nothing of it yet, so a host that is away fails at the first read. */
export function openRepository(repository: Repository, options: OpenRepositoryOptions): RepositoryHost {
  const host = hostOptionsOf(repository, options)
  return host.kind === 'github' ? openGitHubRepository(host.options) : openGitRepository(host.options)
}

/**
 * Opens the proposals into a repository's branch. `base` is what `openRepository` gave for the same repository, where that
 * is open: then what the one has read, the other need not read again.
 */
export function openProposals(
  repository: Repository,
  { base, ...options }: OpenRepositoryOptions & { readonly base?: RepositoryHost },
): ProposalHost {
  const host = hostOptionsOf(repository, options)
  const prefix = `${repository.pullRequest.branchPrefix}${repository.branch}-`
  return host.kind === 'github'
    ? openGitHubProposals({ ...host.options, prefix, ...(base instanceof GitHubRepository ? { base } : {}) })
    : openGitProposals({ ...host.options, prefix, ...(base instanceof GitRepository ? { base } : {}) })
}

/** What a repository's config says to its host. Ends in `CONFIG_INVALID` for a credential that the host has no use for. */
export function hostOptionsOf(repository: Repository, options: OpenRepositoryOptions): HostOptions {
  const { location, auth, branch } = repository
  const { readSecret, dataDir, observe } = options
  const files = repository.clusters.flatMap(({ file, pins }) => [
    ...(file === undefined ? [] : [file]),
    ...pins.map((pin) => pin.file),
  ])
  if (location.kind === 'github') {
    if (auth.kind === 'token') {
      return github({
        location,
        branch,
        files,
        observe,
        auth: { kind: 'token', token: () => readSecret(auth.tokenFrom) },
      })
    }
    if (auth.kind === 'app') {
      const { appId, installationId, privateKeyFrom } = auth
      const privateKey = (): Promise<Secret> => readSecret(privateKeyFrom)
      return github({
        location,
        branch,
        files,
        observe,
        auth: { kind: 'app', appId, installationId, privateKey },
      })
    }
  } else {
    if (auth.kind === 'none') return git({ location, branch, files, dataDir, observe, auth })
    if (auth.kind === 'ssh') {
      const { keyFrom, knownHosts } = auth
      return git({
        location,
        branch,
        files,
        dataDir,
        observe,
        auth: { kind: 'ssh', key: () => readSecret(keyFrom), knownHosts },
      })
    }
    if (auth.kind === 'token') {
      const { tokenFrom, username } = auth
      const token = (): Promise<Secret> => readSecret(tokenFrom)
      const named = username === undefined ? {} : { username }
      return git({ location, branch, files, dataDir, observe, auth: { kind: 'token', token, ...named } })
    }
  }
  throw new ResponseError('CONFIG_INVALID', `repository ${repository.name} cannot use ${auth.kind} to authenticate`)
}

function github(options: GitHubRepositoryOptions): HostOptions {
  return { kind: 'github', options }
}

function git(options: GitRepositoryOptions): HostOptions {
  return { kind: 'git', options }
}
