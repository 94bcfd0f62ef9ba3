import { Secret } from '@saker/core'
import type { ProposalHost } from '@saker/engine'
import { openGitHubProposals, type GitHubProposalsOptions } from '@saker/repository'
import { onTestFinished } from 'vitest'
import { DOUBLE_TOKEN, type GitHubDouble } from '../support/github-double/github-double.ts'
import type { HostedRepository, RepositoryTraits } from '../support/github-double/hosted-repository.ts'
import { hostRepository } from './github-setup.ts'
import { originControls, type PullRequestWorld } from './proposal-host-setup.ts'

/** Opens the proposals into `main` of a hosted repository, with the double's token unless told otherwise. */
export function proposalsOn(
  double: GitHubDouble,
  { owner, name }: Pick<HostedRepository, 'owner' | 'name'>,
  options: Partial<GitHubProposalsOptions> = {},
): ProposalHost {
  const proposals = openGitHubProposals({
    location: { kind: 'github', owner, repository: name, apiUrl: double.apiUrl },
    branch: 'main',
    prefix: 'saker/main-',
    auth: { kind: 'token', token: async () => new Secret(DOUBLE_TOKEN) },
    ...options,
  })
  onTestFinished(() => proposals.close())
  return proposals
}

/** A repository of its own on the double, as the suites see it. */
export async function startOnDouble(
  double: GitHubDouble,
  { traits = {}, wrap = (host) => host }: { traits?: Partial<RepositoryTraits>; wrap?: Wrap } = {},
): Promise<PullRequestWorld & { readonly repository: HostedRepository }> {
  const repository = await hostRepository(double, undefined, traits)
  const { pullRequests } = repository
  return {
    repository,
    openProposals: () => wrap(proposalsOn(double, repository)),
    ...originControls(repository.origin),
    deleteBranch: (branch) => pullRequests.deleteBranch(branch),
    merge: (number, method) => pullRequests.merge(number, method),
    closePullRequest: async (number) => pullRequests.close(number),
    reopen: async (number) => pullRequests.reopen(number),
    numbers: async () => pullRequests.all.map(({ number }) => number),
  }
}

/** What a suite puts around each host. */
export type Wrap = (host: ProposalHost) => ProposalHost
