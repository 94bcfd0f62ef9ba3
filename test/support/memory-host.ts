import { blobOid, ResponseError, type ErrorCode, type Tree } from '@saker/core'
import type {
  ChangeSet,
  Commit,
  FileAt,
  Head,
  HistoryOptions,
  HistoryPage,
  PastCommit,
  ReadOptions,
  RepositoryHost,
} from '@saker/engine'

/** A commit with everything that the tree holds at it. */
interface PastFiles extends PastCommit {
  files: Record<string, string>
}

/** A fault of a commit. */
interface CommitFault {
  readonly code: ErrorCode
  readonly landed?: boolean
  readonly late?: boolean
  readonly foreign?: Record<string, string>
}

/** A branch in memory. Faults are thrown, in order, by the next commits; `landed` ones throw after their effect. */
export class MemoryHost implements RepositoryHost {
  readonly history: PastFiles[]
  readonly reads: ReadOptions[] = []
  readonly faults: CommitFault[]
  readonly #idPrefix: string
  /** A commit that lands right before the next one. */
  #late: ChangeSet | undefined
  #seen: Tree | undefined
  /** When commits are made; milliseconds since 1970. */
  now = 0

  constructor(
    files: Record<string, string>,
    { idPrefix = 'sha', faults = [] }: { readonly idPrefix?: string; readonly faults?: CommitFault[] } = {},
  ) {
    this.faults = faults
    this.#idPrefix = idPrefix
    this.history = [{ sha: 'sha-0', message: 'first', at: 0, files }]
  }

  get tip(): PastFiles {
    return this.history.at(-1) ?? { sha: '', message: '', at: 0, files: {} }
  }

  /** Lands somebody else’s commit, and gives its id. */
  add(message: string, files: Record<string, string>): string {
    const sha = `${this.#idPrefix}-${this.history.length}`
    this.history.push({ sha, message, at: this.now, files: { ...this.tip.files, ...files } })
    return sha
  }

  async read(options: ReadOptions): Promise<Head> {
    this.reads.push(options)
    const past: PastCommit[] = this.history.toReversed().slice(0, options.past ?? 0)
    if (options.freshness === 'cached' && past.length === 0 && this.#seen !== undefined)
      return { tree: this.#seen, current: false, past }
    this.#seen = treeOf(this.tip)
    return { tree: this.#seen, current: true, past }
  }

  async commit(changeSet: ChangeSet): Promise<Commit> {
    const fault = this.faults.shift()
    if (this.#late !== undefined) this.#land(this.#late)
    this.#late = fault?.late === true ? changeSet : undefined
    if (fault?.foreign !== undefined) this.add('a foreign change', fault.foreign)
    if (fault !== undefined && fault.landed !== true && fault.foreign === undefined)
      throw new ResponseError(fault.code, 'as told')
    if (changeSet.baseSha !== this.tip.sha) throw new ResponseError('BRANCH_MOVED', 'the branch moved')
    const sha = this.#land(changeSet)
    if (fault?.landed === true) throw new ResponseError(fault.code, 'as told')
    this.#seen = treeOf(this.tip)
    return { sha }
  }

  #land({ message, edits }: ChangeSet): string {
    const written = edits.flatMap(({ path, after }) => (after === null ? [] : [[path, after] as const]))
    const sha = this.add(message, Object.fromEntries(written))
    for (const { path, after } of edits) if (after === null) delete this.tip.files[path]
    return sha
  }

  async readHistory({ from = this.tip.sha, after = '0', limit }: HistoryOptions): Promise<HistoryPage> {
    const newest = this.history.slice(0, this.history.findIndex(({ sha }) => sha === from) + 1).toReversed()
    const skip = Number(after)
    const commits = newest.slice(skip, skip + limit).map((one, index) => {
      const parent = newest[skip + index + 1]
      return { ...one, parents: parent === undefined ? [] : [parent.sha], author: 'A Person' }
    })
    return { commits, ...(newest.length > skip + limit ? { next: String(skip + limit) } : {}) }
  }

  async readTexts(files: readonly FileAt[]): Promise<readonly (string | undefined)[]> {
    return files.map(({ sha, path }) => this.history.find((one) => one.sha === sha)?.files[path])
  }

  async close(): Promise<void> {}
}

function treeOf({ sha, files }: { sha: string; files: Record<string, string> }): Tree {
  return {
    sha,
    files: new Map(
      Object.entries(files).map(([path, text]) => [path, { path, mode: '100644' as const, oid: blobOid(text), text }]),
    ),
  }
}
