import { ResponseError, type Tree } from '@saker/core'
import { applyChanges, openManifest, type Change, type OpenManifest } from '@saker/manifest'
import type { Edit } from './repository-host.ts'

/** A file and the changes wanted of it so far, by the place they change. */
interface EditedFile {
  readonly open: OpenManifest
  readonly changes: Map<string, Change>
}

/**
 * The files that a plan changes. Each is parsed once, however many responses want something of it; what several want of one
 * place is done once.
 */
export class EditedFiles {
  readonly #tree: Tree
  readonly #files = new Map<string, EditedFile>()

  constructor(tree: Tree) {
    this.#tree = tree
  }

  /** The file as the tree has it. Ends as `openManifest` does, and in `MANIFEST_MISSING` or `MANIFEST_NOT_TEXT`. */
  open(path: string): OpenManifest {
    return this.#fileAt(path).open
  }

  /** Wants a change of a file that was opened. */
  add(path: string, change: Change): void {
    this.#fileAt(path).changes.set(placeOf(change), change)
  }

  /** The file with these changes and no others. Ends in `MANIFEST_EDIT_UNSAFE`. */
  editWith(path: string, changes: readonly Change[]): Edit {
    const { open } = this.#fileAt(path)
    return {
      path,
      before: open.text,
      after: applyChanges(open, changes).text,
      mode: this.#tree.files.get(path)?.mode ?? '100644',
    }
  }

  /** Takes a change out again. */
  drop(path: string, change: Change): void {
    this.#fileAt(path).changes.delete(placeOf(change))
  }

  /** The paths of all files of which something is wanted. */
  changed(): readonly string[] {
    return [...this.#files].filter(([, { changes }]) => changes.size > 0).map(([path]) => path)
  }

  /** A file with all that is wanted of it. Ends in `MANIFEST_EDIT_UNSAFE`. */
  edit(path: string): Edit {
    return this.editWith(path, [...this.#fileAt(path).changes.values()])
  }

  #fileAt(path: string): EditedFile {
    const known = this.#files.get(path)
    if (known !== undefined) return known
    const file = this.#tree.files.get(path)
    if (file === undefined)
      throw new ResponseError('MANIFEST_MISSING', `${path} is not in the tree at ${this.#tree.sha}`)
    if (file.text === undefined) throw new ResponseError('MANIFEST_NOT_TEXT', `${path} is not text`)
    const edited = { open: openManifest(file.text, path), changes: new Map<string, Change>() }
    this.#files.set(path, edited)
    return edited
  }
}

/** Two responses that append different items to one list both have their way; of two that set one value the later has. */
function placeOf(change: Change): string {
  if (change.op === 'removeDocument') return JSON.stringify([change.documentIndex])
  const { documentIndex, steps } = change.at
  return JSON.stringify([documentIndex, steps, ...(change.op === 'append' ? [change.value] : [])])
}
