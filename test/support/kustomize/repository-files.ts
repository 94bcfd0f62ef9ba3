import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join, posix } from 'node:path'
import { blobOid, type FileMode, type Tree, type TreeFile } from '@saker/core'

/** One file of a repository; of a symbolic link the content is where it leads to. */
export interface RepositoryFile {
  readonly mode: FileMode
  readonly content: Buffer
}

/** The files of a repository at one moment, by path from its root. */
export type RepositoryFiles = ReadonlyMap<string, RepositoryFile>

const MAX_MANIFEST_BYTES = 2_000_000

/** Reads a folder as Git would add it, `.git` left out. */
export function readRepositoryFiles(folder: string): RepositoryFiles {
  const files = new Map<string, RepositoryFile>()
  const walk = (path: string): void => {
    for (const name of readdirSync(join(folder, path)).toSorted()) {
      if (name === '.git') continue
      const below = posix.join(path, name)
      const full = join(folder, below)
      const stat = lstatSync(full)
      if (stat.isDirectory()) walk(below)
      else if (stat.isSymbolicLink()) files.set(below, { mode: '120000', content: Buffer.from(readlinkSync(full)) })
      else files.set(below, { mode: (stat.mode & 0o100) > 0 ? '100755' : '100644', content: readFileSync(full) })
    }
  }
  walk('')
  return files
}

/** The files after some were written anew or, where the text is null, deleted. A mode that is there stays. */
export function withTexts(files: RepositoryFiles, texts: ReadonlyMap<string, string | null>): RepositoryFiles {
  const after = new Map(files)
  for (const [path, text] of texts) {
    if (text === null) after.delete(path)
    else after.set(path, { mode: files.get(path)?.mode ?? '100644', content: Buffer.from(text) })
  }
  return after
}

/** The text of a file; undefined where there is none, or it is no text. */
export function textOf(file: RepositoryFile | undefined): string | undefined {
  if (file === undefined || file.mode === '160000' || file.content.length > MAX_MANIFEST_BYTES) return undefined
  const text = file.content.toString('utf8')
  return Buffer.from(text).equals(file.content) && !text.includes('\0') ? text : undefined
}

const trees = new WeakMap<RepositoryFiles, Tree>()

/** The files as the tree that plans are made on. */
export function treeOf(files: RepositoryFiles, submodules: readonly string[] = []): Tree {
  const known = trees.get(files)
  if (known !== undefined) return known
  const entries = [...files].map(([path, file]): [string, TreeFile] => {
    const text = textOf(file)
    const oid = text === undefined ? '0'.repeat(40) : blobOid(text)
    return [path, { path, mode: file.mode, oid, ...(text === undefined ? {} : { text }) }]
  })
  const links = submodules.map((path): [string, TreeFile] => [path, { path, mode: '160000', oid: '1'.repeat(40) }])
  const tree = { sha: '0'.repeat(40), files: new Map([...entries, ...links]) }
  trees.set(files, tree)
  return tree
}

const folders = new WeakMap<RepositoryFiles, ReadonlyMap<string, readonly string[]>>()

/** Every folder of the files, with the names directly in it (of files and of folders). */
export function foldersOf(files: RepositoryFiles): ReadonlyMap<string, readonly string[]> {
  const known = folders.get(files)
  if (known !== undefined) return known
  const found = new Map<string, Set<string>>([['', new Set()]])
  for (const path of files.keys()) {
    const parts = path.split('/')
    for (let depth = 0; depth < parts.length; depth += 1) {
      const folder = parts.slice(0, depth).join('/')
      const names = found.get(folder) ?? new Set()
      found.set(folder, names.add(parts[depth] ?? ''))
    }
  }
  const sorted = new Map([...found].map(([folder, names]) => [folder, [...names].toSorted()] as const))
  folders.set(files, sorted)
  return sorted
}

const KUSTOMIZATION_NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']

/** The path of a folder's own kustomization file; undefined where it has none. */
export function kustomizationIn(files: RepositoryFiles, folder: string): string | undefined {
  return KUSTOMIZATION_NAMES.map((name) => posix.join(folder, name)).find((path) => files.has(path))
}

/** Whether a path is that of a kustomization file. */
export function isKustomizationFile(path: string): boolean {
  return KUSTOMIZATION_NAMES.includes(posix.basename(path))
}

/** A path as written in a manifest (`./a/`, `../b`), seen from a folder; '' is the root, undefined is outside of it. */
export function pathFrom(folder: string, written: string): string | undefined {
  const path = posix
    .normalize(posix.join('/', folder, written))
    .slice(1)
    .replace(/\/$/u, '')
  const climbs = posix.normalize(posix.join(folder === '' ? '.' : folder, written)).startsWith('..')
  return climbs ? undefined : path
}
