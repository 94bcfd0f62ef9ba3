import { ResponseError, type TreeFile } from '@saker/core'
import { treeOid } from '../tree/tree-oid.ts'
import { filesOf, missingTexts, TreeGate, type KnownTexts, type TreeEntry } from '../tree/tree-gate.ts'
import type { GitHubClient } from './github-client.ts'
import { BlobReader, fitOneRequest } from './read-blobs.ts'
import { readListing } from './read-listing.ts'
import { readTarball } from './read-tarball.ts'
import type { Tip } from './tip.ts'

/** What to read, and what need not be asked for. */
export interface LargeTreeOptions {
  /** Files whose text is wanted whatever they are called. */
  readonly named: ReadonlySet<string>
  readonly known: KnownTexts
  readonly signal: AbortSignal
}

/**
 * Reads a tree that is too much for one query. With nothing known that is an archive, one request; when its files add up
 * to the commit's own tree id, nothing more is asked. Otherwise (submodules, `export-ignore`, `export-subst`) and after a
 * foreign commit it is a listing and then what is missing: by id when it fits one request, else from an archive.
 *
 * Everything is taken by the id of its content, so what an archive left out or changed shows as missing.
 */
export async function readLargeTree(
  client: GitHubClient,
  tip: Tip,
  options: LargeTreeOptions,
): Promise<ReadonlyMap<string, TreeFile>> {
  return new LargeTreeReader(client, tip, options).read()
}

class LargeTreeReader {
  readonly #client: GitHubClient
  readonly #tip: Tip
  readonly #options: LargeTreeOptions
  readonly #texts: Map<string, string | undefined>
  #archived = false

  constructor(client: GitHubClient, tip: Tip, options: LargeTreeOptions) {
    this.#client = client
    this.#tip = tip
    this.#options = options
    this.#texts = new Map(options.known)
  }

  async read(): Promise<ReadonlyMap<string, TreeFile>> {
    const proven = this.#options.known.size === 0 ? await this.#readArchive() : undefined
    if (proven !== undefined) return filesOf(proven, this.#texts)
    const { signal } = this.#options
    const listed = await readListing(this.#client, this.#tip, { gate: this.#gate(), signal })
    const entries = listed ?? (await this.#readArchive())
    if (entries === undefined) {
      const message = `${this.#client.place} holds more than GitHub lists in one answer`
      throw new ResponseError('TREE_TOO_LARGE', message)
    }
    if (!fitOneRequest(missingTexts(entries, this.#texts))) await this.#readArchive()
    const blobs = new BlobReader(this.#client, this.#tip.nameWithOwner, signal)
    await blobs.read(missingTexts(entries, this.#texts), this.#texts)
    return filesOf(entries, this.#texts)
  }

  /** Gives the entries only when they are the commit's, all of them; their texts count either way. */
  async #readArchive(): Promise<readonly TreeEntry[] | undefined> {
    if (this.#archived) return undefined
    this.#archived = true
    const { signal } = this.#options
    const archive = await readTarball(this.#client, this.#tip, { gate: this.#gate(), known: this.#texts, signal })
    if (archive === undefined) return undefined
    for (const [oid, text] of archive.texts) this.#texts.set(oid, text)
    const { treeSha } = this.#tip
    return (await treeOid(archive.entries, treeSha)) === treeSha ? archive.entries : undefined
  }

  #gate(): TreeGate {
    return new TreeGate(this.#client.place, this.#options.named)
  }
}
