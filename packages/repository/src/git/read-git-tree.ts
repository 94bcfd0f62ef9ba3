import {
  isManifestPath,
  ResponseError,
  textOfBytes,
  TREE_LIMITS,
  type FileMode,
  type Tree,
  type TreeFile,
} from '@saker/core'
import type { PastCommit } from '@saker/engine'
import type { ObjectCache } from './object-cache.ts'

/** Texts by object id; undefined for content that is not text, so that it is not read again. */
export type KnownTexts = ReadonlyMap<string, string | undefined>

/** A tree with what it was read from, for the next one. */
export interface ReadTree {
  readonly tree: Tree
  readonly texts: KnownTexts
}

interface Entry {
  readonly path: string
  readonly mode: FileMode
  readonly oid: string
  readonly size: number
}

/** What to load of a commit. */
export interface TreeRequest {
  readonly sha: string
  /** Folders or files; `''` is everything. A root that does not exist is empty. */
  readonly roots: readonly string[]
  /** Texts that need not be read again. */
  readonly known: KnownTexts
  readonly signal: AbortSignal
}

/**
 * Reads a commit's entries under the roots, with the texts of manifests (`.yaml`, `.yml`, `.json`, and any file that is
 * a root itself). Ends in `TREE_TOO_LARGE`, or as the cache does.
 */
export async function readGitTree(cache: ObjectCache, request: TreeRequest): Promise<ReadTree> {
  const entries = await listEntries(cache, request)
  const roots = new Set(request.roots)
  const wanted = entries.filter(
    ({ path, mode, size }) =>
      (mode === '100644' || mode === '100755') &&
      size <= TREE_LIMITS.fileBytes &&
      (isManifestPath(path) || roots.has(path)),
  )
  const sizes = new Map(wanted.map(({ oid, size }) => [oid, size]))
  const bytes = sizes.values().reduce((sum, size) => sum + size, 0)
  if (bytes > TREE_LIMITS.manifestBytes) {
    throw new ResponseError(
      'TREE_TOO_LARGE',
      `the manifests have ${bytes} bytes, more than ${TREE_LIMITS.manifestBytes}`,
    )
  }
  const missing = [...sizes.keys()].filter((oid) => !request.known.has(oid))
  const read = await readBlobs(cache, missing, request.signal)
  const texts = new Map([...sizes.keys()].map((oid) => [oid, read.has(oid) ? read.get(oid) : request.known.get(oid)]))
  const textPaths = new Set(wanted.map(({ path }) => path))
  const files = new Map(
    entries.map((entry) => [entry.path, fileOf(entry, textPaths.has(entry.path) ? texts.get(entry.oid) : undefined)]),
  )
  return { tree: { sha: request.sha, files }, texts }
}

function fileOf({ path, mode, oid }: Entry, text: string | undefined): TreeFile {
  return { path, mode, oid, ...(text === undefined ? {} : { text }) }
}

async function listEntries(cache: ObjectCache, { sha, roots, signal }: TreeRequest): Promise<readonly Entry[]> {
  const paths = roots.includes('') ? [] : roots
  if (roots.length === 0) return []
  const listing = await cache.git(['ls-tree', '-r', '-l', '-z', '--full-tree', sha, '--', ...paths], { signal })
  const lines = listing.toString('utf8').split('\0').slice(0, -1)
  if (lines.length > TREE_LIMITS.entries) {
    throw new ResponseError(
      'TREE_TOO_LARGE',
      `the repository has ${lines.length} entries, more than ${TREE_LIMITS.entries}`,
    )
  }
  return lines.map(entryOf)
}

/** `<mode> <type> <id> <size or ->\t<path>` (https://git-scm.com/docs/git-ls-tree). */
function entryOf(line: string): Entry {
  const tab = line.indexOf('\t')
  const [mode = '', , oid = '', size = ''] = line.slice(0, tab).split(/ +/u)
  return { path: line.slice(tab + 1), mode: fileMode(mode), oid, size: Number.parseInt(size, 10) || 0 }
}

/** Old trees hold modes such as 100664; of a plain file only "executable by its owner" matters to git. */
function fileMode(mode: string): FileMode {
  if (mode === '120000' || mode === '160000') return mode
  return (Number.parseInt(mode, 8) & 0o100) === 0 ? '100644' : '100755'
}

async function readBlobs(
  cache: ObjectCache,
  oids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string | undefined>> {
  const texts = new Map<string, string | undefined>()
  if (oids.length === 0) return texts
  const output = await cache.git(['cat-file', '--batch'], { input: `${oids.join('\n')}\n`, signal })
  let at = 0
  for (const oid of oids) {
    const lineEnd = output.indexOf(0x0a, at)
    const [answered, type, size] = output.toString('latin1', at, lineEnd).split(' ')
    if (answered !== oid || type !== 'blob') {
      throw cache.doubt(`object ${oid} is missing`)
    }
    const end = lineEnd + 1 + Number(size)
    texts.set(oid, textOfBytes(output.subarray(lineEnd + 1, end)))
    at = end + 1
  }
  return texts
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
      const [sha = '', seconds] = commit.slice(0, lineEnd).split(' ')
      return { sha, message: commit.slice(lineEnd + 1), at: Number(seconds) * 1000 }
    })
}
