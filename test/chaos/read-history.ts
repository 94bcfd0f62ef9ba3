import type { BareRepository } from '../support/bare-repository.ts'

/** A file that a commit changed, as it is after it. */
export interface ChangedFile {
  readonly path: string
  /** `000000` when the commit took it out. */
  readonly mode: string
  readonly content: string
}

/** A commit with all that it did to its first parent. */
export interface HistoryCommit {
  readonly sha: string
  readonly parents: readonly string[]
  readonly message: string
  readonly changed: readonly ChangedFile[]
}

const RECORD = '\u001e'

/** The whole history of `main`, oldest first. */
export async function readHistory(origin: BareRepository): Promise<readonly HistoryCommit[]> {
  const format = `--format=${RECORD}%H%n%P%n%B${RECORD}`
  const args = ['log', '--reverse', '--topo-order', '--root', '--raw', '--no-abbrev', '--no-renames', '-z', format]
  const parts = (await origin.git([...args, 'main'])).split(RECORD).slice(1)
  const read: { sha: string; parents: string[]; message: string; raw: RawChange[] }[] = []
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [sha = '', parents = '', ...message] = (parts[at] ?? '').split('\n')
    const raw = rawChanges(parts[at + 1] ?? '')
    read.push({ sha, parents: parents.split(' ').filter(Boolean), message: message.join('\n'), raw })
  }
  const contents = await readBlobs(
    origin,
    read.flatMap(({ raw }) => raw.map(({ oid }) => oid)),
  )
  return read.map(({ sha, parents, message, raw }) => ({
    sha,
    parents,
    message,
    changed: raw.map(({ path, mode, oid }) => ({ path, mode, content: contents.get(oid) ?? '' })),
  }))
}

interface RawChange {
  readonly path: string
  readonly mode: string
  readonly oid: string
}

/** `:100644 100644 OLD NEW M\0path\0`, any number of times. */
function rawChanges(text: string): RawChange[] {
  const pattern = /:\d{6} (\d{6}) [0-9a-f]+ ([0-9a-f]+) \w+\0([^\0]+)\0/gu
  return Array.from(text.matchAll(pattern), ([, mode = '', oid = '', path = '']) => ({ mode, oid, path }))
}

async function readBlobs(origin: BareRepository, oids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const wanted = [...new Set(oids)].filter((oid) => !/^0+$/u.test(oid))
  // Everything in these repositories is ASCII, so that a character is a byte.
  const output = await origin.git(['cat-file', '--batch'], `${wanted.join('\n')}\n`)
  const contents = new Map<string, string>()
  for (let at = 0; at < output.length;) {
    const end = output.indexOf('\n', at)
    const [oid = '', , size = '0'] = output.slice(at, end).split(' ')
    contents.set(oid, output.slice(end + 1, end + 1 + Number(size)))
    at = end + 1 + Number(size) + 1
  }
  return contents
}
