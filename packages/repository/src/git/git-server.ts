import { createHash } from 'node:crypto'
import { ResponseError } from '@saker/core'
import type { RequestObserver } from '@saker/engine'
import { withGitCredential, type GitAuth } from './git-credentials.ts'
import { gitRequestError, redact } from './git-errors.ts'
import type { GitPlace } from './git-place.ts'
import type { GitAnswer, GitSetting } from './git-program.ts'
import type { ObjectCache } from './object-cache.ts'

/** The ref under which the cache keeps the newest commit it knows of a branch, so that a fetch brings only what is new. */
function tipRef(branch: string): string {
  return `refs/saker/tips/${createHash('sha256').update(branch).digest('hex').slice(0, 16)}`
}

/** What to push. */
interface Push {
  readonly sha: string
  /** Where the branch has to point; undefined when it must not be there. */
  readonly expected: string | undefined
  /** Told to a server that takes push options. */
  readonly options?: readonly string[]
}

/** What the requests to one server have in common. */
export interface GitServerOptions {
  readonly place: GitPlace
  readonly auth: GitAuth
  readonly timeoutMs: number
  readonly observe?: RequestObserver
}

/** The requests that are made of a Git server. Each takes its answer into a cache, and names its failures. */
export class GitServer {
  readonly #options: GitServerOptions
  readonly #tip: string
  #takesPushOptions = true

  constructor(options: GitServerOptions) {
    this.#options = options
    this.#tip = tipRef(options.place.branch)
  }

  /**
   * Fetches the tip of the branch with the newest `depth` generations of its history, and gives its id.
   * Ends in `REPOSITORY_EMPTY`, `BRANCH_NOT_FOUND`, or as any request does.
   */
  async fetchTip(cache: ObjectCache, depth: number, signal: AbortSignal): Promise<string> {
    const { url, branch } = this.#options.place
    cache.fetches += 1
    const options = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', `--depth=${depth}`]
    const args = ['fetch', ...options, '--', url, `+refs/heads/${branch}:${this.#tip}`]
    try {
      await this.#request(cache, args, signal)
    } catch (error) {
      const isMissing = error instanceof ResponseError && error.code === 'BRANCH_NOT_FOUND'
      if (!isMissing || (await this.#hasRefs(cache, signal))) throw error
      throw new ResponseError('REPOSITORY_EMPTY', `the repository has no commits (${url})`, { cause: error })
    }
    const tip = await cache.git(['rev-parse', '--verify', `${this.#tip}^{commit}`], { signal })
    return tip.toString('utf8').trim()
  }

  /**
   * Makes the branch point to `sha`, if and only if it still points to what is expected: the server itself compares and
   * swaps. Gives what the server said to whoever reads along. Ends as a commit of the port does; an abort on the way is
   * `COMMIT_UNCONFIRMED`.
   */
  async push(cache: ObjectCache, { sha, expected, options = [] }: Push, signal: AbortSignal): Promise<string> {
    const { url, branch } = this.#options.place
    const ref = `refs/heads/${branch}`
    // The lease makes git send the old id even where it would guess one, and refuses to create a branch anew.
    const flags = ['--porcelain', '--no-verify', `--force-with-lease=${ref}:${expected ?? ''}`]
    const told = this.#takesPushOptions ? options.map((option) => `--push-option=${option}`) : []
    const args = ['push', ...flags, ...told, '--', url, `${sha}:${ref}`]
    const answer = await this.#ask(cache, args, { signal, refusesOptions: told.length > 0 })
    if (answer === 'refuses-options') {
      this.#takesPushOptions = false
      return this.push(cache, { sha, expected }, signal)
    }
    // The very same commit (same second, same words) is there already: somebody else has put it there, not we.
    if (/^=\t/mu.test(answer.stdout.toString('utf8'))) {
      throw new ResponseError('BRANCH_MOVED', `the branch ${branch} is at ${sha} already (${url})`)
    }
    // The next fetch tells the server that we have this commit; without it, it would merely be sent to us again.
    await cache.git(['update-ref', this.#tip, sha], { signal }).catch(() => undefined)
    return answer.stderr
  }

  /** Branches whose names begin with a prefix, and where they point. */
  async listBranches(cache: ObjectCache, prefix: string, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const start = `refs/heads/${prefix}`
    const args = ['ls-remote', '--quiet', '--', this.#options.place.url, `${start}*`]
    const lines = (await this.#request(cache, args, signal)).toString('utf8').split('\n')
    const refs = lines.map((line) => line.split('\t')).filter(([, name]) => name?.startsWith(start) === true)
    return new Map(refs.map(([sha = '', name = '']) => [name.slice('refs/heads/'.length), sha]))
  }

  /**
   * Pushes what the server has already to a branch, and that as a dry run: the server lets us in, or ends as a commit does.
   * False when it takes no push options, where one is given.
   */
  async tryPush(
    cache: ObjectCache,
    { sha, branch, option }: { readonly sha: string; readonly branch: string; readonly option?: string },
    signal: AbortSignal,
  ): Promise<boolean> {
    const { url } = this.#options.place
    const told = option === undefined ? [] : [`--push-option=${option}`]
    const args = ['push', '--dry-run', '--porcelain', '--no-verify', ...told, '--', url, `${sha}:refs/heads/${branch}`]
    return (await this.#ask(cache, args, { signal, refusesOptions: option !== undefined })) !== 'refuses-options'
  }

  async #hasRefs(cache: ObjectCache, signal: AbortSignal): Promise<boolean> {
    return (await this.#request(cache, ['ls-remote', '--quiet', '--', this.#options.place.url], signal)).length > 0
  }

  async #request(cache: ObjectCache, args: readonly string[], signal: AbortSignal): Promise<Buffer> {
    const answer = await this.#ask(cache, args, { signal, refusesOptions: false })
    return answer === 'refuses-options' ? Buffer.alloc(0) : answer.stdout
  }

  /** `refusesOptions` says that a server may turn the request down for its push options, which is an answer then. */
  async #ask(
    cache: ObjectCache,
    args: readonly string[],
    { signal, refusesOptions }: { readonly signal: AbortSignal; readonly refusesOptions: boolean },
  ): Promise<GitAnswer | 'refuses-options'> {
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
      if (answer.ending === 'ok') return { ...answer, stderr: redact(answer.stderr, secrets) }
      if (refusesOptions && areOptionsRefused(answer)) return 'refuses-options'
      const operation = args[0] === 'push' ? 'commit' : 'read'
      if (answer.ending === 'aborted' && operation === 'read') signal.throwIfAborted()
      throw gitRequestError(answer, { operation, place, timeoutMs, secrets }) ?? cache.doubt(answer.stderr)
    })
  }
}

/** Git says by itself that a server has no push options, before it sends anything; else a hook may have said it. */
function areOptionsRefused({ ending, stdout, stderr }: GitAnswer): boolean {
  if (ending !== 'failed') return false
  if (stderr.includes('does not support push options')) return true
  return stdout.includes('[remote rejected]') && /^remote:.*\bpush.options?\b/imu.test(stderr)
}

/** Ends a transfer that stands still also when we are no longer there to end it. */
function stallSettings(timeoutMs: number): readonly GitSetting[] {
  return [
    ['http.lowSpeedLimit', '1'],
    ['http.lowSpeedTime', String(Math.ceil(timeoutMs / 1000))],
  ]
}
