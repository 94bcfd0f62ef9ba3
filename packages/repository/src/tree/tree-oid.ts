import { createHash } from 'node:crypto'
import { Pauses } from './pauses.ts'
import type { ListedFile } from './tree-gate.ts'

interface Folder {
  readonly folders: Map<string, Folder>
  readonly files: Map<string, ListedFile>
}

interface Line {
  /** What Git sorts by: the name, with a slash behind it when it is a folder's. */
  readonly key: Buffer
  readonly head: string
  readonly oid: string
}

/**
 * Git's id of the tree that holds these files and nothing else. Where it equals the id that the host names, every name,
 * mode and content is the commit's own and none is missing.
 *
 * The length of `like` tells SHA-1 repositories from SHA-256 ones.
 */
export async function treeOid(files: readonly ListedFile[], like: string): Promise<string> {
  const pauses = new Pauses()
  const root: Folder = { folders: new Map(), files: new Map() }
  for (const file of files) {
    place(root, file)
    await pauses.due()
  }
  return folderOid(root, like.length === 64 ? 'sha256' : 'sha1', pauses)
}

function place(root: Folder, file: ListedFile): void {
  const names = file.path.split('/')
  const last = names.pop() ?? ''
  let folder = root
  for (const name of names) {
    let inside = folder.folders.get(name)
    if (inside === undefined) {
      inside = { folders: new Map(), files: new Map() }
      folder.folders.set(name, inside)
    }
    folder = inside
  }
  folder.files.set(last, file)
}

async function folderOid(folder: Folder, algorithm: 'sha1' | 'sha256', pauses: Pauses): Promise<string> {
  const lines: Line[] = []
  for (const [name, file] of folder.files) {
    lines.push({ key: Buffer.from(name), head: `${file.mode} ${name}\0`, oid: file.oid })
  }
  for (const [name, inside] of folder.folders) {
    const oid = await folderOid(inside, algorithm, pauses)
    lines.push({ key: Buffer.from(`${name}/`), head: `40000 ${name}\0`, oid })
  }
  await pauses.due()
  lines.sort((a, b) => Buffer.compare(a.key, b.key))
  const content = Buffer.concat(lines.flatMap(({ head, oid }) => [Buffer.from(head), Buffer.from(oid, 'hex')]))
  return createHash(algorithm).update(`tree ${content.length}\0`).update(content).digest('hex')
}
