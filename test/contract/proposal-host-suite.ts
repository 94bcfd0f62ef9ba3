import { describe } from 'vitest'
import { describeListing, describeOpening, describeWriters, type StartWorld } from './proposal-host-branches.ts'
import { describeEndings, describePresenting, type StartPullRequestWorld } from './proposal-host-pull-requests.ts'

/**
 * The contract of the port `ProposalHost`, as far as every host can hold it. What only one kind of host can do is tested
 * beside that adapter.
 */
export function describeProposalHost(name: string, start: StartWorld): void {
  describe(`${name}: a branch that is proposed`, () => {
    describeOpening(start)
  })
  describe(`${name}: writers of a branch`, () => {
    describeWriters(start)
  })
  describe(`${name}: listing`, () => {
    describeListing(start)
  })
}

/** The part of the contract that is about pull requests, for hosts that tell of them. */
export function describePullRequests(name: string, start: StartPullRequestWorld): void {
  describe(`${name}: presenting`, () => {
    describePresenting(start)
  })
  describe(`${name}: pull requests that end`, () => {
    describeEndings(start)
  })
}
