import { asResponseError, isManifestPath, ResponseError, type ErrorCode, type Tree, type TreeFile } from '@saker/core'
import { refuseEncrypted } from '../yaml/refuse-encrypted.ts'
import { parseManifest } from '../yaml/parse-manifest.ts'
import type { DeclaredWorkloads, ManifestPlace, UnreadableFile } from './declared-workload.ts'
import { TextMemo } from './text-memo.ts'
import { mayDeclareWorkload, workloadsInFile, type FileWorkloads } from './workloads-in-file.ts'

/**
 * Every object that can own pods and that plain manifests (`.yaml`, `.yml`, `.json`) at a place declare, items of a
 * `kind: List` among them.
 *
 * Files that cannot be read are passed over and named in the result. With `place.file` set, that file alone counts,
 * whatever its ending, and not being able to read it ends in `MANIFEST_MISSING`, `MANIFEST_NOT_A_FILE` (symbolic link or
 * submodule), `MANIFEST_NOT_TEXT`, `MANIFEST_UNPARSEABLE`, `MANIFEST_TEMPLATED`, `MANIFEST_SHARED_VALUE` or
 * `MANIFEST_ENCRYPTED`. Encrypted files elsewhere still declare what they say in clear text; an edit refuses them.
 */
export function declaredWorkloads(tree: Tree, place: ManifestPlace): DeclaredWorkloads {
  const key = JSON.stringify([place.file ?? null, ...place.paths])
  const ofTree = answers.get(tree) ?? new Map<string, DeclaredWorkloads>()
  answers.set(tree, ofTree)
  const declared = ofTree.get(key) ?? readPlace(tree, place)
  ofTree.set(key, declared)
  return declared
}

/** A tree never changes, and every response of a burst asks the same of it. */
const answers = new WeakMap<Tree, Map<string, DeclaredWorkloads>>()

function readPlace(tree: Tree, place: ManifestPlace): DeclaredWorkloads {
  const { file } = place
  const files = file === undefined ? filesAt(tree, place.paths) : [{ path: file, ...readOnlyFile(tree, file) }]
  return {
    place,
    workloads: files.flatMap(({ path, workloads }) => workloads.map((workload) => ({ ...workload, path }))),
    unreadable: files.flatMap(({ path, hidden }) => (hidden === undefined ? [] : [unreadableFile(tree, path, hidden)])),
  }
}

function unreadableFile(tree: Tree, path: string, code: ErrorCode): UnreadableFile {
  const text = tree.files.get(path)?.text
  return { path, code, ...(text === undefined ? {} : { text }) }
}

type FileAt = FileWorkloads & { readonly path: string }

function filesAt(tree: Tree, paths: readonly string[]): readonly FileAt[] {
  const found: FileAt[] = []
  for (const file of tree.files.values()) {
    if (!concerns(file, paths)) continue
    const read = readFile(file)
    if (read.workloads.length > 0 || read.hidden !== undefined) found.push({ ...read, path: file.path })
  }
  return found.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/** Manifests at one of the places, and links or submodules where a place lies behind them. */
function concerns({ path, mode }: TreeFile, paths: readonly string[]): boolean {
  if (isManifestPath(path)) return paths.some((place) => isAtOrUnder(path, place))
  return isLink(mode) && paths.some((place) => place !== '' && isAtOrUnder(place, path))
}

function isAtOrUnder(path: string, place: string): boolean {
  return place === '' || path === place || path.startsWith(`${place}/`)
}

function isLink(mode: TreeFile['mode']): boolean {
  return mode === '120000' || mode === '160000'
}

const NOTHING: FileWorkloads = { workloads: [] }

/** Keyed by the text itself: the next tree differs from this one in a file or two. */
const memo = new TextMemo<FileWorkloads>({ maxTexts: 50_000, maxLength: 64 * 1024 * 1024 })

function readFile(file: TreeFile): FileWorkloads {
  if (isLink(file.mode)) return { workloads: [], hidden: 'MANIFEST_NOT_A_FILE' }
  const { text } = file
  if (text === undefined) return { workloads: [], hidden: 'MANIFEST_NOT_TEXT' }
  if (!mayDeclareWorkload(text)) return NOTHING
  return memo.get(text, () => {
    try {
      return workloadsInFile(parseManifest(text, file.path))
    } catch (thrown) {
      return { workloads: [], hidden: asResponseError(thrown).code }
    }
  })
}

function readOnlyFile(tree: Tree, path: string): FileWorkloads {
  const file = tree.files.get(path)
  if (file === undefined) throw refusal('MANIFEST_MISSING', path, 'is not in the repository')
  if (isLink(file.mode)) throw refusal('MANIFEST_NOT_A_FILE', path, 'is a symbolic link or a submodule')
  const { text } = file
  if (text === undefined) throw refusal('MANIFEST_NOT_TEXT', path, 'is not text')
  if (text.startsWith(LFS_POINTER)) throw refusal('MANIFEST_NOT_TEXT', path, 'is kept in Git LFS')
  const documents = parseManifest(text, path)
  refuseEncrypted(documents, path)
  return workloadsInFile(documents)
}

/** https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md#the-pointer */
const LFS_POINTER = 'version https://git-lfs.github.com/spec/'

function refusal(code: ResponseError['code'], path: string, what: string): ResponseError {
  return new ResponseError(code, `${path} ${what}`, { details: { path } })
}
