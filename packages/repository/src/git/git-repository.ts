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
import { ObjectCache } from './object-cache.ts'
import { readGitTree, readPastCommits } from './read-git-tree.ts'
import { Turns } from './turns.ts'
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
/** Each fetch may leave a pack in the cache; making it anew is simpler than tidying it, and costs one full fetch. */
const MAX_FETCHES = 500

/**
 * A branch on any server that the git program (2.31 or newer) reaches over https, http, ssh or file.
 *
 * A commit is a child of its base and is pushed with a lease on that base, so nothing is ever overwritten and no deleted
 * branch comes back. Nothing is asked of the server before the first read. Ends in `CONFIG_INVALID` when URL, branch or
 * credential cannot work together.
 */
export function openGitRepository(options: GitRepositoryOptions): RepositoryHost {
  return new GitRepository(gitPlaceOf(options.location, options.branch, options.auth), options)
}

class GitRepository implements RepositoryHost {
  readonly #place: GitPlace
  readonly #server: GitServer
  readonly #named: ReadonlySet<string>
  readonly #parent: string
  readonly #history: GitHistory
  readonly #turns = new Turns()
  readonly #closing = new AbortController()
  #cache: ObjectCache | undefined
  #tree: Tree | undefined

  constructor(
    place: GitPlace,
    { auth, observe, files, dataDir, timeoutMs = DEFAULT_TIMEOUT_MS }: GitRepositoryOptions,
  ) {
    this.#place = place
    this.#server = new GitServer({ place, auth, timeoutMs, ...(observe === undefined ? {} : { observe }) })
    this.#named = new Set(files)
    this.#parent = join(resolve(dataDir), 'git')
    this.#history = new GitHistory((cache, depth, signal) => this.#server.fetchTip(cache, depth, signal))
  }

  async read({ freshness, past = 0, signal }: ReadOptions): Promise<Head> {
    const ours = this.#untilClosed(signal)
    if (freshness === 'cached' && past === 0 && this.#tree !== undefined) {
      return { tree: this.#tree, current: false, past: [] }
    }
    return this.#turns.take(ours, () => this.#withCache(ours, (cache) => this.#fetchHead(cache, past, ours)))
  }

  async commit(changeSet: ChangeSet, options: { readonly signal: AbortSignal }): Promise<Commit> {
    const signal = this.#untilClosed(options.signal)
    return this.#turns.take(signal, async () => {
      const prepared = await this.#withCache(signal, async (cache) => {
        await this.#ensureBase(cache, changeSet.baseSha, signal)
        return { cache, sha: await writeGitCommit(cache, changeSet, signal) }
      })
      const { cache, sha } = prepared
      await this.#server.push(cache, { sha, baseSha: changeSet.baseSha }, signal)
      // A tree of another commit than the base says nothing about what this one holds.
      this.#tree = this.#tree?.sha === changeSet.baseSha ? advance(this.#tree, changeSet, sha) : undefined
      return { sha }
    })
  }

  async readHistory(options: HistoryOptions): Promise<HistoryPage> {
    const signal = this.#untilClosed(options.signal)
    return this.#turns.take(signal, () =>
      this.#withCache(signal, (cache) => this.#history.page(cache, { ...options, signal })),
    )
  }

  async readTexts(
    files: readonly FileAt[],
    options: { readonly signal: AbortSignal },
  ): Promise<readonly (string | undefined)[]> {
    const signal = this.#untilClosed(options.signal)
    return this.#turns.take(signal, () => this.#withCache(signal, (cache) => this.#history.texts(cache, files, signal)))
  }

  async close(): Promise<void> {
    this.#closing.abort(new ResponseError('SHUTTING_DOWN', 'the repository is closed'))
    await this.#turns.take(new AbortController().signal, async () => this.#dropCache())
  }

  #untilClosed(signal: AbortSignal): AbortSignal {
    const either = AbortSignal.any([signal, this.#closing.signal])
    either.throwIfAborted()
    return either
  }

  async #fetchHead(cache: ObjectCache, past: number, signal: AbortSignal): Promise<Head> {
    const sha = await this.#server.fetchTip(cache, Math.max(past, this.#history.depth), signal)
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
  async #ensureBase(cache: ObjectCache, baseSha: string, signal: AbortSignal): Promise<void> {
    if (await hasCommit(cache, baseSha, signal)) return
    const tip = await this.#server.fetchTip(cache, this.#history.depth, signal)
    if (tip !== baseSha) {
      throw new ResponseError('BRANCH_MOVED', `the branch ${this.#place.branch} is at ${tip}, not at ${baseSha}`)
    }
  }

  /** Runs `work`, and once more from an empty cache when the one it used turns out to be broken. */
  async #withCache<T>(signal: AbortSignal, work: (cache: ObjectCache) => Promise<T>): Promise<T> {
    if (this.#cache !== undefined && (this.#cache.suspect || this.#cache.fetches >= MAX_FETCHES))
      await this.#dropCache()
    const isNew = this.#cache === undefined
    this.#cache ??= await this.#makeCache('sha1', signal)
    const cache = this.#cache
    try {
      return await work(cache)
    } catch (error) {
      if (!cache.suspect || (isNew && cache.serverFormat === undefined)) throw error
    }
    await this.#dropCache()
    this.#cache = await this.#makeCache(cache.serverFormat ?? cache.format, signal)
    return work(this.#cache)
  }

  #makeCache(format: ObjectCache['format'], signal: AbortSignal): Promise<ObjectCache> {
    return ObjectCache.create({ parent: this.#parent, name: this.#place.slug, format, signal })
  }

  async #dropCache(): Promise<void> {
    await this.#cache?.remove()
    this.#cache = undefined
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
