import type { Finding, Repository } from '@saker/core'
import { probeGit } from './git/probe-git.ts'
import { openGitHubClient } from './github/open-client.ts'
import { probeGitHub, type ProbeIntent } from './github/probe-github.ts'
import { hostOptionsOf, type OpenRepositoryOptions } from './open-repository.ts'

/**
 * Asks the host of a repository whether Saker may do there what the config asks. Nothing is written. Ends as a read of the
 * port does when the repository cannot be seen.
 */
export async function probeRepository(
  repository: Repository,
  options: OpenRepositoryOptions,
  intent: ProbeIntent,
): Promise<readonly Finding[]> {
  const host = hostOptionsOf(repository, options)
  if (host.kind === 'github') {
    const { location, branch } = host.options
    const { pullRequest } = repository
    return probeGitHub({ ...openGitHubClient(host.options), location, branch, pullRequest, ...intent })
  }
  const { deliveries, signal } = intent
  const { branchPrefix } = repository.pullRequest
  const proposed = deliveries.includes('pull-request') ? `${branchPrefix}${repository.branch}-0` : undefined
  return probeGit(host.options, { commits: deliveries.includes('commit'), proposed, signal })
}
