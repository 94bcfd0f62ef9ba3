import { formatDuration } from '../text/duration.ts'
import { workloadKeyOf, workloadTitle } from '../pod/workload.ts'
import { MAX_SUBJECT, shortenMiddle } from './commit-message.ts'
import { encodePart, tameText } from './hostile-text.ts'
import { readProposedCommit, type ProposedCommit, type ProposedResponse } from './proposed-response.ts'
import { formatParsedLine, parsePlace, type ResponseLine } from './response-line.ts'

/** What a reviewer is to know beside the commits. */
export interface ProposalAbout {
  /** The branch that it is to be merged into. */
  readonly base: string
  /** How long a workload is left alone when the proposal is closed unmerged; 0: not at all. */
  readonly muteForMs: number
}

/** Title and body of a pull request. */
export interface ComposedProposal {
  readonly title: string
  /** Markdown, at most {@link MAX_PROPOSAL_BODY} characters. */
  readonly body: string
}

/** GitHub takes 65,536 characters; some room is left for what hosts count otherwise. */
export const MAX_PROPOSAL_BODY = 60_000
/** How much of that goes to the lines, which machines need, and to the prose, which buries them otherwise. */
const MAX_LINES = 40_000
const MAX_PROSE = 18_000

/**
 * The text of a pull request, from the messages of its commits alone, the oldest first: whoever composes it, now or after a
 * restart, comes to the same. Like those messages it holds the ledger's lines, because a squash merge may keep nothing else;
 * where they are too many, it says so.
 */
export function composeProposal(messages: readonly string[], about: ProposalAbout): ComposedProposal {
  const commits = messages.map(readProposedCommit)
  const responses = once(commits.flatMap((commit) => commit.responses))
  const undone = commits.flatMap((commit) => commit.undone)
  const lines = fitting(
    [
      ...responses.map(({ line }) => formatParsedLine(line)),
      ...undone.map(({ id }) => `Saker-Undo: ${encodePart(id)}`),
    ],
    MAX_LINES,
  )
  const prose = fitting(
    [...responses.map(describe), ...undone.map(({ id, what }) => `- takes back ${code(what ?? id)}`)],
    MAX_PROSE,
  )
  const parts = [
    introduction(about, responses.length > 0),
    ...(prose.kept.length === 0 ? [] : [prose.kept.join('\n')]),
    ...(prose.left === 0 ? [] : [`- and ${prose.left} more, each in the message of its commit`]),
    ...(lines.left === 0 ? [] : [tooMany(lines.left)]),
    ...(lines.kept.length === 0 ? [] : [`\`\`\`text\n${lines.kept.join('\n')}\n\`\`\``]),
  ]
  return { title: titleOf(commits, responses), body: `${parts.join('\n\n')}\n` }
}

/** Once each: a branch into which its base was merged may quote. */
function once(responses: readonly ProposedResponse[]): readonly ProposedResponse[] {
  return [...new Map(responses.toReversed().map((one) => [one.line.id, one])).values()].toReversed()
}

/** As many as fit, in their order, and how many do not. */
function fitting(texts: readonly string[], most: number): { readonly kept: readonly string[]; readonly left: number } {
  let room = most
  const end = texts.findIndex((text) => (room -= text.length + 1) < 0)
  return end === -1 ? { kept: texts, left: 0 } : { kept: texts.slice(0, end), left: texts.length - end }
}

function titleOf(commits: readonly ProposedCommit[], responses: readonly ProposedResponse[]): string {
  const [only] = commits
  if (commits.length === 1 && only !== undefined) return shortenMiddle(only.subject, MAX_SUBJECT)
  const workloads = new Set(responses.map(({ line }) => workloadKeyOf(line.workload)))
  const names = [...new Set(responses.map(({ line }) => tameText(line.response)))].join(', ')
  if (workloads.size === 0) return shortenMiddle(commits[0]?.subject ?? 'take responses back', MAX_SUBJECT)
  const [first] = responses
  const of =
    workloads.size === 1 && first !== undefined
      ? tameText(workloadTitle(first.line.workload), { maxLength: Infinity })
      : `${workloads.size} workloads`
  return shortenMiddle(`respond to ${of} (${names})`, MAX_SUBJECT)
}

function introduction({ base, muteForMs }: ProposalAbout, hasResponses: boolean): string {
  const mute =
    muteForMs === 0
      ? 'nothing is muted then (`guard.muteFor` is 0), so the next alert proposes it again'
      : `Saker leaves the workloads alone for ${formatDuration(muteForMs)} then (\`guard.muteFor\`)`
  return [
    `Saker proposes this ${hasResponses ? 'in answer to Falco alerts' : 'to take back what it has done'}. Nothing of it takes effect before it is in \`${code(base).slice(1, -1)}\`.`,
    '',
    '- **To accept**, merge it, by whatever method. `saker undo ID` takes a response back afterwards.',
    `- **To reject**, close it without merging${hasResponses ? `: ${mute}` : ''}.`,
    '- While it is open, further responses are added to it as commits of their own, and this text is written anew. Commits of others on its branch stay.',
  ].join('\n')
}

function tooMany(left: number): string {
  return `**${left} more lines do not fit here** and stand in the messages of the commits only. Merge with a merge commit, or keep these messages when squashing: they are what Saker knows the responses by.`
}

function describe({ line, what, facts }: ProposedResponse): string {
  const of = what ?? `${tameText(workloadTitle(line.workload))} in cluster ${tameText(line.workload.cluster)}`
  const told = facts.filter(([name]) => name !== 'response').map(([name, value]) => `${plain(name)} ${code(value)}`)
  return [
    `- ${code(of)}, response ${code(tameText(line.response))}`,
    ...(told.length === 0 ? [] : [`  - ${told.join(', ')}`]),
    `  - changes ${placesOf(line).join(', ')}`,
  ].join('\n')
}

function placesOf({ places }: ResponseLine): readonly string[] {
  return places.map((written) => {
    const place = parsePlace(written)
    if (place === undefined) return code(written)
    const where = place.pointer === '' ? 'the whole of it' : code(tameText(place.pointer))
    return `${code(tameText(place.path, { maxLength: Infinity }))} (${where})`
  })
}

/** What stands in a code span means nothing to a host: no mention, no link, no markup. Names in front of one are ours. */
function code(text: string): string {
  return `\`${text.replaceAll(/[`\p{Cc}]/gu, '')}\``
}

function plain(name: string): string {
  return /^[a-z ]+$/u.test(name) ? name : code(name)
}
