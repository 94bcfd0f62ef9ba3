import { textOfBytes, TREE_LIMITS, type FileMode, type Tree } from '@saker/core'
import type { PastCommit } from '@saker/engine'
import { Pauses } from '../tree/pauses.ts'
import { filesOf, missingTexts, TreeGate, type KnownTexts, type TreeEntry } from '../tree/tree-gate.ts'
import type { ObjectCache } from './object-cache.ts'

/** Held twice while it is read, as bytes and as texts. */
const BYTES_PER_RUN = 4_000_000
/** A line is some 60 characters and a path; no listing within the limits comes near. */
const MAX_LISTING_BYTES = TREE_LIMITS.entries * 250

/** What to load of a commit. */
export interface TreeRequest {
  readonly sha: string
  /** Where it comes from, as errors name it. */
  readonly place: string
  /** Files whose text is wanted whatever they are called. */
  readonly named: ReadonlySet<string>
  /** Texts that need not be read again. */
  readonly known: KnownTexts
  readonly signal: AbortSignal
}

/**
 * Reads all of a commit's entries, with the texts of manifests and named files. Ends in `TREE_TOO_LARGE` or
 * `TREE_INVALID`, or as the cache does.
 */
export async function readGitTree(cache: ObjectCache, request: TreeRequest): Promise<Tree> {
  const entries = await listEntries(cache, request)
  const texts = new Map(request.known)
  let rest = missingTexts(entries, texts)
  while (rest.length > 0) {
    const batch = batchOf(rest)
    rest = rest.slice(batch.length)
    await readBlobs(cache, { batch, texts, signal: request.signal })
  }
  return { sha: request.sha, files: filesOf(entries, texts) }
}

async function listEntries(
  cache: ObjectCache,
  { sha, place, named, signal }: TreeRequest,
): Promise<readonly TreeEntry[]> {
  const args = ['ls-tree', '-r', '-t', '-l', '-z', '--full-tree', sha]
  const listing = await cache.git(args, { signal, maxOutputBytes: MAX_LISTING_BYTES })
  const gate = new TreeGate(place, named)
  const pauses = new Pauses()
  const entries: TreeEntry[] = []
  for (let at = 0; at < listing.length;) {
    const end = listing.indexOf(0, at)
    addEntry(listing.toString('utf8', at, end), { gate, entries })
    at = end + 1
    await pauses.due()
  }
  return entries
}

/** `<mode> <type> <id> <size or ->\t<path>` (https://git-scm.com/docs/git-ls-tree). */
function addEntry(line: string, { gate, entries }: { readonly gate: TreeGate; readonly entries: TreeEntry[] }): void {
  const tab = line.indexOf('\t')
  const path = line.slice(tab + 1)
  const [mode = '', type, oid = '', size = ''] = line.slice(0, tab).split(/ +/u)
  if (type === 'tree') gate.addFolder(path)
  else entries.push(gate.addFile({ path, mode: fileMode(mode), oid, bytes: Number.parseInt(size, 10) || 0 }))
}

/** Old trees hold modes such as 100664; of a plain file only "executable by its owner" matters to git. */
function fileMode(mode: string): FileMode {
  if (mode === '120000' || mode === '160000') return mode
  return (Number.parseInt(mode, 8) & 0o100) === 0 ? '100644' : '100755'
}

/** The first few, at least one. */
function batchOf(missing: readonly TreeEntry[]): readonly TreeEntry[] {
  let sum = 0
  const end = missing.findIndex(({ bytes }, index) => {
    sum += bytes
    return index > 0 && sum > BYTES_PER_RUN
  })
  return end === -1 ? missing : missing.slice(0, end)
}

/** Reads contents by their ids into `texts`, undefined for what is not text. */
export async function readBlobs(
  cache: ObjectCache,
  {
    batch,
    texts,
    signal,
  }: {
    readonly batch: readonly Pick<TreeEntry, 'oid'>[]
    readonly texts: Map<string, string | undefined>
    readonly signal: AbortSignal
  },
): Promise<void> {
  const input = `${batch.map(({ oid }) => oid).join('\n')}\n`
  const output = await cache.git(['cat-file', '--batch'], { input, signal })
  const pauses = new Pauses()
  let at = 0
  for (const { oid } of batch) {
    const lineEnd = output.indexOf(0x0a, at)
    const [answered, type, size] = output.toString('latin1', at, lineEnd).split(' ')
    if (answered !== oid || type !== 'blob') {
      throw cache.doubt(`object ${oid} is missing`)
    }
    const end = lineEnd + 1 + Number(size)
    texts.set(oid, textOfBytes(output.subarray(lineEnd + 1, end)))
    at = end + 1
    await pauses.due()
  }
}

/** The newest commits of what a commit leads to, newest first, with their messages in full. */
export async function readPastCommits(
  cache: ObjectCache,
  { sha, count, signal }: { readonly sha: string; readonly count: number; readonly signal: AbortSignal },
): Promise<readonly PastCommit[]> {
  if (count === 0) return []
  const log = await cache.git(['log', '-z', `--max-count=${count}`, '--format=%H %ct%n%B', sha], { signal })
  return log
    .toString('utf8')
    .split('\0')
    .filter((commit) => commit !== '')
    .map((commit) => {
      const lineEnd = commit.indexOf('\n')
      const [id = '', seconds] = commit.slice(0, lineEnd).split(' ')
      return { sha: id, message: commit.slice(lineEnd + 1), at: Number(seconds) * 1000 }
    })
}
