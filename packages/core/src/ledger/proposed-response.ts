import { parseReverted } from './parse-reverted.ts'
import { parseResponseLines, type ResponseLine } from './response-line.ts'
import { parseUndoneIds } from './undo-message.ts'

/** A response as the message of its commit tells it. All texts but those of the line are as the message spells them. */
export interface ProposedResponse {
  readonly line: ResponseLine
  /** `contain default/Deployment/web in cluster prod`; absent where the prose was changed by somebody. */
  readonly what?: string
  /** What the message says of it, by name: `alert rule`, `priority`, `time`, `count` and whatever the config allows. */
  readonly facts: readonly (readonly [name: string, value: string])[]
}

/** What a commit of a proposal does, as far as its message says so. */
export interface ProposedCommit {
  readonly subject: string
  readonly responses: readonly ProposedResponse[]
  /** What is taken back, each with what the message says of it. */
  readonly undone: readonly { readonly id: string; readonly what?: string }[]
}

/** Reads the message of a commit that Saker made. One that reverts another, and so may quote it, tells nothing. */
export function readProposedCommit(message: string): ProposedCommit {
  const subject = message.split('\n', 1)[0] ?? ''
  if (parseReverted(message).length > 0) return { subject, responses: [], undone: [] }
  const lines = parseResponseLines(message)
  const ids = parseUndoneIds(message)
  const blocks = blocksOf(message)
  const items = Array.from(message.matchAll(/^- (.+)$/gmu), ([, what = '']) => what)
  return {
    subject,
    responses: lines.map((line, index) => ({ line, ...proseOf(index, lines.length, { blocks, items }) })),
    undone: ids.map((id, index) => {
      const what = lines.length === 0 && items.length === ids.length ? items[index] : undefined
      return { id, ...(what === undefined ? {} : { what }) }
    }),
  }
}

type Prose = Pick<ProposedResponse, 'what' | 'facts'>

/** The prose and the lines stand in one order; where there is not one for each, nobody can tell which is whose. */
function proseOf(
  index: number,
  count: number,
  { blocks, items }: { readonly blocks: readonly Prose[]; readonly items: readonly string[] },
): Prose {
  const block = blocks.length === count ? blocks[index] : undefined
  if (block !== undefined) return block
  const item = items.length === count ? items[index] : undefined
  return item === undefined ? { facts: [] } : { facts: [['alert', item.replace(/^[^:]*: /u, '')]] }
}

function blocksOf(message: string): readonly Prose[] {
  const blocks = message.matchAll(/^(\S.* in cluster \S+)\n((?: {2}\S.*: .*\n)+)/gmu)
  return Array.from(blocks, ([, what = '', facts = '']) => ({
    what,
    facts: Array.from(facts.matchAll(/^ {2}(\S.*?): +(.*)$/gmu), ([, name = '', value = '']) => [name, value] as const),
  }))
}
