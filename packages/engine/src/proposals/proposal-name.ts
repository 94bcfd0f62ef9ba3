import { parseResponseLines, parseReverted, parseUndoneIds } from '@saker/core'

/** What the branches of a lane's proposals are called after. */
export interface ProposalNaming {
  /** As configured, such as `saker/`. */
  readonly prefix: string
  /** The branch that they are to be merged into. */
  readonly base: string
}

/** The id that a proposal's branch is named for: of its first response, or of the first one that it takes back. */
export interface NamedFor {
  readonly id: string
  readonly isUndo: boolean
}

/**
 * A name for the branch that a commit of this message begins: `saker/main-<id>`. Two workers that answer the same jobs come
 * to the same name, so that one of them finds the branch of the other; a name that was used before is not used again.
 */
export function proposalName(message: string, { prefix, base }: ProposalNaming, taken: ReadonlySet<string>): string {
  const [line] = parseResponseLines(message)
  const name = `${prefix}${base}-${line === undefined ? `undo-${parseUndoneIds(message)[0] ?? ''}` : line.id}`
  for (let turn = 1; ; turn += 1) {
    const candidate = turn === 1 ? name : `${name}-${turn}`
    if (!taken.has(candidate)) return candidate
  }
}

/** What a branch is named for; undefined when it is none of the lane's. */
export function namedFor(name: string, { prefix, base }: ProposalNaming): NamedFor | undefined {
  const start = `${prefix}${base}-`
  const [, undo, id] =
    (name.startsWith(start) ? /^(undo-)?([0-9a-z]+)(?:-\d+)?$/u : /^$/u).exec(name.slice(start.length)) ?? []
  return id === undefined ? undefined : { id, isUndo: undo !== undefined }
}

/** Whether a message carries out, or takes back, what a branch is named for. */
export function beginsProposal(message: string, { id, isUndo }: NamedFor): boolean {
  if (parseReverted(message).length > 0) return false
  return isUndo ? parseUndoneIds(message).includes(id) : parseResponseLines(message).some((line) => line.id === id)
}
