import { ResponseError, textOfBytes, type TreeFile } from '@saker/core'
import type { PastCommit } from '@saker/engine'
import { listAt, recordOf, textAt, valueAt } from './github-answer.ts'
import type { GitHubClient } from './github-client.ts'
import { repositoryNotFound, wasTooHeavy } from './github-errors.ts'
import type { GitHubCall, GraphQLQuery } from './github-exchange.ts'
import { headQuery, objectsQuery, rootsQuery, type GitHubBranch, type TreeDepth } from './read-tree-query.ts'
import { repositoryPath } from './repository-path.ts'
import { TreeCollector, type MissingContent } from './tree-collector.ts'

const FOLDERS_PER_REQUEST = 50
const TEXTS_PER_REQUEST = 1000
const TEXT_BYTES_PER_REQUEST = 10_000_000
/** Files read one by one, because GitHub cuts off or converts their text; more are not worth their requests. */
const MAX_BLOBS = 200
/** A tree that needs more follow-up requests than this is refused rather than read for minutes. */
const MAX_FOLLOW_UPS = 100

/** The tip of the branch with all that later requests need to know of it. */
export interface HeadRead {
  readonly sha: string
  readonly treeSha: string
  /** `owner/name` as it is now: the configured one may have been renamed. */
  readonly nameWithOwner: string
  readonly archived: boolean
  readonly files: ReadonlyMap<string, TreeFile>
  readonly past: readonly PastCommit[]
}

/** What to read. */
export interface HeadReadOptions {
  readonly branch: GitHubBranch
  /** Folders or files, none inside another; the empty path is the whole repository. */
  readonly roots: readonly string[]
  readonly past: number
  readonly signal: AbortSignal
}

/**
 * Reads the tip of a branch: one request for an ordinary repository. What does not fit follows by object id, so that it
 * belongs to the same commit. A query that is too much for GitHub is asked again without texts, which then come in
 * batches.
 *
 * Ends as `RepositoryHost.read` does, and in `TREE_TOO_LARGE` above 100,000 entries or 50 MB of manifests.
 */
export async function readHead(client: GitHubClient, options: HeadReadOptions): Promise<HeadRead> {
  try {
    return await new HeadReader(client, options, 'texts').read()
  } catch (error) {
    if (!wasTooHeavy(error)) throw error
    return await new HeadReader(client, options, 'names').read()
  }
}

/** One reading of the tip. `depth` says whether the first query brings texts along. */
class HeadReader {
  readonly #client: GitHubClient
  readonly #options: HeadReadOptions
  readonly #depth: TreeDepth
  readonly #collector: TreeCollector
  #followUps = 0

  constructor(client: GitHubClient, options: HeadReadOptions, depth: TreeDepth) {
    this.#client = client
    this.#options = options
    this.#depth = depth
    this.#collector = new TreeCollector(options.roots, client.place)
  }

