import type { PullRequestSettings } from '@saker/core'
import type { RepositoryHost } from './repository-host.ts'

/** What a reviewer reads, and how the pull request is to look. */
export interface ProposalText {
  readonly title: string
  /** Markdown. Holds the ledger's lines, so that a squash merge keeps them. */
  readonly body: string
  readonly labels: readonly string[]
  readonly draft: boolean
  /** By which method the host merges it by itself as soon as its rules allow. */
  readonly autoMerge: PullRequestSettings['autoMerge']
}

/** A pull request as its host tells of it. */
export interface PullRequest {
  readonly number: number
  /** Its page for people. */
  readonly url: string
  readonly state: 'open' | 'merged' | 'closed'
  /** When it was merged or closed, milliseconds since 1970. */
  readonly endedAt?: number
  readonly title: string
  readonly body: string
}

/** A branch of ours, with the newest pull request from it into the base. */
export interface ProposalBranch {
  readonly name: string
  /** Its tip; absent when the branch is gone and only its pull request is left. */
  readonly sha?: string
  /** Absent where none was opened, or where the host has no pull requests that we can read. */
  readonly pullRequest?: PullRequest
}

/** A proposal as it stands after it was presented. */
export interface PresentedProposal {
  /** Absent where the host has no pull requests that we can read. */
  readonly pullRequest?: PullRequest
  /** Where a person goes on: the pull request, or the page that opens one; where the host told it. */
  readonly url?: string
  /** What did not work as configured, or what a person has to do; sentences. */
  readonly notes: readonly string[]
}

/**
 * Port to the proposals of one lane: branches with a common prefix beside the base branch, and the pull requests from them
 * into it. Nothing here ever rewrites a branch: a branch is made once, and only grows.
 */
export interface ProposalHost {
  /**
   * The branches whose names begin with the lane's prefix, and the pull requests from such branches, those that ended
   * within the last days included though their branches are gone; by name. Where a branch had several, the open one, else
   * the newest. Ends as `RepositoryHost.read` does.
   */
  list(options: { readonly signal: AbortSignal }): Promise<readonly ProposalBranch[]>
  /**
   * Opens a branch. While it is not there, it reads as the base branch does, and its first commit makes it at `baseSha`; the
   * commit then lands only when nobody has made a branch of this name that points elsewhere. What one handle knows of the
   * base, all know. A commit to a branch that is gone ends in `BRANCH_MOVED`; afterwards it is one that is not there. A
   * `proposal` in the change set goes with the push where the host takes it there.
   */
  open(branch: string): RepositoryHost
  /**
   * Sees to it that the branch has a pull request of this text: opens one, or revises the one that is open. The answer is
   * newer than every commit before it. One that has ended is left alone and given as it is. Ends in
   * `PULL_REQUEST_REJECTED` when the host refuses for good (nothing to merge, pull requests switched off), in
   * `BRANCH_MOVED` when the branch is gone, or as `RepositoryHost.read` does.
   */
  present(branch: string, text: ProposalText, options: { readonly signal: AbortSignal }): Promise<PresentedProposal>
  /** Frees what the host holds; the branches that it opened are closed by those who asked for them. */
  close(): Promise<void>
}
