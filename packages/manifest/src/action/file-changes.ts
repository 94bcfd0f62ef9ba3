import { ResponseError } from '@saker/core'
import { documentsOf } from '../layout/file-facts.ts'
import type { JsonValue } from '../layout/json-value.ts'
import type { FileEdit, Layout, LayoutPlace } from '../layout/layout-model.ts'
import type { Change } from '../yaml/change.ts'
import { applyChanges } from '../yaml/apply-changes.ts'
import { openManifest, type OpenManifest } from '../yaml/open-manifest.ts'

/** What is to be done to one file: values in it, or all of it. */
export type FileChanges = LayoutPlace &
  ({ readonly changes: readonly Change[] } | { readonly create: string } | { readonly delete: true })

/** What a program says at the top of a file that it will write again. */
const WRITTEN_BY_PROGRAM = /\bdo not (?:edit|modify|change)\b/iu

/** The comments before the first value of a file; those of people, and texts inside manifests, may say anything. */
function headOf(text: string): string {
  const lines = text.split('\n')
  const end = lines.findIndex((line) => !/^\uFEFF?\s*(?:#.*|\/\/.*|---\s*(?:#.*)?|%.*)?$/u.test(line))
  return lines.slice(0, end === -1 ? lines.length : end).join('\n')
}

/**
 * The files after the changes. Files that changes leave as they are, are left out.
 *
 * Ends in `MANIFEST_GENERATED` for a file that some program writes, in `MANIFEST_MISSING` for one that is not there, and as
 * `openManifest` and `applyChanges` do.
 */
export function filesAfter(layout: Layout, edits: readonly FileChanges[]): readonly FileEdit[] {
  return edits.flatMap((edit): readonly FileEdit[] => {
    const { repository, path } = edit
    const text = layout.textOf({ repository, path })
    if ('create' in edit) {
      if (text !== undefined) throw refusal('MANIFEST_EDIT_UNSAFE', edit, 'is there already')
      return [{ repository, path, text: edit.create }]
    }
    if (text === undefined) throw refusal('MANIFEST_MISSING', edit, 'is not in the repository, or not text')
    if (WRITTEN_BY_PROGRAM.test(headOf(text)))
      throw refusal('MANIFEST_GENERATED', edit, 'says that a program writes it')
    if ('delete' in edit) return [{ repository, path, text: null }]
    const edited = applyChanges(openedManifest(text, path), edit.changes).text
    return edited === text ? [] : [{ repository, path, text: edited }]
  })
}

/** The same few texts are opened for every candidate and every response of a burst. */
const opened = new Map<string, OpenManifest>()
const MAX_OPENED = 4

/** A file opened for editing, remembered for a while. Ends as `openManifest` does. */
export function openedManifest(text: string, path: string): OpenManifest {
  const known = opened.get(text)
  if (known?.path === path) return known
  const file = openManifest(text, path)
  opened.delete(text)
  opened.set(text, file)
  for (const oldest of opened.keys()) {
    if (opened.size <= MAX_OPENED) break
    opened.delete(oldest)
  }
  return file
}

function refusal(
  code: 'MANIFEST_GENERATED' | 'MANIFEST_MISSING' | 'MANIFEST_EDIT_UNSAFE',
  { path }: LayoutPlace,
  what: string,
): ResponseError {
  return new ResponseError(code, `${path} ${what}`, { details: { path } })
}

/** The values of a file's documents; none when it is not there or cannot be read. */
export function documentsAt(layout: Layout, place: LayoutPlace): readonly JsonValue[] {
  const text = layout.textOf(place)
  if (text === undefined) return []
  try {
    return documentsOf(text, place.path)
  } catch (thrown) {
    if (thrown instanceof ResponseError) return []
    throw thrown
  }
}
