import { MemoryForge, MemoryProposals } from '../support/memory-proposals.ts'
import { FILES } from './repository-host-setup.ts'
import type { PullRequestWorld } from './proposal-host-setup.ts'
import { describeProposalHost, describePullRequests } from './proposal-host-suite.ts'

async function start(options: { readonly hasPullRequests?: boolean } = {}): Promise<PullRequestWorld> {
  const forge = new MemoryForge({ ...FILES }, options)
  const find = (name: string): MemoryForge['base'] | undefined =>
    name === 'main' ? forge.base : forge.branches.get(name)
  return {
    openProposals: () => new MemoryProposals(forge),
    push: async (branch, files) => find(branch)?.add('a foreign change', { ...files }) ?? '',
    async makeBranch(branch) {
      forge.addBranch(branch)
    },
    deleteBranch: async (branch) => forge.deleteBranch(branch),
    head: async (branch) => find(branch)?.tip.sha,
    textAt: async (branch, path) => find(branch)?.tip.files[path],
    messages: async (branch) => (find(branch)?.history ?? []).map(({ message }) => message.trimEnd()).toReversed(),
    merge: async (number, method) => forge.merge(number, method),
    closePullRequest: async (number) => forge.closePullRequest(number),
    reopen: async (number) => forge.reopen(number),
    numbers: async () => forge.pullRequests.map(({ number }) => number),
  }
}

describeProposalHost('in memory', start)
describeProposalHost('in memory, without pull requests', () => start({ hasPullRequests: false }))
describePullRequests('in memory', start)
