import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { blobOid, ResponseError, textOfBytes, type FileMode } from '@saker/core'
import { extract, type Entry, type Headers } from 'tar-stream'
import type { KnownTexts, TreeEntry, TreeGate } from '../tree/tree-gate.ts'
import type { GitHubClient } from './github-client.ts'
import type { GitHubCall } from './github-exchange.ts'
import { repositoryPath } from './repository-path.ts'
import type { Tip } from './tip.ts'

/** Unpacked. Far more than manifests; a repository that holds more beside them is not read as an archive. */
const MAX_BYTES = 300_000_000
const CHUNK_BYTES = 65_536

/** What an archive of a commit holds. */
export interface Tarball {
  /** Not all of the commit's where `.gitattributes` leaves files out, and without submodules. */
  readonly entries: readonly TreeEntry[]
  /** By the ids of the contents that came, which are not the commit's where `.gitattributes` changes them. */
  readonly texts: KnownTexts
}

/**
 * Reads the tip as an archive, unpacked in memory as it comes: one request, which GitHub answers by leading on to its
 * download server. Undefined when the archive cannot be had, or holds too much beside manifests.
 *
 * @see https://docs.github.com/en/rest/repos/contents#download-a-repository-archive-tar
 */
export async function readTarball(
  client: GitHubClient,
  { nameWithOwner, sha, treeSha }: Tip,
  { gate, known, signal }: { readonly gate: TreeGate; readonly known: KnownTexts; readonly signal: AbortSignal },
): Promise<Tarball | undefined> {
  const call: GitHubCall = { operation: 'getTarball', purpose: 'read', signal }
  const route = `GET ${repositoryPath(nameWithOwner)}/tarball/${sha}`
  try {
    return await client.stream(call, {
      route,
      consume: (body) => unpackTarball(body, { gate, known, like: treeSha }),
    })
  } catch (error) {
    if (signal.aborted || !(error instanceof ResponseError) || !UNAVAILABLE.has(error.code)) throw error
    return undefined
  }
}

/** What does not keep the API from answering: the download server is another one, and may be out of reach. */
const UNAVAILABLE = new Set(['REPOSITORY_UNAVAILABLE', 'REPOSITORY_NOT_FOUND', 'CREDENTIAL_FORBIDDEN'])

/** How an archive is unpacked. */
export interface UnpackOptions {
  readonly gate: TreeGate
  /** Texts that need not be decoded again. */
  readonly known: KnownTexts
  /** An object id of the same repository. */
  readonly like: string
  /** Unpacked. */
  readonly maxBytes?: number
}

/** Unpacks a `.tar.gz` with one folder around everything. Undefined when it holds more than is worth unpacking. */
export async function unpackTarball(
  body: AsyncIterable<Uint8Array>,
  { gate, known, like, maxBytes = MAX_BYTES }: UnpackOptions,
): Promise<Tarball | undefined> {
  const source = Readable.from(body)
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
  const archive = extract()
  const unpacking = new Unpacking(gate, known, like)
  let bytes = 0
  source.on('error', (error) => gunzip.destroy(error)).pipe(gunzip)
  gunzip
    .on('error', (error) => archive.destroy(error))
    .on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > maxBytes) archive.destroy(new TooMuch())
    })
  gunzip.pipe(archive)
  try {
    for await (const entry of archive) await unpacking.add(entry)
    return unpacking
  } catch (error) {
    if (error instanceof TooMuch) return undefined
    throw error
  } finally {
    gunzip.destroy()
    source.destroy()
  }
}

class TooMuch extends Error {}

class Unpacking implements Tarball {
  readonly entries: TreeEntry[] = []
  readonly texts = new Map<string, string | undefined>()
  readonly #gate: TreeGate
  readonly #known: KnownTexts
  readonly #like: string

  constructor(gate: TreeGate, known: KnownTexts, like: string) {
    this.#gate = gate
    this.#known = known
    this.#like = like
  }

  async add(entry: Entry): Promise<void> {
    const { header } = entry
    const path = header.name.replace(/^[^/]*\/?/u, '').replace(/\/$/u, '')
    if (header.type === 'directory') {
      if (path !== '') this.#gate.addFolder(path)
    } else if (header.type === 'symlink') {
      const oid = blobOid(header.linkname ?? '', this.#like)
      this.entries.push(this.#gate.addFile({ path, mode: '120000', oid, bytes: 0 }))
    } else if (header.type === 'file') return this.#addFile(entry, path)
    entry.resume()
    return undefined
  }

  async #addFile(entry: Entry, path: string): Promise<void> {
    const { header } = entry
    const bytes = header.size ?? 0
    const file = { path, mode: fileMode(header), oid: '', bytes }
    const { wanted } = this.#gate.addFile(file)
    const hash = createHash(this.#like.length === 64 ? 'sha256' : 'sha1').update(`blob ${bytes}\0`)
    const chunks: Uint8Array[] = []
    for await (const chunk of entry as AsyncIterable<Uint8Array>) {
      hash.update(chunk)
      if (wanted) chunks.push(chunk)
    }
    const oid = hash.digest('hex')
    this.entries.push({ ...file, oid, wanted })
    if (!wanted || this.texts.has(oid)) return
    this.texts.set(oid, this.#known.has(oid) ? this.#known.get(oid) : textOfBytes(Buffer.concat(chunks)))
  }
}

function fileMode({ mode = 0 }: Headers): FileMode {
  return (mode & 0o100) === 0 ? '100644' : '100755'
}
