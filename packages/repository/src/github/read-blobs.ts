import { ResponseError, textOfBytes } from '@saker/core'
import type { TreeEntry } from '../tree/tree-gate.ts'
import { recordOf, textAt, valueAt } from './github-answer.ts'
import type { GitHubClient } from './github-client.ts'
import { wasTooHeavy } from './github-errors.ts'
import type { GitHubCall } from './github-exchange.ts'
import { readingOf } from './nested-tree.ts'
import { blobsQuery } from './read-tree-query.ts'
import { repositoryPath } from './repository-path.ts'

const BLOBS_PER_REQUEST = 1000
const BYTES_PER_REQUEST = 2_000_000
/** Files read one by one, because GitHub cuts off or converts their text; more are not worth their requests. */
const MAX_IN_BYTES = 200
/** A tree that needs more follow-up requests than this is refused rather than read for minutes. */
const MAX_REQUESTS = 100

/** Whether so many contents are asked for in one request. */
export function fitOneRequest(missing: readonly TreeEntry[]): boolean {
  return batchOf(missing).length === missing.length
}

/** Fetches single contents by object id, whichever way gives their very bytes. */
export class BlobReader {
  readonly #client: GitHubClient
  readonly #nameWithOwner: string
  readonly #signal: AbortSignal
  #requests = 0

  constructor(client: GitHubClient, nameWithOwner: string, signal: AbortSignal) {
    this.#client = client
    this.#nameWithOwner = nameWithOwner
    this.#signal = signal
  }

  /**
   * Adds the text of each missing content to `texts`, `undefined` for what is not text. Those `inBytes` are not asked for
   * as text first. Ends in `TREE_TOO_LARGE` when that takes too many requests.
   */
  async read(
    missing: readonly TreeEntry[],
    texts: Map<string, string | undefined>,
    inBytes: ReadonlySet<string> = new Set(),
  ): Promise<void> {
    const single = missing.filter(({ oid }) => inBytes.has(oid))
    let rest = missing.filter(({ oid }) => !inBytes.has(oid))
    while (rest.length > 0) {
      const batch = batchOf(rest)
      rest = rest.slice(batch.length)
      single.push(...(await this.#readBatch(batch, texts)))
    }
    if (single.length > MAX_IN_BYTES) {
      const message = `${this.#client.place} holds more than ${MAX_IN_BYTES} files that its API does not give as text`
      throw new ResponseError('TREE_TOO_LARGE', message)
    }
    for (const { oid } of single) texts.set(oid, await this.#readBytes(oid))
  }

  /** Gives back those that have to be read by their bytes. A batch that is too much for GitHub is halved. */
  async #readBatch(batch: readonly TreeEntry[], texts: Map<string, string | undefined>): Promise<readonly TreeEntry[]> {
    try {
      return await this.#ask(batch, texts)
    } catch (error) {
      if (!wasTooHeavy(error)) throw error
      if (batch.length === 1) return batch
      const half = Math.ceil(batch.length / 2)
      const first = await this.#readBatch(batch.slice(0, half), texts)
      return [...first, ...(await this.#readBatch(batch.slice(half), texts))]
    }
  }

  async #ask(batch: readonly TreeEntry[], texts: Map<string, string | undefined>): Promise<readonly TreeEntry[]> {
    const [owner = '', name = ''] = this.#nameWithOwner.split('/')
    const oids = batch.map(({ oid }) => oid)
    const call = this.#call('readBlobs')
    const answer = await this.#client.graphql(call, blobsQuery({ owner, name, branch: '' }, oids))
    const repository = recordOf(valueAt(answer, 'repository'))
    if (repository === undefined) throw this.#client.unreadable(call)
    return batch.filter(({ oid }, index) => {
      const reading = readingOf(repository[`o${index}`], oid)
      if ('text' in reading) texts.set(oid, reading.text)
      return !('text' in reading)
    })
  }

  /** A content from its very bytes, in which GitHub leaves nothing out. */
  async #readBytes(oid: string): Promise<string | undefined> {
    const call = this.#call('getBlob')
    const route = `GET ${repositoryPath(this.#nameWithOwner)}/git/blobs/${oid}`
    const answer = await this.#client.rest(call, { route })
    const content = textAt(answer, 'content')
    if (content === undefined || textAt(answer, 'encoding') !== 'base64') throw this.#client.unreadable(call)
    return textOfBytes(Buffer.from(content, 'base64'))
  }

  #call(operation: string): GitHubCall {
    this.#requests += 1
    if (this.#requests > MAX_REQUESTS + MAX_IN_BYTES) {
      throw new ResponseError('TREE_TOO_LARGE', `${this.#client.place} is too large to be read through the API`)
    }
    return { operation, purpose: 'read', signal: this.#signal }
  }
}

/** The first few, at least one. */
function batchOf(missing: readonly TreeEntry[]): readonly TreeEntry[] {
  let sum = 0
  const end = missing.findIndex(({ bytes }, index) => {
    sum += bytes
    return index > 0 && (index >= BLOBS_PER_REQUEST || sum > BYTES_PER_REQUEST)
  })
  return end === -1 ? missing : missing.slice(0, end)
}
