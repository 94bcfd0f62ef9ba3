import { applyPatch, createTwoFilesPatch, parsePatch } from 'diff'
import { textOf, type RepositoryFiles } from './repository-files.ts'

type Texts = ReadonlyMap<string, string | null>

/** New texts of files as one unified diff, sorted by path; `/dev/null` stands for a file that is not there. */
export function unifiedDiff(files: RepositoryFiles, texts: Texts): string {
  return [...texts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, after]) => {
      const before = textOf(files.get(path))
      const names = [
        before === undefined ? '/dev/null' : `a/${path}`,
        after === null ? '/dev/null' : `b/${path}`,
      ] as const
      const patch = createTwoFilesPatch(...names, before ?? '', after ?? '', '', '', { context: 3 })
      // the rule of equal signs above each file says nothing
      return patch.replace(/^=+\n/u, '').replaceAll(/^(---|\+\+\+) (.*?)\t?$/gmu, '$1 $2')
    })
    .join('')
}

/** The new texts that a unified diff makes of the files. Throws where it does not fit. */
export function patchedTexts(files: RepositoryFiles, diff: string): Texts {
  return new Map(
    parsePatch(diff).map((patch) => {
      const isNew = patch.oldFileName === '/dev/null'
      const isGone = patch.newFileName === '/dev/null'
      const path = (isNew ? patch.newFileName : patch.oldFileName)?.slice(2) ?? ''
      const after = applyPatch(textOf(files.get(path)) ?? '', patch, { autoConvertLineEndings: false })
      if (after === false) throw new Error(`the golden diff does not fit ${path}`)
      return [path, isGone ? null : after] as const
    }),
  )
}
