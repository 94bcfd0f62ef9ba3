import type { CommitAuthor } from '../config/config.ts'
import { workloadTitle } from '../pod/workload.ts'
import { decodePercent } from '../text/decode-percent.ts'
import { MAX_SUBJECT, shortenMiddle } from './commit-message.ts'
import { encodePart, tameText } from './hostile-text.ts'
import type { ResponseLine } from './response-line.ts'

/** One response that is taken back, and the commit that had carried it out. */
export interface UndoneResponse {
  readonly line: ResponseLine
  readonly sha: string
}

/** Who takes it back and why, as far as anybody said. */
export interface UndoWords {
  readonly as?: string
  readonly reason?: string
  readonly signOff?: CommitAuthor
}

/** The message of a commit that takes responses back: a subject, prose, and a `Saker-Undo:` line for each of them. */
export function composeUndoMessage(undone: readonly UndoneResponse[], words: UndoWords): string {
  const { as, reason, signOff } = words
  const prose = [
    ...undone.map(({ line, sha }) => {
      const { cluster } = line.workload
      return `- ${tameText(line.response)} of ${titleOf(line)} in cluster ${tameText(cluster)}, made in ${sha.slice(0, 12)}`
    }),
    ...(as === undefined ? [] : [`  by:     ${tameText(as)}`]),
    ...(reason === undefined ? [] : [`  reason: ${tameText(reason)}`]),
  ]
  const trailers = [
    ...undone.map(({ line }) => `Saker-Undo: ${encodePart(line.id)}`),
    ...(signOff === undefined ? [] : [`Signed-off-by: ${signOff.name} <${signOff.email}>`]),
  ]
  return `${subjectOf(undone)}\n\n${prose.join('\n')}\n\n${trailers.join('\n')}\n`
}

function subjectOf(undone: readonly UndoneResponse[]): string {
  const names = [...new Set(undone.map(({ line }) => tameText(line.response)))].join(', ')
  const titles = new Set(undone.map(({ line }) => `${line.workload.cluster}/${workloadTitle(line.workload)}`))
  const [only] = undone
  if (titles.size === 1 && only !== undefined) return shortenMiddle(`undo ${names} ${titleOf(only.line)}`, MAX_SUBJECT)
  return shortenMiddle(`undo responses of ${titles.size} workloads (${names})`, MAX_SUBJECT)
}

function titleOf({ workload }: ResponseLine): string {
  return tameText(workloadTitle(workload), { maxLength: Infinity })
}

/** The ids of the responses that a commit takes back, wherever in its message they stand. */
export function parseUndoneIds(message: string): readonly string[] {
  return Array.from(message.matchAll(/\bSaker-Undo: ([\w.~%-]+)/gu), ([, id = '']) => decodePercent(id))
}
