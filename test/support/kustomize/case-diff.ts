import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { patchedTexts, unifiedDiff } from './golden-diff.ts'
import type { LayoutCase } from './layout-case.ts'
import { withTexts, type RepositoryFiles } from './repository-files.ts'

/** New texts of files (null: deleted) by repository and path. */
export type CaseEdits = ReadonlyMap<string, ReadonlyMap<string, string | null>>

/** The path of a target's golden diff. */
export function goldenPath({ folder }: LayoutCase, target: string): string {
  return join(folder, 'expected', `${target}.diff`)
}

/** The golden diff of a target as edits; undefined where there is none yet. */
export function goldenEdits(layout: LayoutCase, target: string): CaseEdits | undefined {
  const path = goldenPath(layout, target)
  if (!existsSync(path)) return undefined
  const texts = patchedTexts(allFiles(layout), readFileSync(path, 'utf8'))
  const edits = new Map<string, Map<string, string | null>>()
  for (const [joined, text] of texts) {
    const { repository, inside } = splitPath(layout, joined)
    const own = edits.get(repository) ?? new Map<string, string | null>()
    edits.set(repository, own.set(inside, text))
  }
  return edits
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

function splitPath(
  { repositories }: LayoutCase,
  joined: string,
): { readonly repository: string; readonly inside: string } {
  const [only] = repositories
  if (repositories.length === 1 && only !== undefined) return { repository: only.name, inside: joined }
  const [folder = '', ...rest] = joined.split('/')
  const name = repositories.find((one) => one.folder === folder)?.name ?? ''
  return { repository: name, inside: rest.join('/') }
}
