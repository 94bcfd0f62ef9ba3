import { ResponseError, type ErrorCode, decodePercent } from '@saker/core'
import type { GitPlace } from './git-place.ts'
import type { GitAnswer } from './git-program.ts'

/** One way of ending, told by what git or the server wrote. */
interface Sign {
  readonly code: ErrorCode
  readonly pattern: RegExp
  readonly says: string
}

const ARCHIVED: Sign = {
  code: 'REPOSITORY_ARCHIVED',
  pattern: /(?:was|is|been|repository|project) archived|archived (?:repository|project)/iu,
  says: 'the repository is archived',
}

/**
 * What a push says of itself alone; the first that fits wins. Wordings: git's `builtin/receive-pack.c` and `remote.c`,
 * GitHub (GH006, GH013), GitLab, Gitea, Bitbucket, Azure DevOps, Gerrit.
 */
const PUSH_SIGNS: readonly Sign[] = [
  ARCHIVED,
  {
    code: 'BRANCH_MOVED',
    pattern:
      /\[(?:remote )?rejected\].*\((?:non-fast-forward|fetch first|needs force|stale info|cannot lock ref|incorrect old value|remote ref updated|failed to lock)/u,
    says: 'the branch has moved',
  },
  {
    // How receive-pack reports a lost race for the branch: the reason itself only reaches standard error.
    code: 'BRANCH_MOVED',
    pattern: /cannot lock ref .*(?:but expected|reference already exists|unable to resolve reference|File exists)/su,
    says: 'the branch has moved',
  },
  {
    code: 'COMMIT_REJECTED',
    pattern: /exists; cannot create/u,
    says: 'another branch is in the way of this name',
  },
  {
    code: 'COMMIT_REJECTED',
    pattern: /push cannot contain secrets/iu,
    says: 'the server found a secret in the commit',
  },
  {
    code: 'BRANCH_PROTECTED',
    pattern:
      /GH006|GH013|protected branch|repository rule violations|through (?:a )?pull requests?|must use a pull request|push is not permitted/iu,
    says: 'the branch is protected',
  },
  {
    code: 'CREDENTIAL_FORBIDDEN',
    pattern: /refusing to allow|insufficient permission|Permission denied$|Read-only file system/imu,
    says: 'the credential may not do this',
  },
  {
    code: 'REPOSITORY_UNAVAILABLE',
    pattern: /\[remote rejected\].*\(unpacker error\)/u,
    says: 'the server could not store the commit',
  },
  { code: 'COMMIT_REJECTED', pattern: /\[remote rejected\]|HTTP 413/u, says: 'the server refused the commit' },
]

/** What any request can end in. `unable to access` is git's word for a conversation that never began. */
const REQUEST_SIGNS: readonly Sign[] = [
  ARCHIVED,
  {
    code: 'RATE_LIMITED',
    pattern: /rate limit|too many requests|(?:error:|HTTP) 429/iu,
    says: 'the server asks us to slow down',
  },
  { code: 'BRANCH_NOT_FOUND', pattern: /couldn't find remote ref/u, says: 'the repository has no such branch' },
  {
    code: 'REPOSITORY_NOT_FOUND',
    pattern: /returned error: 30[12378]/u,
    says: 'the server redirects, which is not followed; write the address it redirects to (it often ends in .git)',
  },
  {
    code: 'REPOSITORY_NOT_FOUND',
    pattern:
      /repository .*not found|does not appear to be a git repository|is this a git repository|returned error: (?:404|410)|project you were looking for|does not exist or you/iu,
    says: 'the repository does not exist, or the credential cannot see it',
  },
  {
    code: 'CREDENTIAL_FORBIDDEN',
    pattern: /dubious ownership/u,
    says: 'the repository belongs to another user of this machine',
  },
  {
    code: 'CREDENTIAL_FORBIDDEN',
    pattern:
      /(?:error:|HTTP) 403|denied to |marked as read only|read[- ]only key|not allowed to |access .*not granted/iu,
    says: 'the credential may not do this',
  },
  {
    code: 'CREDENTIAL_INVALID',
    pattern: /Host key verification failed|HOST IDENTIFICATION HAS CHANGED/u,
    says: 'the SSH server is not the one in the known hosts',
  },
  {
    code: 'CREDENTIAL_INVALID',
    pattern:
      /Authentication failed|could not read (?:Username|Password)|(?:error:|HTTP) 401|Permission denied \(|Too many authentication failures|Invalid username or/iu,
    says: 'the server did not accept the credential',
  },
  {
    code: 'REPOSITORY_UNAVAILABLE',
    pattern: /unable to access|ssh: connect to host|Could not resolve|kex_exchange_identification/iu,
    says: 'the server cannot be reached',
  },
]

/** What breaks off a conversation that had begun; a push that ends so may have landed. */
const BROKEN_OFF =
  /RPC failed|hung up|early EOF|Connection (?:reset|refused|closed|timed out)|closed by remote host|Operation timed out|unexpected disconnect|protocol error|bad (?:line|pack)|expected flush/iu

/** The request whose failure is to be named. */
export interface GitRequest {
  readonly operation: 'read' | 'commit'
  readonly place: GitPlace
  readonly timeoutMs: number
  readonly secrets: readonly string[]
}

/**
 * Names the failure of a request to a server. Undefined when nothing known fits: then the copy on our own side may be at
 * fault. A push that may have landed is `COMMIT_UNCONFIRMED`, which includes every ending that is not understood.
 */
export function gitRequestError(answer: GitAnswer, request: GitRequest): ResponseError | undefined {
  const { place, operation, timeoutMs, secrets } = request
  const said = redact(`${answer.stdout.toString('utf8')}\n${answer.stderr}`, secrets)
  const where = `${place.url}, branch ${place.branch}`
  const fail = (code: ErrorCode, says: string): ResponseError =>
    new ResponseError(code, `${says} (${where})`, { cause: new Error(lastWords(said)) })
  if (answer.ending === 'not-installed') {
    return fail('REPOSITORY_UNAVAILABLE', 'the git program is not installed: there is no "git" on the PATH')
  }
  const unfinished = operation === 'commit' ? 'COMMIT_UNCONFIRMED' : 'REPOSITORY_UNAVAILABLE'
  if (answer.ending === 'timed-out') {
    return fail(unfinished, `the server did not answer within ${timeoutMs / 1000} seconds`)
  }
  if (answer.ending === 'aborted') return fail(unfinished, 'the request was called off')
  const sign = [...(operation === 'commit' ? PUSH_SIGNS : []), ...REQUEST_SIGNS].find(({ pattern }) =>
    pattern.test(withoutPlace(said, place)),
  )
  if (sign !== undefined) return fail(sign.code, `${sign.says}: ${lastWords(said)}`)
  if (operation === 'commit' || BROKEN_OFF.test(said)) {
    return fail(unfinished, `the server broke off: ${lastWords(said)}`)
  }
  return undefined
}

/** Names are free: a repository called `read-only` must not be mistaken for a reason. */
function withoutPlace(said: string, { url, branch }: GitPlace): string {
  const path = decodePercent(new URL(url).pathname)
  return [url, path, `refs/heads/${branch}`].reduce((rest, name) => rest.replaceAll(name, '…'), said)
}

/** Takes secrets, and users and passwords in URLs, out of what git wrote. */
export function redact(text: string, secrets: readonly string[]): string {
  const known = secrets.filter((secret) => secret !== '')
  const hidden = known.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text)
  return hidden.replaceAll(/\/\/[^\s/@]+@/gu, '//')
}

const MAX_WORDS = 300

/** The lines that carry the reason, without control characters, cut to a length that a log line bears. */
export function lastWords(text: string): string {
  const lines = text
    .split(/[\r\n]+/u)
    .map((line) => line.replaceAll(/\p{Cc}+/gu, ' ').trim())
    .filter((line) => line !== '' && !/^(?:To |Done$|hint:|warning: redirecting)/u.test(line))
  const telling = lines.filter((line) => /^(?:remote:|error:|fatal:|!|ssh:|ERROR:)|denied|failed/iu.test(line))
  const words = (telling.length > 0 ? telling : lines).join('; ')
  return words.length <= MAX_WORDS ? words : `${words.slice(0, MAX_WORDS)}…`
}
