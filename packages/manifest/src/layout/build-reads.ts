import { factsOf, type FileFacts } from './file-facts.ts'
import type { LayoutProblem } from './layout-model.ts'
import type { FileContent, RepositoryFiles } from './repository-files.ts'

/** Reads the files of one repository for one build, and remembers what it depended on. */
export class BuildReads {
  readonly repository: string
  /** Absent once the build is done, so that it keeps no tree alive. */
  #files: RepositoryFiles | undefined
  /** Files that were there. */
  readonly found = new Set<string>()
  /** Paths that were asked for and not there. */
  readonly missing = new Set<string>()
  /** Folders that were listed, with all below them. */
  readonly listed = new Set<string>()
  readonly problems: LayoutProblem[] = []

  constructor(repository: string, files: RepositoryFiles) {
    this.repository = repository
    this.#files = files
  }

  /** What lies at a path, as {@link RepositoryFiles.read}. */
  read(path: string): FileContent | undefined {
    const content = this.#files?.read(path)
    if (content === undefined) this.missing.add(path)
    else this.found.add(path)
    return content
  }

  /** What the text at a path declares. Undefined where nothing lies there. */
  facts(path: string): (FileFacts & { readonly text: string }) | undefined {
    const content = this.read(path)
    if (content === undefined) return undefined
    if ('fault' in content) return { objects: [], encrypted: false, stray: false, fault: content.fault, text: '' }
    return { ...factsOf(content.text), text: content.text }
  }

  isFolder(path: string): boolean {
    const isFolder = this.#files?.isFolder(path) === true
    if (!isFolder) this.missing.add(path)
    return isFolder
  }

  /** All paths below a folder. */
  list(folder: string): readonly string[] {
    this.listed.add(folder)
    return this.#files?.pathsUnder(folder) ?? []
  }

  /** Notes something that hides objects, or may. */
  report(code: LayoutProblem['code'], path: string, message: string): void {
    this.problems.push({ code, where: { repository: this.repository, path }, message })
  }

  /** Ends the reading; what was read stays known. */
  close(): void {
    this.#files = undefined
  }

  /** Whether a change of a file can change what was built. */
  dependsOn(path: string): boolean {
    if (this.found.has(path) || this.missing.has(path)) return true
    for (const folder of this.listed) if (folder === '' || path.startsWith(`${folder}/`)) return true
    // a file that comes to be may make a folder of what was missing
    for (const one of this.missing) if (path.startsWith(`${one}/`)) return true
    return false
  }
}
