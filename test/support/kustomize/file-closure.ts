import { posix } from 'node:path'
import { parse } from 'yaml'
import {
  foldersOf,
  isKustomizationFile,
  kustomizationIn,
  pathFrom,
  textOf,
  type RepositoryFiles,
} from './repository-files.ts'

/**
 * The files that a build of a folder can read: every string of a kustomization that is the path of something is taken for
 * a reference to it, and so on from there. Rather too many than too few; a file that is missing makes the build fail.
 */
export function closureOf(files: RepositoryFiles, folder: string): ReadonlySet<string> {
  const kustomization = kustomizationIn(files, folder)
  const closure = new Closure(files)
  if (kustomization === undefined) closure.addFolder(folder)
  else closure.addKustomization(kustomization)
  return closure.paths
}

/** The paths that one kustomization file names, itself left out: files, and folders. */
function namedIn(files: RepositoryFiles, kustomization: string): readonly string[] {
  const folders = foldersOf(files)
  const folder = posix.dirname(kustomization) === '.' ? '' : posix.dirname(kustomization)
  return stringsIn(parsed(textOf(files.get(kustomization)) ?? '')).flatMap((text) => {
    if (text.length > 300 || text.includes('\n')) return []
    return [text, text.slice(text.indexOf('=') + 1)].flatMap((written) => {
      const path = written === '' ? undefined : pathFrom(folder, written)
      return path !== undefined && path !== folder && (files.has(path) || folders.has(path)) ? [path] : []
    })
  })
}

class Closure {
  readonly paths = new Set<string>()
  readonly #files: RepositoryFiles

  constructor(files: RepositoryFiles) {
    this.#files = files
  }

  addKustomization(path: string): void {
    if (this.paths.has(path)) return
    this.paths.add(path)
    for (const named of namedIn(this.#files, path)) {
      if (this.#files.has(named)) this.addFile(named)
      else this.#addNamedFolder(named)
    }
  }

  addFile(path: string): void {
    const file = this.#files.get(path)
    if (file === undefined || this.paths.has(path)) return
    this.paths.add(path)
    if (file.mode !== '120000') return
    const target = pathFrom(posix.dirname(path), file.content.toString())
    if (target === undefined) return
    if (this.#files.has(target)) this.addFile(target)
    else this.#addNamedFolder(target)
  }

  /** A folder without a kustomization: all that is in it, and what the kustomizations further down name. */
  addFolder(folder: string): void {
    for (const name of foldersOf(this.#files).get(folder) ?? []) {
      const path = posix.join(folder, name)
      if (!this.#files.has(path)) this.#addNamedFolder(path)
      else if (isKustomizationFile(path)) this.addKustomization(path)
      else this.addFile(path)
    }
  }

  #addNamedFolder(folder: string): void {
    const kustomization = kustomizationIn(this.#files, folder)
    if (kustomization === undefined) this.addFolder(folder)
    else this.addKustomization(kustomization)
  }
}

const parses = new Map<string, unknown>()

function parsed(text: string): unknown {
  if (!parses.has(text)) parses.set(text, parseOrNothing(text))
  return parses.get(text)
}

function parseOrNothing(text: string): unknown {
  try {
    return parse(text, { logLevel: 'silent' }) as unknown
  } catch {
    return undefined
  }
}

function stringsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : []
}
