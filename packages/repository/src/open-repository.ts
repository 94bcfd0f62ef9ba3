import type { Repository, SecretRef, Secret } from '@saker/core'
import { ResponseError } from '@saker/core'
import type { RepositoryHost, RequestObserver } from '@saker/engine'
import { openGitRepository } from './git/git-repository.ts'
import { openGitHubRepository } from './github/github-repository.ts'

/** What opening a repository needs beside its config. */
export interface OpenRepositoryOptions {
  readonly readSecret: (ref: SecretRef) => Promise<Secret>
  /** Folder for object caches of the git program. */
  readonly dataDir: string
  readonly observe: RequestObserver
}

/** Opens the host that a repository's config names. Asks nothing of it yet, so a host that is away fails at the first read. */
export function openRepository(repository: Repository, options: OpenRepositoryOptions): RepositoryHost {
  const { location, auth, branch } = repository
  const { readSecret, dataDir, observe } = options
  const files = repository.clusters.flatMap(({ file, pins }) => [
    ...(file === undefined ? [] : [file]),
    ...pins.map((pin) => pin.file),
  ])
  if (location.kind === 'github') {
    if (auth.kind === 'token') {
      return openGitHubRepository({
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
      return openGitHubRepository({
        location,
        branch,
        files,
        observe,
        auth: { kind: 'app', appId, installationId, privateKey },
      })
    }
  } else {
    if (auth.kind === 'none') return openGitRepository({ location, branch, files, dataDir, observe, auth })
    if (auth.kind === 'ssh') {
      const { keyFrom, knownHosts } = auth
      return openGitRepository({
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
      return openGitRepository({ location, branch, files, dataDir, observe, auth: { kind: 'token', token, ...named } })
    }
  }
  throw new ResponseError('CONFIG_INVALID', `repository ${repository.name} cannot use ${auth.kind} to authenticate`)
}
