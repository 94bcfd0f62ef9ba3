import { ResponseError, type GitHubLocation, type Secret, type Tree } from '@saker/core'
import type {
  ChangeSet,
  Commit,
  FileAt,
  Head,
  HistoryOptions,
  HistoryPage,
  ReadOptions,
  RepositoryHost,
  RequestObserver,
} from '@saker/engine'
import { commitThroughGitData } from './commit-git-data.ts'
import { canCommitInOneRequest, commitThroughGraphQL, type LandedCommit } from './commit-graphql.ts'
import type { GitHubClient } from './github-client.ts'
import { openGitHubClient } from './open-client.ts'
import { readHead, type HeadRead } from './read-head.ts'
import { readHistory } from './read-history.ts'
import { readTexts } from './read-texts.ts'
import type { GitHubBranch } from './read-tree-query.ts'
import { advanced, assertEditable, type SeenHead } from './seen-head.ts'

/** How to prove oneself to GitHub. Secrets are asked for when they are used. */
export type GitHubAuth =
  | { readonly kind: 'token'; readonly token: () => Promise<Secret> }
  | {
      readonly kind: 'app'
      readonly appId: string
      readonly installationId: string
      readonly privateKey: () => Promise<Secret>
    }

/** One branch on GitHub or GitHub Enterprise, and how to reach it. */
export interface GitHubRepositoryOptions {
  readonly location: GitHubLocation
  readonly branch: string
  /** Files whose text is read whatever they are called, relative to the root. */
  readonly files?: readonly string[]
  readonly auth: GitHubAuth
  readonly userAgent?: string
  /** Told of every request, those for App tokens included. */
  readonly observe?: RequestObserver
  /** Milliseconds since 1970. */
  readonly now?: () => number
  /** For each request; 15 seconds by default. */
  readonly timeoutMs?: number
}

/** What the host saw last. `stale` once something hinted that the branch is elsewhere by now. */
interface Seen {
  readonly head: SeenHead
  readonly stale: boolean
}

/** One branch as a client reaches it. */
export interface GitHubBranchOptions {
  readonly client: GitHubClient
  readonly branch: GitHubBranch
  /** Files whose text is wanted whatever they are called. */
  readonly named: ReadonlySet<string>
}

/**
 * Opens a branch on GitHub. Nothing is asked until the first read. A cold read is one request for an ordinary
 * repository, and two or three for one of thousands of files; a commit is one request, or four where a file is executable
 * or an author is named.
 *
 * Beside what the port says, a commit ends in `MANIFEST_NOT_TEXT` when an edit started
 * from other bytes than the file has, or in `MANIFEST_MISSING` when it changes a file that is not there.
 */
export function openGitHubRepository(options: GitHubRepositoryOptions): RepositoryHost {
  return new GitHubRepository(branchOptionsOf(options))
}

/** A branch with a client of its own. */
export function branchOptionsOf(options: GitHubRepositoryOptions): GitHubBranchOptions {
  const { owner, repository: name } = options.location
  const branch = { owner, name, branch: options.branch }
  return { client: openGitHubClient(options).client, branch, named: new Set(options.files) }
}

/** A branch on GitHub. */
export class GitHubRepository implements RepositoryHost {
  /** How it is reached, for others that reach it likewise. */
  readonly options: GitHubBranchOptions
  readonly #client: GitHubClient
  readonly #branch: GitHubBranch
  #seen: Seen | undefined

  constructor(options: GitHubBranchOptions) {
    this.options = options
    this.#client = options.client
    this.#branch = options.branch
  }

  /** The tip that was seen last, with its tree. */
  get seen(): SeenHead | undefined {
    return this.#seen?.head
  }

  /** Takes over what is known from elsewhere: the tip itself or, where it is stale, a tree that much of it is like. */
  learn(seen: Seen): void {
    this.#seen = seen
  }

  /** Gives up what was seen. */
  forget(): void {
    this.#seen = undefined
  }

  async read({ freshness, past = 0, signal }: ReadOptions): Promise<Head> {
    const seen = this.#seen
    if (freshness === 'cached' && past === 0 && seen !== undefined && !seen.stale) {
      return { tree: treeOf(seen.head), current: false, past: [] }
    }
    const head = await this.#readHead(past, signal)
    return { tree: treeOf(head), current: true, past: head.past }
  }

  async commit(changeSet: ChangeSet, { signal }: { readonly signal: AbortSignal }): Promise<Commit> {
    const head = await this.headAt(changeSet, signal)
    const landed = await this.#land(changeSet, head, signal)
    // Another read may have seen a newer tip while the commit was under way; then that one stands.
    if (this.seen === head) this.#seen = advanced(head, changeSet, landed)
    return { sha: landed.sha, ...(landed.url === undefined ? {} : { url: landed.url }) }
  }

  /** The tip that a change was planned on. Ends as a commit does when it is not the tip, or cannot be changed so. */
  async headAt(changeSet: ChangeSet, signal: AbortSignal): Promise<SeenHead> {
    const head = this.seen ?? (await this.#readHead(0, signal))
    if (head.sha !== changeSet.baseSha)
      throw new ResponseError('BRANCH_MOVED', `${this.#client.place} has moved since it was read`)
    if (head.archived) {
      this.#doubt(head)
      throw new ResponseError('REPOSITORY_ARCHIVED', `${this.#client.place} is archived and so is read-only`)
    }
    assertEditable(changeSet, head, this.#client.place)
    return head
  }

  async readHistory(options: HistoryOptions): Promise<HistoryPage> {
    return readHistory(this.#client, this.#branch, options)
  }

  async readTexts(
    files: readonly FileAt[],
    { signal }: { readonly signal: AbortSignal },
  ): Promise<readonly (string | undefined)[]> {
    return readTexts(this.#client, this.#branch, { files, signal })
  }

  async close(): Promise<void> {
    this.forget()
  }

  async #readHead(past: number, signal: AbortSignal): Promise<HeadRead> {
    const options = { branch: this.#branch, named: this.options.named, past, seen: this.seen, signal }
    const head = await readHead(this.#client, options)
    this.#seen = { head, stale: false }
    return head
  }

  async #land(changeSet: ChangeSet, head: SeenHead, signal: AbortSignal): Promise<LandedCommit> {
    const target = { nameWithOwner: head.nameWithOwner, branch: this.#branch.branch, baseTreeSha: head.treeSha, signal }
    try {
      return canCommitInOneRequest(changeSet)
        ? await commitThroughGraphQL(this.#client, changeSet, target)
        : await commitThroughGitData(this.#client, changeSet, target)
    } catch (error) {
      this.#doubt(head)
      throw error
    }
  }

  /** The next read asks, whatever it was told. */
  #doubt(head: SeenHead): void {
    if (this.seen === head) this.#seen = { head, stale: true }
  }
}

function treeOf({ sha, files }: SeenHead): Tree {
  return { sha, files }
}
