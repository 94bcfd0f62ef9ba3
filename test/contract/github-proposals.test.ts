import type { ProposalHost } from '@saker/engine'
import { afterAll, beforeAll, describe } from 'vitest'
import { startGitHubDouble, type GitHubDouble } from '../support/github-double/github-double.ts'
import { startOnDouble } from './github-proposals-setup.ts'
import { describeOpening, describeWriters } from './proposal-host-branches.ts'
import { describeProposalHost, describePullRequests } from './proposal-host-suite.ts'

let double: GitHubDouble
/** Answers no query for a whole tree. */
let overloaded: GitHubDouble

beforeAll(async () => {
  double = await startGitHubDouble()
  overloaded = await startGitHubDouble()
  const errors = [{ type: 'RESOURCE_LIMITS_EXCEEDED', message: 'Resource limits for this query exceeded.' }]
  const body = { data: {}, errors }
  overloaded.faults.push({ match: { operation: 'ReadHead' }, kind: 'status', status: 200, body, times: Infinity })
})

afterAll(() => Promise.all([double.close(), overloaded.close()]))

describeProposalHost('GitHub', () => startOnDouble(double))
describePullRequests('GitHub', () => startOnDouble(double))

describe('GitHub, where trees are too much for a query: a branch that is proposed', () => {
  describeOpening(() => startOnDouble(overloaded))
})

/** An author cannot be named in a mutation, so with one every commit goes through the Git Data API. */
function withAuthor(host: ProposalHost): ProposalHost {
  return {
    list: (options) => host.list(options),
    present: (branch, text, options) => host.present(branch, text, options),
    close: () => host.close(),
    open(name) {
      const branch = host.open(name)
      const author = { name: 'A Bot', email: 'bot@example.test' }
      return {
        read: (options) => branch.read(options),
        commit: (changeSet, options) => branch.commit({ author, ...changeSet }, options),
        readHistory: (options) => branch.readHistory(options),
        readTexts: (files, options) => branch.readTexts(files, options),
        close: () => branch.close(),
      }
    },
  }
}

describe('GitHub through Git Data: writers of a branch', () => {
  describeWriters(() => startOnDouble(double, { wrap: withAuthor }))
})
