import { join, resolve } from 'node:path'
import { blobOid, ResponseError, type GitLocation, type Tree } from '@saker/core'
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
import { textsOf } from '../tree/tree-gate.ts'
import type { GitAuth } from './git-credentials.ts'
import { GitHistory, hasCommit } from './git-history.ts'
import { gitPlaceOf, type GitPlace } from './git-place.ts'
import { GitServer } from './git-server.ts'
import { GitStore } from './git-store.ts'
import type { ObjectCache } from './object-cache.ts'
import { readGitTree, readPastCommits } from './read-git-tree.ts'
import { writeGitCommit } from './write-git-commit.ts'

/** What opening a repository through the git program takes. */
export interface GitRepositoryOptions {
  readonly location: GitLocation
  readonly branch: string
  /** Files whose text is read whatever they are called, relative to the root. */
  readonly files?: readonly string[]
  readonly auth: GitAuth
  /** Folder for fetched objects; each process uses a folder of its own in it. Made with mode 0700 where missing. */
  readonly dataDir: string
  readonly observe?: RequestObserver
  /** For each request to the server, in milliseconds. 60 s by default. */
  readonly timeoutMs?: number
}

const DEFAULT_TIMEOUT_MS = 60_000

/** Where a commit goes. */
interface Landing {
  /** The branch that its base is the tip of. */
  readonly on: GitRepository
  readonly options?: readonly string[]
  readonly heard?: (words: string) => void
  readonly signal: AbortSignal
}
/**
 * A branch on any server that the git program (2.31 or newer) reaches over https, http, ssh or file.
 *
 * A commit is a child of its base and is pushed with a lease on that base, so nothing is ever overwritten and no deleted
 * branch comes back. Nothing is asked of the server before the first read. Ends in `CONFIG_INVALID` when URL, branch or
 * credential cannot work together.
 */
export function openGitRepository(options: GitRepositoryOptions): RepositoryHost {
  return new GitRepository(options)
}

/** A branch on a Git server. */
export class GitRepository implements RepositoryHost {
  /** How it is reached, for others that reach it likewise. */
  readonly options: GitRepositoryOptions
  readonly server: GitServer
  readonly #place: GitPlace
  readonly #named: ReadonlySet<string>
  readonly #store: GitStore
  readonly #isOwnStore: boolean
  readonly #history: GitHistory
  readonly #closing = new AbortController()
  #tree: Tree | undefined

