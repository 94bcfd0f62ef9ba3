import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ResponseError } from '@saker/core'
import { redact, lastWords } from './git-errors.ts'
import { runGit, type GitAnswer, type GitCall } from './git-program.ts'
import { makeScratchFolder } from './scratch-folder.ts'

/** What one run in the cache adds to its arguments. */
export type CacheCall = Omit<GitCall, 'args' | 'cwd' | 'timeoutMs'> & { readonly timeoutMs?: number }

/** Git's two kinds of object ids. A repository has one of them. */
export type ObjectFormat = 'sha1' | 'sha256'

const LOCAL_TIMEOUT_MS = 60_000

/**
 * A bare repository of our own in which fetched objects are kept and commits are put together. One process alone uses it,
 * and it holds nothing that the server has not: when it is in doubt it is thrown away and made anew.
 */
export class ObjectCache {
  /** Where git runs. Readable by us alone; also the place of index files and keys that live for one command. */
  readonly folder: string
  readonly format: ObjectFormat
  /** Set when a command failed in a way that a sound cache does not explain. */
  suspect = false
  /** What the server has instead, when the cache was made with the other kind of ids. */
  serverFormat: ObjectFormat | undefined
  /** Fetches so far. Each may leave a pack behind. */
  fetches = 0

  private constructor(folder: string, format: ObjectFormat) {
    this.folder = folder
    this.format = format
  }

  /** Makes an empty cache in a new folder under `parent`. */
  static async create(options: {
    readonly parent: string
    readonly name: string
    readonly format: ObjectFormat
    readonly signal: AbortSignal
  }): Promise<ObjectCache> {
    const { parent, name, format, signal } = options
    const cache = new ObjectCache(await makeScratchFolder(parent, name), format)
    try {
      await cache.git(['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, cache.#gitDir], {
        signal,
      })
    } catch (error) {
      await cache.remove()
      throw error
    }
    return cache
  }

  /** Runs git in the cache, whatever the ending. */
  async run(args: readonly string[], call: CacheCall): Promise<GitAnswer> {
    return runGit({
      timeoutMs: LOCAL_TIMEOUT_MS,
      ...call,
      args,
      cwd: this.folder,
      env: { GIT_DIR: this.#gitDir, ...call.env },
    })
  }

  /**
   * Runs a command that needs no server, and gives its output. A failure other than the caller's own abort makes the
   * cache suspect and ends in `REPOSITORY_UNAVAILABLE`; an abort rejects with the signal's reason.
   */
  async git(args: readonly string[], call: CacheCall): Promise<Buffer> {
    const answer = await this.run(args, call)
    if (answer.ending === 'ok') return answer.stdout
    if (answer.ending === 'aborted') call.signal.throwIfAborted()
    if (answer.ending === 'not-installed') {
      throw new ResponseError(
        'REPOSITORY_UNAVAILABLE',
        'the git program is not installed: there is no "git" on the PATH',
      )
    }
    if (answer.ending === 'too-much-output') {
      throw new ResponseError('TREE_TOO_LARGE', `git ${args[0]} wrote more than can be held`)
    }
    throw this.doubt(answer.ending === 'timed-out' ? `git ${args[0]} did not end in time` : answer.stderr)
  }

  /** Marks the cache as suspect after a failure that nothing else explains, and gives the error to throw. */
  doubt(said: string): ResponseError {
    this.suspect = true
    const format = /mismatched algorithms: client \w+; server (sha1|sha256)/u.exec(said)?.[1]
    if (format === 'sha1' || format === 'sha256') this.serverFormat = format
    const reason = lastWords(redact(said, []))
    return new ResponseError('REPOSITORY_UNAVAILABLE', `git failed, perhaps for want of a sound local copy: ${reason}`)
  }

  /** Removes the folder. */
  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 })
  }

  get #gitDir(): string {
    return join(this.folder, 'objects.git')
  }
}
