import { restoreChange, type ActionEdits } from '@saker/manifest'
import { textOf, type RepositoryFiles } from './repository-files.ts'

/**
 * Takes a plan back, place by place, the last first, as an undo does that knows only what the ledger names. Gives what is
 * not as it was before: nothing, when every byte is back.
 */
export function undoFaults(
  plan: ActionEdits,
  before: ReadonlyMap<string, RepositoryFiles>,
  after: ReadonlyMap<string, RepositoryFiles>,
): readonly string[] {
  const now = new Map(plan.edits.map(({ repository, path, text }) => [`${repository} ${path}`, text ?? undefined]))
  const faults: string[] = []
  for (const place of plan.places.toReversed()) {
    const { repository, path, pointer } = place
    const [was, made] = [before, after].map((files) => textOf(files.get(repository)?.get(path)))
    const key = `${repository} ${path}`
    const restored = restoreChange({ path, before: was, after: made, now: now.get(key) }, place)
    if (restored.kind === 'conflict') faults.push(`${path}#${pointer} is a conflict`)
    else if (restored.kind === 'delete') now.set(key, undefined)
    else if (restored.kind !== 'already') now.set(key, restored.text)
  }
  for (const { repository, path } of plan.edits) {
    const [first, last] = [textOf(before.get(repository)?.get(path)), now.get(`${repository} ${path}`)]
    if (first !== last) faults.push(`${path} is not as it was: ${JSON.stringify(last)}`)
  }
  return faults
}
