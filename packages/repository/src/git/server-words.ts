/** What a server said of a branch that was pushed to it. */
export interface ServerWords {
  /** The page of the branch's pull request, or the one that opens it. */
  readonly url?: string
  /** Whether that is a pull request which is there. */
  readonly isOpen: boolean
  /** What it could not do as it was asked. */
  readonly problems: readonly string[]
}

const MAX_LENGTH = 500

/**
 * Reads the `remote:` lines of a push. GitLab, Gitea, Forgejo, Bitbucket and GitHub name the branch's pull request there, or
 * the page that opens one.
 */
export function readServerWords(said: string): ServerWords {
  const lines = said
    .split(/[\r\n]+/u)
    .filter((line) => line.startsWith('remote:'))
    .map((line) =>
      line
        .slice('remote:'.length)
        .replaceAll(/\p{Cc}+/gu, ' ')
        .trim(),
    )
  const urls = lines.flatMap((line) => line.match(/https?:\/\/\S+/gu) ?? []).filter((url) => url.length <= MAX_LENGTH)
  const open = urls.find((url) => /\/(?:merge_requests|pulls?|pull-requests)\/\d+\/?$/u.test(url))
  const url = open ?? urls.find((one) => /merge_requests|\/pulls?\b|pull-requests?|\/compare\//u.test(one))
  const problems = lines.filter((line) => /error encountered with push option/iu.test(line))
  return {
    ...(url === undefined ? {} : { url }),
    isOpen: open !== undefined,
    problems: problems.map((line) => line.slice(0, MAX_LENGTH)),
  }
}
