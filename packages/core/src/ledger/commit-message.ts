import type { CommitAuthor } from '../config/config.ts'
import { workloadTitle, type Workload } from '../pod/workload.ts'
import { tameText } from './hostile-text.ts'
import { formatResponseLine, type ChangedPlace } from './response-line.ts'

/** One response of a commit, with what a person wants to know of the alert behind it. */
export interface CommittedResponse {
  readonly id: string
  readonly response: string
  readonly workload: Workload
  readonly actions: readonly string[]
  readonly places: readonly ChangedPlace[]
  readonly alertRule: string
  readonly priority: string
  readonly time: string
  /** Alerts that wanted this, merged duplicates included. */
  readonly count: number
  /** When it is to be taken back by itself; absent: never. */
  readonly until?: string
  /** Output fields that the config allows into commits. */
  readonly fields: readonly (readonly [name: string, value: string])[]
}

/** Who commits when neither the config nor the host names somebody. */
export const DEFAULT_AUTHOR: CommitAuthor = { name: 'Saker', email: 'saker@localhost' }

/** The longest subject that Git hosts show whole. */
export const MAX_SUBJECT = 72
/** Above this many responses each gets one line of prose: the details would bury the message. */
const MAX_DETAILED = 20

/**
 * The message of a commit: a subject, prose for a person, and one self-contained line per response for machines. Whatever
 * of it comes from an alert is hostile and goes through `tameText`.
 */
export function composeCommitMessage(responses: readonly CommittedResponse[], signOff?: CommitAuthor): string {
  const prose =
    responses.length > MAX_DETAILED
      ? responses.map(describeBriefly)
      : responses.flatMap((response) => [...describe(response), ''])
  const trailers = [
    ...responses.map(formatResponseLine),
    ...(signOff === undefined ? [] : [`Signed-off-by: ${signOff.name} <${signOff.email}>`]),
  ]
  return `${subjectOf(responses)}\n\n${prose.join('\n').trimEnd()}\n\n${trailers.join('\n')}\n`
}

function subjectOf(responses: readonly CommittedResponse[]): string {
  const actions = [...new Set(responses.flatMap((response) => response.actions))].join(', ')
  const titles = new Set(responses.map(({ workload }) => `${workload.cluster}/${workloadTitle(workload)}`))
  const only = titles.size === 1 ? responses[0] : undefined
  if (only !== undefined) {
    // whole, because the end of the name is what tells one workload from its neighbours
    const title = tameText(workloadTitle(only.workload), { maxLength: Infinity })
    return shortenMiddle(`${actions} ${title}`, MAX_SUBJECT)
  }
  return shortenMiddle(`respond to ${titles.size} workloads (${actions})`, MAX_SUBJECT)
}

/** Cuts out of the middle: the start says what is done, the end which workload. */
export function shortenMiddle(text: string, length: number): string {
  const characters = Array.from(text)
  if (characters.length <= length) return text
  const head = Math.ceil((length - 1) / 2)
  return `${characters.slice(0, head).join('')}…${characters.slice(characters.length - (length - 1 - head)).join('')}`
}

function describe(response: CommittedResponse): readonly string[] {
  return [
    `${response.actions.join(', ')} ${tameText(workloadTitle(response.workload))} in cluster ${tameText(response.workload.cluster)}`,
    `  response:   ${tameText(response.response)}`,
    `  alert rule: ${tameText(response.alertRule)}`,
    `  priority:   ${response.priority}`,
    `  time:       ${timeText(response.time)}`,
    `  count:      ${response.count}`,
    ...(response.until === undefined ? [] : [`  until:      ${timeText(response.until)}`]),
    ...response.fields.map(([name, value]) => `  ${tameText(name)}: ${tameText(value)}`),
  ]
}

function describeBriefly(response: CommittedResponse): string {
  const { workload, alertRule, priority, time, count } = response
  return `- ${tameText(workloadTitle(workload))}: ${tameText(alertRule)}, ${priority}, ${timeText(time)}, count ${count}`
}

/** A well-formed RFC 3339 time is harmless and reads best as it is; anything else is alert text like any other. */
function timeText(time: string): string {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/u.test(time) ? time : tameText(time)
}
