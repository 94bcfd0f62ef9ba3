import type { CommitAuthor, FileMode, Tree } from '@saker/core'
import type { ProposalText } from './proposal-host.ts'

/** One file before and after, of which at least one is there. */
export interface Edit {
  readonly path: string
  /** Null for a file that is new. */
  readonly before: string | null
  /** Null for a file that is deleted. */
  readonly after: string | null
  readonly mode: FileMode
}

/** All that one commit does, on the commit it was planned on. */
export interface ChangeSet {
  readonly baseSha: string
  readonly message: string
  readonly edits: readonly Edit[]
  /** Absent: the host's own identity. */
  readonly author?: CommitAuthor
  /** Of a branch that is proposed: what the pull request is to say, for hosts that take it with the push. */
  readonly proposal?: ProposalText
}

/** Where a commit waits for a person to merge it. */
export interface CommitProposal {
  readonly branch: string
  /** Number of its pull request, where the host has told it. */
  readonly number?: number
  /** The page of that, or the one that opens it, where the host has told it. */
  readonly url?: string
  /** What did not work as configured, or what a person has to do; sentences. */
  readonly notes: readonly string[]
}

/** A commit that is in the branch. */
export interface Commit {
  readonly sha: string
  /** Its page for people, where the host has one. */
  readonly url?: string
  /** Of a commit that is proposed; hosts leave it out. */
  readonly proposal?: CommitProposal
}

/** A commit in the branch's history, as far as recovery and the guard read it. */
export interface PastCommit extends Commit {
  readonly message: string
  /** When it was committed, as it says itself; milliseconds since 1970. */
  readonly at: number
}

/** The tip of the branch as a host knows it. */
export interface Head {
  readonly tree: Tree
  /** Whether the host asked for the tip just now, rather than answering from what it saw last. */
  readonly current: boolean
  /** The newest commits, newest first; as many as were asked for, fewer when the branch is younger. */
  readonly past: readonly PastCommit[]
}

/** A commit as the ledger reads it. */
export interface HistoryCommit extends PastCommit {
  /** Ids of the commits it follows; the first is that of its branch. */
  readonly parents: readonly string[]
  /** Name of its author. */
  readonly author: string
}

/** Which part of a history to read. */
export interface HistoryOptions {
  /** Newest commit to begin with; absent: the tip of the branch as it is now. */
  readonly from?: string
  /** What the page before said under `next`. Goes with the `from` of that page. */
  readonly after?: string
  /** 100 at most. */
  readonly limit: number
  readonly signal: AbortSignal
}

/** Some commits, newest first. */
export interface HistoryPage {
  readonly commits: readonly HistoryCommit[]
  /** Absent when there are no older ones. */
  readonly next?: string
}

/** A file at a commit. */
export interface FileAt {
  readonly sha: string
  readonly path: string
}

/** How to read the tip. */
export interface ReadOptions {
  /** `cached` answers without a request when the host has seen the branch before; `current` always asks. */
  readonly freshness: 'cached' | 'current'
  /** How many past commits to bring along. 0 by default; asking for any makes the read `current`. */
  readonly past?: number
  readonly signal: AbortSignal
}

/**
 * Port to one branch of one repository on one Git host.
 *
 * A commit is a compare-and-swap: it lands only when the branch still points to `baseSha`, and then exactly as given.
 * The host keeps the newest tree it has seen (its own commits included), so that a warm commit is a single request.
 */
export interface RepositoryHost {
  /**
   * Reads the whole tree, with the texts that `hasWantedText` names. Ends in `CREDENTIAL_INVALID`, `CREDENTIAL_FORBIDDEN`,
   * `REPOSITORY_NOT_FOUND`, `REPOSITORY_EMPTY`, `BRANCH_NOT_FOUND`, `RATE_LIMITED`, `REPOSITORY_UNAVAILABLE`, in
   * `TREE_TOO_LARGE` above `TREE_LIMITS`, or in `TREE_INVALID` when a path is none that Git would check out.
   */
  read(options: ReadOptions): Promise<Head>
  /**
   * Ends in `BRANCH_MOVED` when somebody was faster (read and plan again), in `COMMIT_UNCONFIRMED` when the answer was
   * lost and the commit may or may not be there (read the history before trying again), in `BRANCH_PROTECTED`,
   * `REPOSITORY_ARCHIVED`, `COMMIT_REJECTED`, or as `read` does.
   */
  commit(changeSet: ChangeSet, options: { readonly signal: AbortSignal }): Promise<Commit>
  /** Reads the history of the branch page by page. Ends in `BRANCH_MOVED` when `from` is not there any more, or as `read` does. */
  readHistory(options: HistoryOptions): Promise<HistoryPage>
  /**
   * Texts of files at commits of the history, in the order asked for; undefined where a commit has no such file. Ends in
   * `MANIFEST_NOT_TEXT` when one is not text, in `BRANCH_MOVED` when a commit is not there any more, or as `read` does.
   */
  readTexts(
    files: readonly FileAt[],
    options: { readonly signal: AbortSignal },
  ): Promise<readonly (string | undefined)[]>
  /** Frees what the host holds. The host is not used afterwards. */
  close(): Promise<void>
}

/** What a host says is left of a budget of requests. */
export interface RequestBudget {
  /** GitHub's budget for REST, that for GraphQL, or one that we do not know. */
  readonly resource: 'core' | 'graphql' | 'other'
  readonly remaining: number
  /** When the budget is whole again; milliseconds since 1970 by the clock of this machine. */
  readonly resetsAt: number
}

/**
 * Told of every request to a Git host, for metrics. `status` is an HTTP status, or `ok`, `error` for the git program;
 * `budget` is there when the answer named one.
 */
export type RequestObserver = (request: {
  readonly operation: string
  readonly status: string
  readonly budget?: RequestBudget
}) => void
