import type { ProposalText } from '@saker/engine'

/** Git's packets hold no longer line. */
const MAX_BYTES = 65_000

/**
 * The push options by which GitLab opens a merge request for a pushed branch, or revises the open one. A push option is one
 * line; GitLab reads `\\n` in it as the end of one.
 *
 * @see https://docs.gitlab.com/topics/git/commit/#push-options-for-merge-requests
 */
export function proposalOptions(base: string, text: ProposalText): readonly string[] {
  const { title, body, labels, draft, autoMerge } = text
  const values = [
    ['create'],
    ['target', base],
    ['title', title],
    ['description', body.trimEnd()],
    ...labels.map((label) => ['label', label]),
    ...(draft ? [['draft']] : []),
    // The second is what the first was called before GitLab 17.11.
    ...(autoMerge === false || draft ? [] : [['auto_merge'], ['merge_when_pipeline_succeeds']]),
    ...(autoMerge === 'squash' && !draft ? [['squash']] : []),
  ]
  return values.map(([key = '', value]) =>
    value === undefined ? `merge_request.${key}` : cut(`merge_request.${key}=${oneLine(value)}`),
  )
}

/** A backslash before an n that is in the text itself must not become the end of a line. */
function oneLine(text: string): string {
  return text
    .replaceAll('\\n', '\\ n')
    .replaceAll(/\r?\n/gu, '\\n')
    .replaceAll(/\p{Cc}+/gu, ' ')
}

function cut(option: string): string {
  const bytes = Buffer.from(option, 'utf8')
  if (bytes.length <= MAX_BYTES) return option
  const end = option.slice(0, bytes.subarray(0, MAX_BYTES).toString('utf8').length - 1).lastIndexOf('\\n')
  return `${option.slice(0, end)}\\n… (cut off; the commits say the rest)`
}
