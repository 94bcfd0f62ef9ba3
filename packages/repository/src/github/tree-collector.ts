import { blobOid, isManifestPath, ResponseError, TREE_LIMITS, type FileMode, type TreeFile } from '@saker/core'
import { listAt, recordOf, textAt, valueAt } from './github-answer.ts'

const FILE_MODES: Readonly<Record<string, FileMode>> = {
  '100644': '100644',
  // Written by very old Git versions; GitHub's API still lists it.
  '100664': '100644',
  '100755': '100755',
  '120000': '120000',
  '160000': '160000',
}

/** A path in the tree whose content did not come along. */
export interface MissingContent {
  readonly path: string
  readonly oid: string
  readonly bytes: number
}

/**
 * Gathers the files of one commit from answers that hold them nested, and remembers what is still to be fetched: folders
 * below the reach of a query, texts that were left out, and files whose text did not arrive as its very bytes.
 */
export class TreeCollector {
  readonly files = new Map<string, TreeFile>()
  readonly #roots: ReadonlySet<string>
  readonly #place: string
  readonly #folders = new Map<string, MissingContent>()
  readonly #texts = new Map<string, MissingContent>()
  readonly #blobs = new Map<string, MissingContent>()
  #entries = 0
  #textBytes = 0

  /** `roots` that are files keep their text whatever they are called. */
  constructor(roots: readonly string[], place: string) {
    this.#roots = new Set(roots)
    this.#place = place
  }

  /** Takes a Git object's entries, all of them at once, below a folder. False when the object is no such folder. */
  addEntries(folder: unknown, path: string): boolean {
    const entries = listAt(folder, 'entries')
    for (const entry of entries ?? []) {
      const name = textAt(entry, 'name')
      if (name !== undefined) this.addEntry(entry, path === '' ? name : `${path}/${name}`)
    }
    return entries !== undefined
  }

  /** Takes one tree entry, with whatever is nested in it. */
  addEntry(entry: unknown, path: string): void {
    const oid = textAt(entry, 'oid')
    const written = valueAt(entry, 'mode')
    if (oid === undefined || typeof written !== 'number') return
    this.#entries += 1
    if (this.#entries > TREE_LIMITS.entries) throw this.#tooLarge(`more than ${TREE_LIMITS.entries} files and folders`)
    const mode = written.toString(8).padStart(6, '0')
    const object = valueAt(entry, 'object')
    if (mode === '040000') {
      if (!this.addEntries(object, path)) this.#folders.set(path, { path, oid, bytes: 0 })
      return
    }
    const fileMode = FILE_MODES[mode]
    if (fileMode === undefined) return
    this.files.set(path, { path, mode: fileMode, oid })
    if (this.#isWanted(path, fileMode)) this.addBlob(object, path)
  }

  /** Takes the answer about a file that is in the tree already. */
  addBlob(object: unknown, path: string): void {
    const file = this.files.get(path)
    if (file === undefined) return
    const blob = recordOf(object)
    const bytes = typeof blob?.['byteSize'] === 'number' ? blob['byteSize'] : 0
    const missing = { path, oid: file.oid, bytes }
    this.#texts.delete(path)
    if (blob?.['isBinary'] === true || bytes > TREE_LIMITS.fileBytes) return
    if (blob === undefined || !('text' in blob)) {
      // Asked twice in vain, the file is fetched by itself.
      ;(blob === undefined ? this.#blobs : this.#texts).set(path, missing)
      return
    }
    const { text } = blob
    if (typeof text !== 'string' || blob['isTruncated'] === true || !this.addText(path, text)) {
      this.#blobs.set(path, missing)
    }
  }

  /** Takes a file's text, unless it is not the file's very bytes: GitHub's decoding can lose some. */
  addText(path: string, text: string): boolean {
    const file = this.files.get(path)
    if (file === undefined || blobOid(text, file.oid) !== file.oid) return false
    this.#textBytes += text.length
    if (this.#textBytes > TREE_LIMITS.manifestBytes)
      throw this.#tooLarge(`more than ${TREE_LIMITS.manifestBytes / 1e6} MB of manifests`)
    this.files.set(path, { ...file, text })
    return true
  }

  /** Folders still to be listed, at most `limit`. They count as fetched from now on. */
  takeFolders(limit: number): readonly MissingContent[] {
    return take(this.#folders, limit, Infinity)
  }

  /** Files still to be fetched several at once, at most `limit` of them and about `bytes` of text. */
  takeTexts(limit: number, bytes: number): readonly MissingContent[] {
    return take(this.#texts, limit, bytes)
  }

  /** Files still to be fetched one by one, at most `limit`. */
  takeBlobs(limit: number): readonly MissingContent[] {
    return take(this.#blobs, limit, Infinity)
  }

  #isWanted(path: string, mode: FileMode): boolean {
    if (mode !== '100644' && mode !== '100755') return false
    return isManifestPath(path) || /(?:^|\/)Kustomization$/u.test(path) || this.#roots.has(path)
  }

  #tooLarge(what: string): ResponseError {
    return new ResponseError('TREE_TOO_LARGE', `${this.#place} holds ${what} under the configured paths`)
  }
}

function take(from: Map<string, MissingContent>, limit: number, bytes: number): readonly MissingContent[] {
  const taken: MissingContent[] = []
  let sum = 0
  for (const missing of from.values()) {
    if (taken.length >= limit || (taken.length > 0 && sum + missing.bytes > bytes)) break
    taken.push(missing)
    sum += missing.bytes
  }
  for (const { path } of taken) from.delete(path)
  return taken
}
