import type { ErrorCode, Tree, TreeFile } from '@saker/core'

/** What a path of a repository holds. */
export type FileContent =
  | { readonly text: string }
  | { readonly fault: { readonly code: ErrorCode; readonly message: string } }

/** The files of a repository at one commit, perhaps after edits. Immutable. */
export class RepositoryFiles {
  readonly #base: ReadonlyMap<string, TreeFile>
  /** Texts that differ from the base; null for deleted files. */
  readonly #edits: ReadonlyMap<string, string | null>
  #sorted: readonly string[] | undefined

  private constructor(base: ReadonlyMap<string, TreeFile>, edits: ReadonlyMap<string, string | null>) {
    this.#base = base
    this.#edits = edits
  }

  /** The files of a tree; remembered per tree. */
  static of(tree: Tree): RepositoryFiles {
    const known = ofTrees.get(tree) ?? new RepositoryFiles(tree.files, new Map())
    ofTrees.set(tree, known)
    return known
  }

  /** The same files after edits. */
  with(edits: ReadonlyMap<string, string | null>): RepositoryFiles {
    const after = new RepositoryFiles(this.#base, new Map([...this.#edits, ...edits]))
    const sameNames = [...edits].every(([path, text]) => text !== null && this.#has(path))
    if (sameNames) after.#sorted = this.#sorted
    return after
  }

  #has(path: string): boolean {
    const edited = this.#edits.get(path)
    return edited === undefined ? this.#base.has(path) : edited !== null
  }

  /** All paths, sorted by code units, so that what lies in one folder lies together. */
  get paths(): readonly string[] {
    if (this.#sorted === undefined) {
      const added = [...this.#edits.keys()].filter((path) => !this.#base.has(path))
      this.#sorted = [...this.#base.keys(), ...added].filter((path) => this.#has(path)).toSorted(byCodeUnits)
    }
    return this.#sorted
  }

  /** Paths at which other files hold something else, with what they hold as far as it is text. */
  differencesFrom(other: RepositoryFiles | undefined): ReadonlyMap<string, string | null> {
    const differences = new Map<string, string | null>()
    const now = other ?? new RepositoryFiles(new Map(), new Map())
    for (const path of this.paths)
      if (!isSame(this.read(path), now.read(path))) differences.set(path, now.textOf(path) ?? null)
    for (const path of now.paths) if (!this.#has(path)) differences.set(path, now.textOf(path) ?? null)
    return differences
  }

  /** What lies at a path. Undefined where nothing does; a fault for what is no readable text. */
  read(path: string): FileContent | undefined {
    const edited = this.#edits.get(path)
    if (edited === null) return undefined
    if (edited !== undefined) return { text: edited }
    const file = this.#base.get(path)
    if (file === undefined) return this.#behindLink(path)
    if (isLink(file)) return { fault: NOT_A_FILE }
    return file.text === undefined ? { fault: NOT_TEXT } : { text: file.text }
  }

  /** The text at a path, where there is one. */
  textOf(path: string): string | undefined {
    const content = this.read(path)
    return content !== undefined && 'text' in content ? content.text : undefined
  }

  /** Whether anything lies below a folder; `''` is the root. */
  isFolder(path: string): boolean {
    if (path === '') return true
    return this.paths[lowerBound(this.paths, `${path}/`)]?.startsWith(`${path}/`) === true
  }

  /** All paths below a folder, sorted. */
  pathsUnder(folder: string): readonly string[] {
    if (folder === '') return this.paths
    const prefix = `${folder}/`
    const from = lowerBound(this.paths, prefix)
    // '0' follows '/' among the code units
    return this.paths.slice(from, lowerBound(this.paths, `${folder}0`))
  }

  /** A link or submodule somewhere above hides what lies below it. */
  #behindLink(path: string): FileContent | undefined {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const above = this.#base.get(path.slice(0, end))
      if (above !== undefined && isLink(above)) return { fault: NOT_A_FILE }
    }
    return undefined
  }
}

function isSame(one: FileContent | undefined, other: FileContent | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  if ('text' in one) return 'text' in other && one.text === other.text
  return 'fault' in other && one.fault.message === other.fault.message
}

const ofTrees = new WeakMap<Tree, RepositoryFiles>()

const NOT_A_FILE = { code: 'MANIFEST_NOT_A_FILE', message: 'is a symbolic link or a submodule' } as const
const NOT_TEXT = { code: 'MANIFEST_NOT_TEXT', message: 'is not text, or too large' } as const

function isLink({ mode }: TreeFile): boolean {
  return mode === '120000' || mode === '160000'
}

function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function lowerBound(sorted: readonly string[], wanted: string): number {
  let from = 0
  let to = sorted.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((sorted[middle] ?? '') < wanted) from = middle + 1
    else to = middle
  }
  return from
}

/** Folder of a path; `''` for what lies in the root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** A path below a folder. */
export function pathIn(folder: string, path: string): string {
  return folder === '' ? path : `${folder}/${path}`
}

/**
 * A relative path from a folder, without `.` and `..`. Undefined where it is absolute or leads out of the repository.
 */
export function resolvePath(folder: string, relative: string): string | undefined {
  if (relative.startsWith('/') || relative.includes('\0')) return undefined
  const steps = folder === '' ? [] : folder.split('/')
  for (const step of relative.split('/')) {
    if (step === '' || step === '.') continue
    if (step !== '..') steps.push(step)
    else if (steps.pop() === undefined) return undefined
  }
  return steps.join('/')
}
