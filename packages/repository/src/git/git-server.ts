import { ResponseError } from '@saker/core'
import type { RequestObserver } from '@saker/engine'
import { withGitCredential, type GitAuth } from './git-credentials.ts'
import { gitRequestError } from './git-errors.ts'
import type { GitPlace } from './git-place.ts'
import type { GitSetting } from './git-program.ts'
import type { ObjectCache } from './object-cache.ts'

/** The ref under which the cache keeps the newest commit it knows, so that a fetch brings only what is new. */
const TIP = 'refs/saker/tip'

/** What the requests to one server have in common. */
export interface GitServerOptions {
  readonly place: GitPlace
  readonly auth: GitAuth
  readonly timeoutMs: number
  readonly observe?: RequestObserver
}

/** The three requests that are made of a Git server. Each takes its answer into a cache, and names its failures. */
export class GitServer {
  readonly #options: GitServerOptions

  constructor(options: GitServerOptions) {
    this.#options = options
  }

  /**
   * Fetches the tip of the branch with the newest `depth` generations of its history, and gives its id.
   * Ends in `REPOSITORY_EMPTY`, `BRANCH_NOT_FOUND`, or as any request does.
   */
  async fetchTip(cache: ObjectCache, depth: number, signal: AbortSignal): Promise<string> {
    const { url, branch } = this.#options.place
    cache.fetches += 1
    const options = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', `--depth=${depth}`]
    const args = ['fetch', ...options, '--', url, `+refs/heads/${branch}:${TIP}`]
    try {
      await this.#request(cache, args, signal)
    } catch (error) {
      const isMissing = error instanceof ResponseError && error.code === 'BRANCH_NOT_FOUND'
      if (!isMissing || (await this.#hasRefs(cache, signal))) throw error
      throw new ResponseError('REPOSITORY_EMPTY', `the repository has no commits (${url})`, { cause: error })
    }
    const tip = await cache.git(['rev-parse', '--verify', `${TIP}^{commit}`], { signal })
    return tip.toString('utf8').trim()
  }

  /**
   * Makes the branch point to `sha`, a child of `baseSha`, if and only if it still points to `baseSha`: the server
   * itself compares and swaps. Ends as a commit of the port does; an abort on the way is `COMMIT_UNCONFIRMED`.
   */
  async push(
    cache: ObjectCache,
    { sha, baseSha }: { readonly sha: string; readonly baseSha: string },
    signal: AbortSignal,
  ): Promise<void> {
    const { url, branch } = this.#options.place
    const ref = `refs/heads/${branch}`
    // The lease makes git send the old id even where it would guess one, and refuses to create a branch anew.
    const options = ['--porcelain', '--no-verify', `--force-with-lease=${ref}:${baseSha}`]
    const answer = await this.#request(cache, ['push', ...options, '--', url, `${sha}:${ref}`], signal)
    // The very same commit (same second, same words) is there already: somebody else has put it there, not we.
    if (/^=\t/mu.test(answer.toString('utf8'))) {
      throw new ResponseError('BRANCH_MOVED', `the branch ${branch} is at ${sha} already (${url})`)
    }
    // The next fetch tells the server that we have this commit; without it, it would merely be sent to us again.
    await cache.git(['update-ref', TIP, sha], { signal }).catch(() => undefined)
  }

  /** Pushes to the branch what it holds already, and that as a dry run: the server lets us in, or ends as a commit does. */
  async tryPush(cache: ObjectCache, sha: string, signal: AbortSignal): Promise<void> {
    const { url, branch } = this.#options.place
    const args = ['push', '--dry-run', '--porcelain', '--no-verify', '--', url, `${sha}:refs/heads/${branch}`]
    await this.#request(cache, args, signal)
  }

  async #hasRefs(cache: ObjectCache, signal: AbortSignal): Promise<boolean> {
    return (await this.#request(cache, ['ls-remote', '--quiet', '--', this.#options.place.url], signal)).length > 0
  }

  async #request(cache: ObjectCache, args: readonly string[], signal: AbortSignal): Promise<Buffer> {
    const { auth, place, timeoutMs, observe } = this.#options
    return withGitCredential(auth, { place, folder: cache.folder }, async ({ env, config, secrets }) => {
      // From here on an abort may come too late to stop a commit.
      signal.throwIfAborted()
      const settings = [...config, [`protocol.${place.scheme}.allow`, 'always']] as const
      const answer = await cache.run(args, {
        env,
        config: [...settings, ...stallSettings(timeoutMs)],
        timeoutMs,
        signal,
      })
      observe?.({ operation: String(args[0]), status: answer.ending === 'ok' ? 'ok' : 'error' })
      if (answer.ending === 'ok') return answer.stdout
      const operation = args[0] === 'push' ? 'commit' : 'read'
      if (answer.ending === 'aborted' && operation === 'read') signal.throwIfAborted()
      throw gitRequestError(answer, { operation, place, timeoutMs, secrets }) ?? cache.doubt(answer.stderr)
    })
  }
}

/** Ends a transfer that stands still also when we are no longer there to end it. */
function stallSettings(timeoutMs: number): readonly GitSetting[] {
  return [
    ['http.lowSpeedLimit', '1'],
    ['http.lowSpeedTime', String(Math.ceil(timeoutMs / 1000))],
  ]
}
