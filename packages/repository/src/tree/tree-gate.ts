import { hasWantedText, isTreePath, ResponseError, TREE_LIMITS, type FileMode, type TreeFile } from '@saker/core'

/** An entry of a commit that is not a folder, as a listing names it. */
export interface ListedFile {
  readonly path: string
  readonly mode: FileMode
  readonly oid: string
  /** Of its content; 0 where a listing does not say. */
  readonly bytes: number
}

/** An entry of a commit, and whether its text is to be read. */
export interface TreeEntry extends ListedFile {
  readonly wanted: boolean
}

/** Texts by object id; undefined for content that is not text, so that it is not read again. */
export type KnownTexts = ReadonlyMap<string, string | undefined>

/**
 * Lets the entries of one commit pass, one by one, from whichever source they come. Ends in `TREE_TOO_LARGE` above
 * `TREE_LIMITS` as soon as that is known, and in `TREE_INVALID` at a path that Git would not check out. A single file
 * above its limit passes without a text.
 */
export class TreeGate {
  readonly #place: string
  readonly #named: ReadonlySet<string>
  #entries = 0
  #bytes = 0

  /** `named` are the files whose text is wanted whatever they are called. */
  constructor(place: string, named: ReadonlySet<string>) {
    this.#place = place
    this.#named = named
  }

  addFolder(path: string): void {
    this.#add(path)
  }

  addFile(file: ListedFile): TreeEntry {
    this.#add(file.path)
    const wanted = file.bytes <= TREE_LIMITS.fileBytes && hasWantedText(file, this.#named)
    if (wanted) this.#bytes += file.bytes
    if (this.#bytes > TREE_LIMITS.manifestBytes) {
      throw this.#tooLarge(`more than ${TREE_LIMITS.manifestBytes / 1e6} MB of manifests`)
    }
    return { ...file, wanted }
  }

  #add(path: string): void {
    this.#entries += 1
    if (this.#entries > TREE_LIMITS.entries) throw this.#tooLarge(`more than ${TREE_LIMITS.entries} files and folders`)
    if (path.length > TREE_LIMITS.pathLength || !isTreePath(path)) {
      const message = `${this.#place} holds a path that Git would not check out: ${JSON.stringify(path.slice(0, 200))}`
      throw new ResponseError('TREE_INVALID', message)
    }
  }

  #tooLarge(what: string): ResponseError {
    return new ResponseError('TREE_TOO_LARGE', `${this.#place} holds ${what}`)
  }
}

/** The wanted entries whose text is not known, each content once. */
export function missingTexts(entries: readonly TreeEntry[], texts: KnownTexts): readonly TreeEntry[] {
  const missing = new Map<string, TreeEntry>()
  for (const entry of entries) if (entry.wanted && !texts.has(entry.oid)) missing.set(entry.oid, entry)
  return [...missing.values()]
}

/** The files of a tree, with the texts that belong to them. */
export function filesOf(entries: readonly TreeEntry[], texts: KnownTexts): ReadonlyMap<string, TreeFile> {
  const files = new Map<string, TreeFile>()
  for (const { path, mode, oid, wanted } of entries) {
    const text = wanted ? texts.get(oid) : undefined
    files.set(path, { path, mode, oid, ...(text === undefined ? {} : { text }) })
  }
  return files
}

/** What is known of contents from a tree that was read before. */
export function textsOf(files: ReadonlyMap<string, TreeFile>, named: ReadonlySet<string>): KnownTexts {
  const texts = new Map<string, string | undefined>()
  for (const file of files.values()) {
    if (file.text !== undefined || (hasWantedText(file, named) && !texts.has(file.oid))) texts.set(file.oid, file.text)
  }
  return texts
}
