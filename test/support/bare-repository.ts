import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FileMode } from '@saker/core'
import { execa } from 'execa'

/** Content of a file in a test repository; a plain string is a file of mode 100644. `null` removes the file. */
export type FileContent =
  | string
  | Uint8Array
  | { readonly content: string | Uint8Array; readonly mode: FileMode }
  | null

const IDENTITY = {
  GIT_AUTHOR_NAME: 'A Person',
  GIT_AUTHOR_EMAIL: 'person@example.test',
  GIT_COMMITTER_NAME: 'A Person',
  GIT_COMMITTER_EMAIL: 'person@example.test',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
}

/** A real bare repository in a folder of its own, written with Git's plumbing so that every byte and mode is as given. */
export class BareRepository {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /** Without files the repository is empty: it has no branch at all. */
  static async create(files: Readonly<Record<string, FileContent>> = {}, branch = 'main'): Promise<BareRepository> {
    const repository = new BareRepository(await mkdtemp(join(tmpdir(), 'saker-origin-')))
    await repository.git(['init', '--quiet', '--bare', `--initial-branch=${branch}`])
    // Hosts fetch single objects by id and filter blobs; a plain bare repository has to be told to allow it.
    const allowed = '[uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n'
    await appendFile(join(repository.path, 'config'), allowed)
    if (Object.keys(files).length > 0) await repository.commit(files, 'first commit', branch)
    return repository
  }

  /** Runs git in the repository and gives its standard output as it is. */
  async git(args: readonly string[], input?: string | Uint8Array): Promise<string> {
    const options = { cwd: this.path, env: IDENTITY, stripFinalNewline: false }
    const result = await execa('git', args, input === undefined ? options : { ...options, input })
    return result.stdout
  }

  /** Commits changes on top of a branch, as somebody else would, and gives the new commit's id. */
  async commit(
    files: Readonly<Record<string, FileContent>>,
    message = 'a foreign change',
    branch = 'main',
  ): Promise<string> {
    const parent = await this.head(branch)
    const index = join(this.path, `index-${Math.random().toString(36).slice(2)}`)
    const env = { ...IDENTITY, GIT_INDEX_FILE: index }
    const git = async (args: readonly string[], input?: string | Uint8Array): Promise<string> =>
      (await execa('git', args, { cwd: this.path, env, ...(input === undefined ? {} : { input }) })).stdout
    const entries = Object.entries(files).map(async ([path, file]) => {
      if (file === null) return `0 ${'0'.repeat(40)}\t${path}\0`
      const { content, mode } =
        typeof file === 'string' || file instanceof Uint8Array ? { content: file, mode: '100644' } : file
      const oid = mode === '160000' ? String(content) : await git(['hash-object', '-w', '--stdin'], content)
      return `${mode} ${oid}\t${path}\0`
    })
    const [lines] = await Promise.all([Promise.all(entries), parent === undefined ? '' : git(['read-tree', parent])])
    await git(['update-index', '-z', '--index-info'], lines.join(''))
    const tree = await git(['write-tree'])
    const sha = await git(['commit-tree', tree, ...(parent === undefined ? [] : ['-p', parent]), '-m', message])
    await git(['update-ref', `refs/heads/${branch}`, sha, ...(parent === undefined ? [] : [parent])])
    await rm(index, { force: true })
    return sha
  }

  /** The commit a branch points to, or undefined when there is no such branch. */
  async head(branch = 'main'): Promise<string | undefined> {
    const result = await execa('git', ['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`], {
      cwd: this.path,
      reject: false,
    })
    return result.exitCode === 0 ? result.stdout : undefined
  }

  /** The bytes of a file at a revision, as a string of bytes would not survive: read it as a buffer when that matters. */
  async read(path: string, revision = 'main'): Promise<string> {
    return this.git(['show', `${revision}:${path}`])
  }

  /** Ids of all commits of a branch, newest first. */
  async log(branch = 'main'): Promise<readonly string[]> {
    return (await this.git(['rev-list', branch])).trim().split('\n')
  }

  /** The whole message of a commit. */
  async message(revision = 'main'): Promise<string> {
    return this.git(['log', '-1', '--format=%B', revision])
  }

  /** The mode of a file at a revision. */
  async mode(path: string, revision = 'main'): Promise<string | undefined> {
    return (await this.git(['ls-tree', revision, '--', path])).split(' ')[0] || undefined
  }

  /** Removes the folder. */
  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true })
  }
}
