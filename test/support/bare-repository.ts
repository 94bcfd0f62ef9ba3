import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
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

type Files = Readonly<Record<string, FileContent>>

const IDENTITY = {
  GIT_AUTHOR_NAME: 'A Person',
  GIT_AUTHOR_EMAIL: 'person@example.test',
  GIT_COMMITTER_NAME: 'A Person',
  GIT_COMMITTER_EMAIL: 'person@example.test',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
}

/** Hosts fetch single objects by id and filter blobs; a plain bare repository has to be told to allow it. */
const CONFIG = `[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
`

/** A real bare repository in a folder of its own, written with Git's plumbing so that every byte and mode is as given. */
export class BareRepository {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /** Without files the repository is empty: it has no branch at all. */
  static async create(files: Files = {}, branch = 'main'): Promise<BareRepository> {
    const repository = new BareRepository(await mkdtemp(join(tmpdir(), 'saker-origin-')))
    // What `git init --bare` makes, but for its hooks and descriptions: thousands of these are made in a run.
    await Promise.all(
      ['objects', 'refs/heads', 'refs/tags'].map((name) => mkdir(join(repository.path, name), { recursive: true })),
    )
    await Promise.all([
      writeFile(join(repository.path, 'HEAD'), `ref: refs/heads/${branch}\n`),
      writeFile(join(repository.path, 'config'), CONFIG),
    ])
    if (Object.keys(files).length > 0) await repository.#commitOn(undefined, { files, message: 'first commit', branch })
    return repository
  }

  /** Runs git in the repository and gives its standard output as it is. */
  async git(args: readonly string[], input?: string | Uint8Array): Promise<string> {
    const options = { cwd: this.path, env: IDENTITY, stripFinalNewline: false }
    const result = await execa('git', args, input === undefined ? options : { ...options, input })
    return result.stdout
  }

  /** Commits changes on top of a branch, as somebody else would, and gives the new commit's id. */
  async commit(files: Files, message = 'a foreign change', branch = 'main'): Promise<string> {
    return this.#commitOn(await this.head(branch), { files, message, branch })
  }

  async #commitOn(
    parent: string | undefined,
    { files, message, branch }: { readonly files: Files; readonly message: string; readonly branch: string },
  ): Promise<string> {
    const text = Buffer.from(message.endsWith('\n') ? message : `${message}\n`)
    const parts: (string | Uint8Array)[] = [
      `commit refs/heads/${branch}\nmark :1\n`,
      `author A Person <person@example.test> now\ncommitter A Person <person@example.test> now\n`,
      `data ${text.length}\n`,
      text,
      parent === undefined ? '\n' : `\nfrom ${parent}\n`,
      ...Object.entries(files).flatMap(([path, file]) => changeOf(path, file)),
      '\nget-mark :1\ndone\n',
    ]
    const input = Buffer.concat(parts.map((part) => Buffer.from(part)))
    return (await this.git(['fast-import', '--quiet', '--done', '--date-format=now'], input)).trim()
  }

  /** The commit a branch points to, or undefined when there is no such branch. */
  async head(branch = 'main'): Promise<string | undefined> {
    const loose = await readFile(join(this.path, 'refs/heads', branch), 'utf8').catch(() => undefined)
    if (loose !== undefined) return loose.trim()
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

/** What fast-import is told of one file (https://git-scm.com/docs/git-fast-import). */
function changeOf(path: string, file: FileContent): readonly (string | Uint8Array)[] {
  const quoted = `"${path.replaceAll(/["\\]/gu, '\\$&').replaceAll('\n', '\\n')}"`
  if (file === null) return [`D ${quoted}\n`]
  const { content, mode } =
    typeof file === 'string' || file instanceof Uint8Array ? { content: file, mode: '100644' } : file
  if (mode === '160000') return [`M 160000 ${String(content)} ${quoted}\n`]
  const bytes = Buffer.from(content)
  return [`M ${mode} inline ${quoted}\ndata ${bytes.length}\n`, bytes, '\n']
}
