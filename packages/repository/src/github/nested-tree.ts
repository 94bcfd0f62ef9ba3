import { blobOid, type FileMode } from '@saker/core'
import { Pauses } from '../tree/pauses.ts'
import type { TreeEntry, TreeGate } from '../tree/tree-gate.ts'
import { listAt, recordOf, textAt, valueAt } from './github-answer.ts'

const FILE_MODES: Readonly<Record<string, FileMode>> = {
  '100644': '100644',
  // Written by very old Git versions; GitHub's API still lists it.
  '100664': '100644',
  '100755': '100755',
  '120000': '120000',
  '160000': '160000',
}

/** The mode of a file as GitHub's APIs write it; undefined for a folder and for what no file has. */
export function fileModeOf(written: string): FileMode | undefined {
  return FILE_MODES[written]
}

/** What GitHub said of one file's content. */
export type BlobReading =
  /** `undefined` is the answer for content that is not text. */
  | { readonly text: string | undefined }
  /** It has to be asked for: `here`, or from its very bytes because this way of asking cuts off or converts it. */
  | { readonly missing: 'here' | 'bytes' }

/** Reads a GraphQL `Blob`. A text counts only when it is the content's very bytes: decoding can lose some. */
export function readingOf(object: unknown, oid: string): BlobReading {
  const blob = recordOf(object)
  if (blob === undefined || !('text' in blob)) return { missing: 'here' }
  if (blob['isBinary'] === true) return { text: undefined }
  const { text } = blob
  const isWhole = typeof text === 'string' && blob['isTruncated'] !== true && blobOid(text, oid) === oid
  return isWhole ? { text } : { missing: 'bytes' }
}

/** A tree from one answer that holds it nested. */
export interface NestedTree {
  readonly entries: readonly TreeEntry[]
  readonly texts: Map<string, string | undefined>
  /** Ids of contents that have to be asked for by their bytes. */
  readonly inBytes: ReadonlySet<string>
  /** Whether every folder came with what is in it. */
  readonly isWhole: boolean
}

/** Takes a GraphQL `Tree` apart, entries through the gate. */
export async function nestedTree(tree: unknown, gate: TreeGate): Promise<NestedTree> {
  const walk = new TreeWalk(gate)
  await walk.folder(tree, '')
  return walk
}

class TreeWalk implements NestedTree {
  readonly entries: TreeEntry[] = []
  readonly texts = new Map<string, string | undefined>()
  readonly inBytes = new Set<string>()
  isWhole = true
  readonly #gate: TreeGate
  readonly #pauses = new Pauses()

  constructor(gate: TreeGate) {
    this.#gate = gate
  }

  async folder(folder: unknown, path: string): Promise<void> {
    const entries = listAt(folder, 'entries')
    if (entries === undefined) this.isWhole = false
    for (const entry of entries ?? []) {
      const name = textAt(entry, 'name')
      const oid = textAt(entry, 'oid')
      const mode = valueAt(entry, 'mode')
      if (name === undefined || oid === undefined || typeof mode !== 'number') {
        this.isWhole = false
        continue
      }
      await this.#entry({ path: path === '' ? name : `${path}/${name}`, oid, mode, object: valueAt(entry, 'object') })
      await this.#pauses.due()
    }
  }

  async #entry(entry: {
    readonly path: string
    readonly oid: string
    readonly mode: number
    readonly object: unknown
  }): Promise<void> {
    const { path, oid, object } = entry
    const written = entry.mode.toString(8).padStart(6, '0')
    if (written === '040000') {
      this.#gate.addFolder(path)
      return this.folder(object, path)
    }
    const mode = fileModeOf(written)
    if (mode === undefined) return undefined
    const size = valueAt(object, 'byteSize')
    const file = this.#gate.addFile({ path, mode, oid, bytes: typeof size === 'number' ? size : 0 })
    this.entries.push(file)
    if (!file.wanted || this.texts.has(oid)) return undefined
    const reading = readingOf(object, oid)
    if ('text' in reading) this.texts.set(oid, reading.text)
    else if (reading.missing === 'bytes') this.inBytes.add(oid)
    return undefined
  }
}