  async read(): Promise<HeadRead> {
    const { branch, roots, past } = this.#options
    const repository = await this.#ask('readHead', headQuery(branch, roots, { depth: this.#depth, past }))
    const target = valueAt(repository, 'ref', 'target')
    if (recordOf(target) === undefined) throw branchMissing(repository, this.#client.place)
    const sha = textAt(target, 'oid')
    const treeSha = textAt(target, 'tree', 'oid')
    if (sha === undefined || treeSha === undefined) throw this.#client.unreadable(this.#call('readHead'))
    await this.#collect(target, sha)
    return {
      sha,
      treeSha,
      nameWithOwner: textAt(repository, 'nameWithOwner') ?? `${branch.owner}/${branch.name}`,
      archived: valueAt(repository, 'isArchived') === true,
      files: this.#collector.files,
      past: (listAt(target, 'history', 'nodes') ?? []).flatMap(pastCommit),
    }
  }

  async #collect(target: unknown, sha: string): Promise<void> {
    const { roots } = this.#options
    if (roots.includes('')) this.#collector.addEntries(valueAt(target, 'tree'), '')
    else {
      const found = roots.map((_, index) => recordOf(valueAt(target, `r${index}`)))
      for (const [index, root] of roots.entries()) this.#collector.addEntry(found[index], root)
      const absent = roots.filter((_, index) => found[index] === undefined)
      if (absent.length > 0) await this.#readRoots(sha, absent)
    }
    while (await this.#readFolders());
    while (await this.#readTexts());
    await this.#readBlobs()
  }

  /** A root that was not found is asked for once more in the older way; a path that is not there at all stays absent. */
  async #readRoots(sha: string, roots: readonly string[]): Promise<void> {
    const repository = await this.#ask('readRoots', rootsQuery(this.#options.branch, { sha, roots }, this.#depth))
    for (const [index, root] of roots.entries()) {
      const name = root.split('/').at(-1)
      const entries = listAt(repository, `p${index}`, 'entries') ?? []
      const entry = recordOf(entries.find((candidate) => textAt(candidate, 'name') === name))
      if (entry !== undefined) {
        this.#collector.addEntry({ ...entry, object: valueAt(repository, `o${index}`) }, root)
      }
    }
  }

  async #readFolders(): Promise<boolean> {
    const folders = this.#collector.takeFolders(FOLDERS_PER_REQUEST)
    const objects = await this.#readObjects(folders, this.#depth)
    for (const { path, oid } of folders) {
      // A folder that was just named and is not there: the branch was rewritten and its objects are gone.
      if (!this.#collector.addEntries(objects.get(oid), path)) throw this.#client.unreadable(this.#call('readObjects'))
    }
    return folders.length > 0
  }

  async #readTexts(): Promise<boolean> {
    const texts = this.#collector.takeTexts(TEXTS_PER_REQUEST, TEXT_BYTES_PER_REQUEST)
    const objects = await this.#readObjects(texts, 'texts')
    for (const { path, oid } of texts) this.#collector.addBlob(objects.get(oid), path)
    return texts.length > 0
  }

  async #readObjects(wanted: readonly MissingContent[], depth: TreeDepth): Promise<ReadonlyMap<string, unknown>> {
    const oids = [...new Set(wanted.map(({ oid }) => oid))]
    if (oids.length === 0) return new Map()
    this.#followUps += 1
    if (this.#followUps > MAX_FOLLOW_UPS) {
      throw new ResponseError('TREE_TOO_LARGE', `${this.#client.place} is too large to be read through the API`)
    }
    const repository = await this.#ask('readObjects', objectsQuery(this.#options.branch, oids, depth))
    return new Map(oids.map((oid, index) => [oid, valueAt(repository, `o${index}`)]))
  }

  /** Files whose text GitHub cut off or converted, from their very bytes. */
  async #readBlobs(): Promise<void> {
    const { owner, name } = this.#options.branch
    const call = this.#call('getBlob')
    const blobs = this.#collector.takeBlobs(MAX_BLOBS + 1)
    if (blobs.length > MAX_BLOBS) {
      const message = `${this.#client.place} holds more than ${MAX_BLOBS} files that its API does not give as text`
      throw new ResponseError('TREE_TOO_LARGE', message)
    }
    for (const { path, oid } of blobs) {
      const route = `GET ${repositoryPath(`${owner}/${name}`)}/git/blobs/${oid}`
      const answer = await this.#client.rest(call, { route })
      const content = textAt(answer, 'content')
      if (content === undefined || textAt(answer, 'encoding') !== 'base64') throw this.#client.unreadable(call)
      const text = textOfBytes(Buffer.from(content, 'base64'))
      if (text !== undefined) this.#collector.addText(path, text)
    }
  }

  async #ask(operation: string, query: GraphQLQuery): Promise<unknown> {
    const repository = valueAt(await this.#client.graphql(this.#call(operation), query), 'repository')
    if (repository === null) throw repositoryNotFound(this.#client.place)
    if (recordOf(repository) === undefined) throw this.#client.unreadable(this.#call(operation))
    return repository
  }

  #call(operation: string): GitHubCall {
    return { operation, purpose: 'read', signal: this.#options.signal }
  }
}

function branchMissing(repository: unknown, place: string): ResponseError {
  return valueAt(repository, 'isEmpty') === true
    ? new ResponseError('REPOSITORY_EMPTY', `the repository of ${place} is empty`)
    : new ResponseError('BRANCH_NOT_FOUND', `${place} does not exist`)
}

function pastCommit(node: unknown): PastCommit[] {
  const sha = textAt(node, 'oid')
  const message = textAt(node, 'message')
  const url = textAt(node, 'url')
  const at = Date.parse(textAt(node, 'committedDate') ?? '')
  if (sha === undefined || message === undefined || Number.isNaN(at)) return []
  return [{ sha, message, at, ...(url === undefined ? {} : { url }) }]
}
