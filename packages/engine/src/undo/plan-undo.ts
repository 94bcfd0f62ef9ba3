import { parsePlace, ResponseError, type ChangedPlace, type Tree } from '@saker/core'
import { findPointer, openManifest, restoreChange, type Json, type Restored } from '@saker/manifest'
import type { Edit, FileAt, RepositoryHost } from '../repository-host.ts'
import type { LedgerEntry } from './ledger.ts'

/** A place where something else stands by now. */
export interface UndoConflict {
  readonly place: ChangedPlace
  /** What stands there; undefined: nothing. */
  readonly is: Json | undefined
}

/** What taking one response back comes to. */
export interface UndoAnswer {
  readonly entry: LedgerEntry
  /** `undone`: its edits are in the plan. `already`: nothing of it stands any more. */
  readonly kind: 'undone' | 'already' | 'conflict'
  readonly conflicts: readonly UndoConflict[]
}

/** What one commit does to take responses back; each as a whole, or not at all. */
export interface UndoPlan {
  readonly answers: readonly UndoAnswer[]
  readonly edits: readonly Edit[]
}

/** Texts of files right before and right after the commits that made the responses. */
export type PastTexts = (file: FileAt) => string | undefined

/** The places of a response. Ends in `UNDO_UNREADABLE` when its line has one that cannot be understood. */
export function placesOf({ line }: LedgerEntry): readonly ChangedPlace[] {
  return line.places.map((written) => {
    const place = parsePlace(written)
    if (place === undefined)
      throw new ResponseError(
        'UNDO_UNREADABLE',
        `the line of response ${line.id} has a place that cannot be understood`,
      )
    return place
  })
}

/** Reads what stood in the files of these responses right before and after them. Ends as `RepositoryHost.readTexts` does. */
export async function readPastTexts(
  host: Pick<RepositoryHost, 'readTexts'>,
  entries: readonly LedgerEntry[],
  signal: AbortSignal,
): Promise<PastTexts> {
  const files = new Map<string, FileAt>()
  for (const entry of entries) {
    for (const sha of [entry.commit.sha, ...entry.commit.parents.slice(0, 1)]) {
      for (const { path } of placesOf(entry)) files.set(`${sha} ${path}`, { sha, path })
    }
  }
  const texts = files.size === 0 ? [] : await host.readTexts([...files.values()], { signal })
  const byFile = new Map([...files.keys()].map((key, index) => [key, texts[index]]))
  return ({ sha, path }) => byFile.get(`${sha} ${path}`)
}

/**
 * Plans to take responses back, the newest first, each on what those before have left: at every place that a response
 * changed, what stood there before comes back, if what it wrote still stands there. A response of which one place was
 * changed since is left alone altogether. Pure. Ends as `restoreChange` does.
 */
export function planUndo(entries: readonly LedgerEntry[], tree: Tree, pastTexts: PastTexts): UndoPlan {
  const texts = new Map<string, string | undefined>()
  const textNow = (path: string): string | undefined => (texts.has(path) ? texts.get(path) : textOf(tree, path))
  const answers = entries.map((entry) => {
    const { changed, ...answer } = takeBack(entry, textNow, pastTexts)
    if (answer.kind === 'undone') for (const [path, text] of changed) texts.set(path, text)
    return answer
  })
  const edits = Array.from(texts, ([path, text]): Edit => {
    const file = tree.files.get(path)
    return { path, before: file?.text ?? null, after: text ?? null, mode: file?.mode ?? '100644' }
  })
  return { answers, edits: edits.filter(({ before, after }) => before !== after) }
}

function takeBack(
  entry: LedgerEntry,
  textNow: (path: string) => string | undefined,
  pastTexts: PastTexts,
): UndoAnswer & { readonly changed: ReadonlyMap<string, string | undefined> } {
  const changed = new Map<string, string | undefined>()
  const conflicts: UndoConflict[] = []
  const [parent] = entry.commit.parents
  for (const place of placesOf(entry)) {
    const { path } = place
    const now = changed.has(path) ? changed.get(path) : textNow(path)
    const before = parent === undefined ? undefined : pastTexts({ sha: parent, path })
    const after = pastTexts({ sha: entry.commit.sha, path })
    assertNamed(place, { before, after }, entry)
    const restored = restoreChange({ path, before, after, now }, place)
    if (restored.kind === 'conflict') conflicts.push({ place, is: restored.is })
    else if (restored.kind !== 'already') changed.set(path, textAfter(restored))
  }
  const kind = conflicts.length > 0 ? 'conflict' : changed.size > 0 ? 'undone' : 'already'
  return { entry, kind, conflicts, changed }
}

/** A place that is neither in the file before nor in the one after would count as taken back whatever stands there. */
function assertNamed(
  place: ChangedPlace,
  { before, after }: { readonly before: string | undefined; readonly after: string | undefined },
  { line, commit }: LedgerEntry,
): void {
  if (before === undefined && after === undefined)
    throw unnamed(place, `${commit.sha} does not touch ${place.path}`, line.id)
  if (before === undefined || after === undefined) return
  const isNamed = [before, after].some((text) => findPointer(openManifest(text, place.path), place) !== undefined)
  if (!isNamed) throw unnamed(place, `${commit.sha} has no such place in ${place.path}`, line.id)
}

function unnamed({ pointer }: ChangedPlace, why: string, id: string): ResponseError {
  return new ResponseError('UNDO_UNREADABLE', `the line of response ${id} names ${pointer || 'a document'}, but ${why}`)
}

function textAfter(restored: Extract<Restored, { kind: 'edit' | 'create' | 'delete' }>): string | undefined {
  return restored.kind === 'delete' ? undefined : restored.text
}

function textOf({ files }: Tree, path: string): string | undefined {
  const file = files.get(path)
  if (file === undefined) return undefined
  if (file.text === undefined) throw new ResponseError('MANIFEST_NOT_TEXT', `${path} is not text any more`)
  return file.text
}
