import { runGit } from './run-git.ts'

/** An object of a Git repository, as it is stored. */
export interface GitObject {
  readonly oid: string
  readonly type: 'blob' | 'tree' | 'commit' | 'tag'
  readonly data: Buffer
}

/** One line of a tree. */
export interface GitTreeEntry {
  readonly name: string
  readonly mode: string
  readonly oid: string
}

/** A commit, parsed. */
export interface GitCommit {
  readonly oid: string
  readonly tree: string
  readonly parents: readonly string[]
  readonly author: GitSignature
  readonly committer: GitSignature
  readonly message: string
}

/** Who and when, in a commit. */
interface GitSignature {
  readonly name: string
  readonly email: string
  /** ISO 8601 in UTC. */
  readonly date: string
}

/** The objects of a repository in memory: read all at once with one program, again when one is asked for that is new. */
export class GitObjects {
  readonly #path: string
  #objects: ReadonlyMap<string, GitObject> = new Map()

  constructor(path: string) {
    this.#path = path
  }

  async find(oid: string): Promise<GitObject | undefined> {
    if (!this.#objects.has(oid)) this.#objects = await readAll(this.#path)
    return this.#objects.get(oid)
  }

  async commit(oid: string): Promise<GitCommit | undefined> {
    const object = await this.find(oid)
    return object?.type === 'commit' ? parseCommit(object) : undefined
  }

  async tree(oid: string): Promise<readonly GitTreeEntry[] | undefined> {
    const object = await this.find(oid)
    return object?.type === 'tree' ? parseTree(object.data) : undefined
  }

  /** The entry at a path below a tree. */
  async entryAt(tree: string, path: string): Promise<GitTreeEntry | undefined> {
    let entry: GitTreeEntry = { name: '', mode: '040000', oid: tree }
    for (const name of path.split('/').filter((segment) => segment !== '')) {
      const found = (await this.tree(entry.oid))?.find((candidate) => candidate.name === name)
      if (found === undefined) return undefined
      entry = found
    }
    return entry
  }
}

async function readAll(path: string): Promise<ReadonlyMap<string, GitObject>> {
  const { exitCode, stdout: output } = await runGit(path, ['cat-file', '--batch', '--batch-all-objects'])
  if (exitCode !== 0) throw new Error(`the objects of ${path} cannot be read`)
  const objects = new Map<string, GitObject>()
  for (let at = 0; at < output.length;) {
    const end = output.indexOf(10, at)
    const [oid = '', type = '', size = '0'] = output.toString('latin1', at, end).split(' ')
    const data = output.subarray(end + 1, end + 1 + Number(size))
    objects.set(oid, { oid, type: type as GitObject['type'], data })
    at = end + 1 + Number(size) + 1
  }
  return objects
}

function parseTree(data: Buffer): readonly GitTreeEntry[] {
  const entries: GitTreeEntry[] = []
  for (let at = 0; at < data.length;) {
    const space = data.indexOf(32, at)
    const end = data.indexOf(0, space)
    entries.push({
      mode: data.toString('latin1', at, space).padStart(6, '0'),
      name: data.toString('utf8', space + 1, end),
      oid: data.toString('hex', end + 1, end + 21),
    })
    at = end + 21
  }
  return entries
}

function parseCommit({ oid, data }: GitObject): GitCommit {
  const text = data.toString('utf8')
  const end = text.indexOf('\n\n')
  const headers = text.slice(0, end).split('\n')
  const all = (name: string): string[] =>
    headers.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1))
  return {
    oid,
    tree: all('tree')[0] ?? '',
    parents: all('parent'),
    author: parseSignature(all('author')[0] ?? ''),
    committer: parseSignature(all('committer')[0] ?? ''),
    message: text.slice(end + 2),
  }
}

function parseSignature(line: string): GitSignature {
  const [, name = '', email = '', seconds = '0'] = /^(.*) <(.*)> (\d+)/u.exec(line) ?? []
  return { name, email, date: new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z') }
}