  /** `store` is that of another branch of the same repository, which then outlives this one. */
  constructor(options: GitRepositoryOptions, store?: GitStore) {
    const { location, branch, auth, observe, files, dataDir, timeoutMs = DEFAULT_TIMEOUT_MS } = options
    this.options = options
    this.#place = gitPlaceOf(location, branch, auth)
    this.server = new GitServer({ place: this.#place, auth, timeoutMs, ...(observe === undefined ? {} : { observe }) })
    this.#named = new Set(files)
    this.#store = store ?? new GitStore(join(resolve(dataDir), 'git'), this.#place.slug)
    this.#isOwnStore = store === undefined
    this.#history = new GitHistory((cache, depth, signal) => this.server.fetchTip(cache, depth, signal))
  }

  /** Its cache, for other branches of the same repository. */
  get store(): GitStore {
    return this.#store
  }

  /** The tree of a commit, where that was the last one that was seen. */
  treeAt(sha: string): Tree | undefined {
    return this.#tree?.sha === sha ? this.#tree : undefined
  }

  async read({ freshness, past = 0, signal }: ReadOptions): Promise<Head> {
    const ours = this.#untilClosed(signal)
    if (freshness === 'cached' && past === 0 && this.#tree !== undefined) {
      return { tree: this.#tree, current: false, past: [] }
    }
    return this.#store.take(ours, () => this.#store.withCache(ours, (cache) => this.#fetchHead(cache, past, ours)))
  }

  async commit(changeSet: ChangeSet, { signal }: { readonly signal: AbortSignal }): Promise<Commit> {
    return this.land(changeSet, { on: this, signal })
  }

  /**
   * Pushes a commit on a tip of the branch itself or, to make it, on one of another branch in the same cache. `options`
   * are told to the server, and `heard` is told its words.
   */
  protected async land(changeSet: ChangeSet, { on, options, heard, ...called }: Landing): Promise<Commit> {
    const signal = this.#untilClosed(called.signal)
    const { baseSha } = changeSet
    return this.#store.take(signal, async () => {
      const prepared = await this.#store.withCache(signal, async (cache) => {
        await on.ensureBase(cache, baseSha, signal)
        return { cache, sha: await writeGitCommit(cache, changeSet, signal) }
      })
      const { cache, sha } = prepared
      const expected = on === this ? baseSha : undefined
      const words = await this.server.push(
        cache,
        { sha, expected, ...(options === undefined ? {} : { options }) },
        signal,
      )
      // A tree of another commit than the base says nothing about what this one holds.
      const tree = on.treeAt(baseSha)
      this.#tree = tree === undefined ? undefined : advance(tree, changeSet, sha)
      heard?.(words)
      return { sha }
    })
  }

  async readHistory(options: HistoryOptions): Promise<HistoryPage> {
    const signal = this.#untilClosed(options.signal)
    return this.#store.take(signal, () =>
      this.#store.withCache(signal, (cache) => this.#history.page(cache, { ...options, signal })),
    )
  }

  async readTexts(
    files: readonly FileAt[],
    options: { readonly signal: AbortSignal },
  ): Promise<readonly (string | undefined)[]> {
    const signal = this.#untilClosed(options.signal)
    return this.#store.take(signal, () =>
      this.#store.withCache(signal, (cache) => this.#history.texts(cache, files, signal)),
    )
  }

  async close(): Promise<void> {
    this.#closing.abort(new ResponseError('SHUTTING_DOWN', 'the repository is closed'))
    if (this.#isOwnStore) await this.#store.close()
  }

  /** Gives up what was seen. */
  forget(): void {
    this.#tree = undefined
  }

  #untilClosed(signal: AbortSignal): AbortSignal {
    const either = AbortSignal.any([signal, this.#closing.signal])
    either.throwIfAborted()
    return either
  }

  async #fetchHead(cache: ObjectCache, past: number, signal: AbortSignal): Promise<Head> {
    const sha = await this.server.fetchTip(cache, Math.max(past, this.#history.depth), signal)
    const commits = await readPastCommits(cache, { sha, count: past, signal })
    if (this.#tree?.sha === sha) return { tree: this.#tree, current: true, past: commits }
    const known = this.#tree === undefined ? new Map<string, string>() : textsOf(this.#tree.files, this.#named)
    const tree = await readGitTree(cache, {
      sha,
      place: `${this.#place.url}#${this.#place.branch}`,
      named: this.#named,
      known,
      signal,
    })
    this.#tree = tree
    return { tree, current: true, past: commits }
  }

  /** A base that was read here is in the cache; one from another process, or from before a restart, is fetched. */
  async ensureBase(cache: ObjectCache, baseSha: string, signal: AbortSignal): Promise<void> {
    if (await hasCommit(cache, baseSha, signal)) return
    const tip = await this.server.fetchTip(cache, this.#history.depth, signal)
    if (tip !== baseSha) {
      throw new ResponseError('BRANCH_MOVED', `the branch ${this.#place.branch} is at ${tip}, not at ${baseSha}`)
    }
  }
}

/** The tree after our own commit, without reading it again. */
function advance(tree: Tree, { edits }: ChangeSet, sha: string): Tree {
  const files = new Map(tree.files)
  for (const { path, mode, after } of edits) {
    if (after === null) files.delete(path)
    else files.set(path, { path, mode, oid: blobOid(after, sha), text: after })
  }
  return { sha, files }
}
