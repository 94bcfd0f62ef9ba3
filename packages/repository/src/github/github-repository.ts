import { blobOid, ResponseError, type GitHubLocation, type Secret, type Tree, type TreeFile } from '@saker/core'
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
  readonly head: Omit<HeadRead, 'past'>
  readonly stale: boolean
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
  return new GitHubRepository(options)
}

class GitHubRepository implements RepositoryHost {
  readonly #client: GitHubClient
  readonly #location: GitHubLocation
  readonly #branch: string
  readonly #named: ReadonlySet<string>
  #seen: Seen | undefined

  constructor(options: GitHubRepositoryOptions) {
    const { location, branch } = options
    this.#client = openGitHubClient(options).client
    this.#location = location
    this.#branch = branch
    this.#named = new Set(options.files)
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
    const head = this.#seen?.head ?? (await this.#readHead(0, signal))
    if (head.sha !== changeSet.baseSha)
      throw new ResponseError('BRANCH_MOVED', `${this.#client.place} has moved since it was read`)
    this.#assertEditable(changeSet, head)
    const landed = await this.#land(changeSet, head, signal)
    this.#advance(changeSet, head, landed)
    return { sha: landed.sha, ...(landed.url === undefined ? {} : { url: landed.url }) }
  }

  async readHistory(options: HistoryOptions): Promise<HistoryPage> {
    return readHistory(this.#client, this.#where, options)
  }

  async readTexts(
    files: readonly FileAt[],
    { signal }: { readonly signal: AbortSignal },
  ): Promise<readonly (string | undefined)[]> {
    return readTexts(this.#client, this.#where, { files, signal })
  }

  async close(): Promise<void> {
    this.#seen = undefined
  }

  get #where(): GitHubBranch {
    const { owner, repository: name } = this.#location
    return { owner, name, branch: this.#branch }
  }

  async #readHead(past: number, signal: AbortSignal): Promise<HeadRead> {
    const branch = this.#where
    const seen = this.#seen?.head
    const head = await readHead(this.#client, { branch, named: this.#named, past, seen, signal })
    this.#seen = { head, stale: false }
    return head
  }

  #assertEditable({ edits }: ChangeSet, head: Seen['head']): void {
    if (head.archived) {
      this.#doubt(head)
      throw new ResponseError('REPOSITORY_ARCHIVED', `${this.#client.place} is archived and so is read-only`)
    }
    for (const { path, before } of edits) {
      const file = head.files.get(path)
      if (file === undefined && (before === null || before === '')) continue
      if (file === undefined) throw new ResponseError('MANIFEST_MISSING', `${path} is not in ${this.#client.place}`)
      if (before === null) throw new ResponseError('BRANCH_MOVED', `${path} has come to be in ${this.#client.place}`)
      if (blobOid(before, file.oid) !== file.oid) {
        throw new ResponseError('MANIFEST_NOT_TEXT', `${path} holds bytes that its text does not show`)
      }
    }
  }

  async #land(changeSet: ChangeSet, head: Seen['head'], signal: AbortSignal): Promise<LandedCommit> {
    const target = { nameWithOwner: head.nameWithOwner, branch: this.#branch, baseTreeSha: head.treeSha, signal }
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
  #doubt(head: Seen['head']): void {
    if (this.#seen?.head === head) this.#seen = { head, stale: true }
  }

  #advance({ edits }: ChangeSet, head: Seen['head'], { sha, treeSha }: LandedCommit): void {
    // Another read may have seen a newer tip while the commit was under way; then that one stands.
    if (this.#seen?.head !== head) return
    if (treeSha === undefined) {
      this.#doubt(head)
      return
    }
    const files = new Map<string, TreeFile>(head.files)
    for (const { path, mode, after } of edits) {
      if (after === null) files.delete(path)
      else files.set(path, { path, mode, oid: blobOid(after, sha), text: after })
    }
    this.#seen = { head: { ...head, sha, treeSha, files }, stale: false }
  }
}

function treeOf({ sha, files }: Seen['head']): Tree {
  return { sha, files }
}
