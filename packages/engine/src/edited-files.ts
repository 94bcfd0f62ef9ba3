import { ResponseError, type Tree } from '@saker/core'
import { applyChanges, openManifest, type OpenManifest, type ScalarChange } from '@saker/manifest'
import type { Edit } from './repository-host.ts'

/** A file and the changes wanted of it so far, by the place they change. */
interface EditedFile {
  readonly open: OpenManifest
  readonly changes: Map<string, ScalarChange>
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
  add(path: string, change: ScalarChange): void {
    this.#fileAt(path).changes.set(placeOf(change), change)
  }

  /** The file with these changes and no others. Ends in `MANIFEST_EDIT_UNSAFE`. */
  editWith(path: string, changes: readonly ScalarChange[]): Edit {
    const { open } = this.#fileAt(path)
    return {
      path,
      before: open.text,
      after: applyChanges(open, changes),
      mode: this.#tree.files.get(path)?.mode ?? '100644',
    }
  }

  /** Takes a change out again. */
  drop(path: string, change: ScalarChange): void {
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
    const edited = { open: openManifest(file.text, path), changes: new Map<string, ScalarChange>() }
    this.#files.set(path, edited)
    return edited
  }
}

function placeOf({ target: { documentIndex, keys } }: ScalarChange): string {
  return JSON.stringify([documentIndex, keys])
}
