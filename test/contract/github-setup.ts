import { inspect } from 'node:util'
import { ResponseError, Secret } from '@saker/core'
import type { RepositoryHost } from '@saker/engine'
import { openGitHubRepository, type GitHubRepositoryOptions } from '@saker/repository'
import { expect, onTestFinished } from 'vitest'
import { BareRepository, type FileContent } from '../support/bare-repository.ts'
import { DOUBLE_TOKEN, type GitHubDouble } from '../support/github-double/github-double.ts'
import type { HostedRepository, RepositoryTraits } from '../support/github-double/hosted-repository.ts'
import { FILES } from './repository-host-setup.ts'

let hosted = 0

/** Hosts a repository of its own on the double; it ends with the test. */
export async function hostRepository(
  double: GitHubDouble,
  files: Readonly<Record<string, FileContent>> = FILES,
  traits: Partial<RepositoryTraits> = {},
): Promise<HostedRepository> {
  const origin = await BareRepository.create(files)
  onTestFinished(() => origin.remove())
  return double.host(`acme/fleet-${(hosted += 1)}`, origin, traits)
}

/** Opens branch `main` of a hosted repository with the double's token, unless told otherwise. */
export function openOn(
  double: GitHubDouble,
  { owner, name }: Pick<HostedRepository, 'owner' | 'name'>,
  options: Partial<GitHubRepositoryOptions> = {},
): RepositoryHost {
  const host = openGitHubRepository({
    location: { kind: 'github', owner, repository: name, apiUrl: double.apiUrl },
    branch: 'main',
    auth: { kind: 'token', token: async () => new Secret(DOUBLE_TOKEN) },
    ...options,
  })
  onTestFinished(() => host.close())
  return host
}

/** Waits for a `ResponseError`, and holds of each that nothing in it, however deep, is a credential. */
export async function failureOf(
  promise: Promise<unknown>,
  secrets: readonly string[] = [DOUBLE_TOKEN],
): Promise<ResponseError> {
  const thrown: unknown = await promise.then(
    () => expect.unreachable('it succeeded'),
    (error: unknown) => error,
  )
  if (!(thrown instanceof ResponseError)) throw thrown
  const everything = [
    thrown.message,
    thrown.stack,
    JSON.stringify(thrown),
    inspect(thrown, { depth: 20, showHidden: true }),
  ]
  for (const secret of secrets) expect(everything.join('\n')).not.toContain(secret)
  return thrown
}

/** What the double was asked, as operation names or methods and paths below the repository. */
export function asked(double: GitHubDouble): readonly string[] {
  return double.requests.map(
    ({ method, path, operation }) => operation ?? `${method} ${path.replace(/^.*\/repos\/[^/]+\/[^/]+/u, '')}`,
  )
}

/** Starts counting requests anew. */
export function forget(double: GitHubDouble): void {
  double.requests.length = 0
}
