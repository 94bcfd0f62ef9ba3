import { join } from 'node:path'
import { unifiedDiff } from './unified-diff.ts'
import type { LayoutCase } from './layout-case.ts'
import { withTexts, type RepositoryFiles } from './repository-files.ts'

/** New texts of files (null: deleted) by repository and path. */
export type CaseEdits = ReadonlyMap<string, ReadonlyMap<string, string | null>>

/** The path of a target's golden diff. */
export function goldenPath({ folder }: LayoutCase, target: string): string {
  return join(folder, 'expected', `${target}.diff`)
}

/** Edits as one diff; with several repositories each path begins with the folder of its own. */
export function caseDiff(layout: LayoutCase, edits: CaseEdits): string {
  const texts = [...edits].flatMap(([repository, own]) =>
    [...own].map(([path, text]) => [joinPath(layout, repository, path), text] as const),
  )
  return unifiedDiff(allFiles(layout), new Map(texts))
}

/** The files of each repository after the edits. */
export function editedFiles(layout: LayoutCase, edits: CaseEdits): ReadonlyMap<string, RepositoryFiles> {
  return new Map(layout.repositories.map(({ name, files }) => [name, withTexts(files, edits.get(name) ?? new Map())]))
}

function allFiles(layout: LayoutCase): RepositoryFiles {
  return new Map(
    layout.repositories.flatMap(({ name, files }) =>
      [...files].map(([path, file]) => [joinPath(layout, name, path), file] as const),
    ),
  )
}

function joinPath({ repositories }: LayoutCase, repository: string, path: string): string {
  const folder = repositories.find(({ name }) => name === repository)?.folder ?? ''
  return repositories.length > 1 ? `${folder}/${path}` : path
}
