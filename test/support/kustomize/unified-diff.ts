import { createTwoFilesPatch } from 'diff'
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
