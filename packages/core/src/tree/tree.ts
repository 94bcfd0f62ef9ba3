/** The modes of entries in a Git tree: file, executable file, symbolic link, submodule. */
export type FileMode = '100644' | '100755' | '120000' | '160000'

/** One entry of a tree that is not a folder. */
export interface TreeFile {
  /** From the repository's root, with forward slashes. */
  readonly path: string
  readonly mode: FileMode
  /** Git's object id of the content. */
  readonly oid: string
  /**
   * The content as text, a byte order mark and line ends included. Absent when it is not text, too large to be a
   * manifest, or no such file as `hasWantedText` names.
   */
  readonly text?: string
}

/** An immutable snapshot of a repository at one commit, with all of its entries that are not folders. */
export interface Tree {
  /** Full id of the commit. */
  readonly sha: string
  readonly files: ReadonlyMap<string, TreeFile>
}
