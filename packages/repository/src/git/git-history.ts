import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ResponseError } from '@saker/core'
import type { FileAt, HistoryCommit, HistoryOptions, HistoryPage } from '@saker/engine'
import type { ObjectCache } from './object-cache.ts'
import { readBlobs } from './read-git-tree.ts'

/** A hundred thousand commits of a few kilobytes each would not fit; a page has at most a hundred. */
const MAX_PAGE_BYTES = 50_000_000

/** The history of a branch as a cache holds it, which fetches more of it when it is asked for more. */
export class GitHistory {
  readonly #fetch: (cache: ObjectCache, depth: number, signal: AbortSignal) => Promise<string>
  #depth = 1

  /** `fetch` brings so many generations of commits into the cache, and gives the id of the newest. */
  constructor(fetch: (cache: ObjectCache, depth: number, signal: AbortSignal) => Promise<string>) {
    this.#fetch = fetch
  }

  /** How many generations a fetch has to ask for, so that it takes none away that was fetched before. */
  get depth(): number {
    return this.#depth
  }

  /** See `RepositoryHost.readHistory`. */
  async page(cache: ObjectCache, { from, after = '0', limit, signal }: HistoryOptions): Promise<HistoryPage> {
    const skip = Number(after)
    const end = skip + limit + 1
    const start = from ?? (await this.#deepen(cache, Math.max(this.#depth, end + 1), signal))
    await this.ensure(cache, start, signal)
    for (;;) {
      const ids = await listIds(cache, { start, end, signal })
      const cut = await shallowIds(cache)
      if (!ids.some((id) => cut.has(id))) {
        const commits = await readCommits(cache, { start, skip, limit, signal })
        return { commits, ...(ids.length < end ? {} : { next: String(skip + limit) }) }
      }
      await this.#deepen(cache, Math.max(end + 1, this.#depth * 2), signal)
    }
  }

  /** See `RepositoryHost.readTexts`. */
  async texts(
    cache: ObjectCache,
    files: readonly FileAt[],
    signal: AbortSignal,
  ): Promise<readonly (string | undefined)[]> {
    const oids = new Map<string, string>()
    for (const [sha, wanted] of Map.groupBy(files, (file) => file.sha)) {
      await this.ensure(cache, sha, signal)
      const paths = [...new Set(wanted.map(({ path }) => path))]
      const args = ['ls-tree', '-z', '--full-tree', sha, '--', ...paths]
      const listing = (await cache.git(args, { signal })).toString('utf8')
      for (const [, type, oid = '', path = ''] of listing.matchAll(/\d+ (\w+) ([0-9a-f]+)\t([^\0]+)\0/gu)) {
        if (type === 'blob') oids.set(`${sha} ${path}`, oid)
      }
    }
    const texts = new Map<string, string | undefined>()
    const batch = Array.from(new Set(oids.values()), (oid) => ({ oid }))
    if (batch.length > 0) await readBlobs(cache, { batch, texts, signal })
    return files.map(({ sha, path }) => {
      const oid = oids.get(`${sha} ${path}`)
      if (oid === undefined) return undefined
      const text = texts.get(oid)
      if (text === undefined) throw new ResponseError('MANIFEST_NOT_TEXT', `${path} is not text in ${sha}`)
      return text
    })
  }

  /** Fetches more until a commit is there. Ends in `BRANCH_MOVED` when all that there is does not hold it. */
  async ensure(cache: ObjectCache, sha: string, signal: AbortSignal): Promise<void> {
    while (!(await hasCommit(cache, sha, signal))) {
      const isWhole = cache.fetches > 0 && (await shallowIds(cache)).size === 0 && this.#depth > 1
      if (isWhole) throw new ResponseError('BRANCH_MOVED', `commit ${sha} is not in the history of the branch any more`)
      await this.#deepen(cache, Math.max(64, this.#depth * 2), signal)
    }
  }

  async #deepen(cache: ObjectCache, depth: number, signal: AbortSignal): Promise<string> {
    const tip = await this.#fetch(cache, depth, signal)
    this.#depth = depth
    return tip
  }
}

/** Whether the cache holds a commit. */
export async function hasCommit(cache: ObjectCache, sha: string, signal: AbortSignal): Promise<boolean> {
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/u.test(sha)) return false
  const answer = await cache.run(['cat-file', '-e', `${sha}^{commit}`], { signal })
  signal.throwIfAborted()
  return answer.ending === 'ok'
}

interface Listing {
  readonly start: string
  readonly end: number
  readonly signal: AbortSignal
}

async function listIds(cache: ObjectCache, { start, end, signal }: Listing): Promise<readonly string[]> {
  const output = await cache.git(['rev-list', `--max-count=${end}`, start], { signal, maxOutputBytes: MAX_PAGE_BYTES })
  return output
    .toString('latin1')
    .split('\n')
    .filter((id) => id !== '')
}

/** Commits whose parents were left out: git shows them as if they had none. */
async function shallowIds(cache: ObjectCache): Promise<ReadonlySet<string>> {
  const text = await readFile(join(cache.folder, 'objects.git', 'shallow'), 'latin1').catch(() => '')
  return new Set(text.split('\n').filter((line) => line !== ''))
}

async function readCommits(
  cache: ObjectCache,
  { start, skip, limit, signal }: Omit<Listing, 'end'> & { readonly skip: number; readonly limit: number },
): Promise<readonly HistoryCommit[]> {
  const format = '--format=%H%n%ct%n%P%n%an%n%B'
  const args = ['log', '-z', `--skip=${skip}`, `--max-count=${limit}`, format, start]
  const log = await cache.git(args, { signal, maxOutputBytes: MAX_PAGE_BYTES })
  return log
    .toString('utf8')
    .split('\0')
    .filter((commit) => commit !== '')
    .map((commit) => {
      const [sha = '', seconds, parents = '', author = '', ...message] = commit.split('\n')
      return {
        sha,
        at: Number(seconds) * 1000,
        parents: parents.split(' ').filter((one) => one !== ''),
        author,
        message: message.join('\n'),
      }
    })
}
