import type { TreeFile } from '@saker/core'
import { filesOf, missingTexts, textsOf, TreeGate } from '../tree/tree-gate.ts'
import { valueAt } from './github-answer.ts'
import type { GitHubClient } from './github-client.ts'
import { wasTooHeavy } from './github-errors.ts'
import type { GitHubCall } from './github-exchange.ts'
import { nestedTree, type NestedTree } from './nested-tree.ts'
import { BlobReader } from './read-blobs.ts'
import { readLargeTree } from './read-large-tree.ts'
import { headQuery, LISTING, type GitHubBranch } from './read-tree-query.ts'
import { tipOf, tipOfCutOff, type Tip } from './tip.ts'

/** A longer answer is cut off: parsing it would stop everything else for too long. */
const MAX_ANSWER_BYTES = 3_000_000

/** The tip of the branch with everything in it. */
export interface HeadRead extends Tip {
  readonly files: ReadonlyMap<string, TreeFile>
  /** Whether it was too much for one query, so that the next read need not try. */
  readonly isLarge: boolean
}

/** What to read. */
export interface HeadReadOptions {
  readonly branch: GitHubBranch
  /** Files whose text is wanted whatever they are called. */
  readonly named: ReadonlySet<string>
  readonly past: number
  /** What was read last. */
  readonly seen: Omit<HeadRead, 'past'> | undefined
  readonly signal: AbortSignal
}

/**
 * Reads the tip of a branch with all of its entries and the wanted texts: one request for an ordinary repository, two for
 * a large one, three after a foreign commit to a large one. A query that is too much for GitHub costs one more.
 *
 * Ends as `RepositoryHost.read` does.
 */
export async function readHead(client: GitHubClient, options: HeadReadOptions): Promise<HeadRead> {
  return new HeadReader(client, options).read()
}

/** The tip, and the tree where it came along. */
interface FirstAnswer {
  readonly tip: Tip
  readonly nested?: NestedTree
}

/** One reading of the tip. */
class HeadReader {
  readonly #client: GitHubClient
  readonly #options: HeadReadOptions

  constructor(client: GitHubClient, options: HeadReadOptions) {
    this.#client = client
    this.#options = options
  }

  async read(): Promise<HeadRead> {
    const { named, seen, signal } = this.#options
    const first = seen?.isLarge === true ? undefined : await this.#readAtOnce()
    const { tip, nested }: FirstAnswer = first ?? { tip: await this.#readTip() }
    if (nested?.isWhole === true) {
      const { entries, texts, inBytes } = nested
      const blobs = new BlobReader(this.#client, tip.nameWithOwner, signal)
      await blobs.read(missingTexts(entries, texts), texts, inBytes)
      return { ...tip, files: filesOf(entries, texts), isLarge: false }
    }
    if (seen?.treeSha === tip.treeSha) return { ...tip, files: seen.files, isLarge: true }
    const known = nested?.texts ?? (seen === undefined ? new Map<string, string>() : textsOf(seen.files, named))
    return { ...tip, files: await readLargeTree(this.#client, tip, { named, known, signal }), isLarge: true }
  }

  /** Everything in one query. Undefined when GitHub says that it is too much; the tip alone when that came along. */
  async #readAtOnce(): Promise<FirstAnswer | undefined> {
    const { branch, named, past } = this.#options
    const { place } = this.#client
    const call = this.#call('readHead')
    try {
      const query = headQuery(branch, { tree: true, past })
      const answer = await this.#client.graphqlUpTo(call, query, MAX_ANSWER_BYTES)
      if ('beginning' in answer) {
        const tip = tipOfCutOff(answer.beginning, place)
        return tip === undefined ? undefined : { tip }
      }
      const tip = tipOf(answer.data, place)
      if (tip === undefined) throw this.#client.unreadable(call)
      const tree = valueAt(answer.data, 'repository', 'ref', 'target', LISTING)
      return { tip, nested: await nestedTree(tree, new TreeGate(place, named)) }
    } catch (error) {
      if (!wasTooHeavy(error)) throw error
      return undefined
    }
  }

  async #readTip(): Promise<Tip> {
    const { branch, past } = this.#options
    const call = this.#call('readTip')
    const tip = tipOf(await this.#client.graphql(call, headQuery(branch, { tree: false, past })), this.#client.place)
    if (tip === undefined) throw this.#client.unreadable(call)
    return tip
  }

  #call(operation: string): GitHubCall {
    return { operation, purpose: 'read', signal: this.#options.signal }
  }
}
