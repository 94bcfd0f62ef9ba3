import { ResponseError, type ErrorCode } from '@saker/core'
import { isRateLimited, rateLimitWaitMs, retryAfterOf } from './rate-limit.ts'

/**
 * What a request is for, which decides what its failure means: a lost answer to a `write` leaves the commit in doubt,
 * objects that `prepare` leaves behind are invisible and harmless, and what `propose` has done or not is seen by looking.
 */
export type CallPurpose = 'authenticate' | 'read' | 'prepare' | 'write' | 'propose'

/** A request that did not succeed, reduced to what may be shown: no headers we sent, no body we sent. */
export interface GitHubFailure {
  /** Undefined when no answer came. */
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string>>
  /** GitHub's own words, one line; what went wrong on the way when no answer came. */
  readonly said: string
  /** `type` of each GraphQL error. */
  readonly types: readonly string[]
  /** Whether the answer was the API's own form. A proxy's page is not. */
  readonly understood: boolean
  /** Whether the request certainly never reached the server. */
  readonly unsent: boolean
  readonly cause: unknown
}

/** What an error says of its surroundings. */
export interface FailureContext {
  /** `owner/repository#branch`. */
  readonly place: string
  readonly purpose: CallPurpose
  readonly now: () => number
}

/** How a kind of failure is told: its code, what is said before GitHub's own words, and when it applies. */
interface Verdict {
  readonly code: ErrorCode
  readonly says: (place: string) => string
  readonly applies: (failure: GitHubFailure, purpose: CallPurpose) => boolean
}

const SECRET_PUSHED = /push cannot contain secrets|secret scanning/iu
const PROTECTED =
  /repository rule violations|required status checks?|approving reviews?|protected (?:branch|ref)|changes must be made through a pull request|branch is locked/iu
const BROKEN = /something went wrong|timed? ?out|try again later|internal (?:server )?error/iu
const OVERLOADED = new Set(['RESOURCE_LIMITS_EXCEEDED', 'MAX_NODE_LIMIT_EXCEEDED'])

/** In order: GitHub uses one status for many things, so words and types come before numbers. */
const VERDICTS: readonly Verdict[] = [
  {
    code: 'CREDENTIAL_INVALID',
    says: (place) => `GitHub does not accept the credential for ${place}`,
    applies: ({ status }, purpose) => status === 401 || (purpose === 'authenticate' && status === 404),
  },
  {
    code: 'CREDENTIAL_FORBIDDEN',
    says: (place) => `GitHub grants the app no token for ${place}`,
    applies: ({ status }, purpose) => purpose === 'authenticate' && (status === 403 || status === 422),
  },
  {
    code: 'REPOSITORY_ARCHIVED',
    says: (place) => `${place} is archived and so is read-only`,
    applies: ({ said }) => /repository was archived/iu.test(said),
  },
  {
    code: 'COMMIT_REJECTED',
    says: (place) => `GitHub finds a secret in the commit to ${place}`,
    applies: ({ said }) => SECRET_PUSHED.test(said),
  },
  {
    code: 'BRANCH_PROTECTED',
    says: (place) => `${place} is protected against direct commits`,
    applies: ({ said, types }, purpose) =>
      purpose !== 'propose' && (types.includes('BRANCH_PROTECTION_RULE_VIOLATION') || PROTECTED.test(said)),
  },
  {
    code: 'REPOSITORY_EMPTY',
    says: (place) => `the repository of ${place} is empty`,
    applies: ({ status, said }) => status === 409 && /repository is empty/iu.test(said),
  },
  {
    code: 'BRANCH_MOVED',
    says: (place) => `${place} has moved since it was read`,
    applies: ({ status, said, types }, purpose) =>
      types.includes('STALE_DATA') ||
      (status === 409 && purpose !== 'read' && purpose !== 'propose') ||
      (status === 422 && /not a fast.forward|reference already exists/iu.test(said)),
  },
  {
    code: 'BRANCH_NOT_FOUND',
    says: (place) => `${place} does not exist`,
    applies: ({ status, said, types }) =>
      (status === 422 && /reference does not exist/iu.test(said)) ||
      (types.includes('NOT_FOUND') && /\b(?:branch|ref)\b/iu.test(said) && !/to a repository/iu.test(said)),
  },
  {
    code: 'PULL_REQUEST_REJECTED',
    says: (place) => `pull requests are switched off where ${place} is`,
    applies: ({ status, said }, purpose) =>
      purpose === 'propose' && (status === 410 || /pull requests? (?:are|is|has been|have been) disabled/iu.test(said)),
  },
  {
    code: 'REPOSITORY_NOT_FOUND',
    says: notThere,
    applies: ({ status, types }) => status === 404 || status === 410 || status === 451 || types.includes('NOT_FOUND'),
  },
  {
    code: 'CREDENTIAL_FORBIDDEN',
    says: (place) => `the credential may not do this on ${place}; it takes "Pull requests: write"`,
    applies: ({ status, types, understood }, purpose) =>
      purpose === 'propose' && ((status === 403 && understood) || types.includes('FORBIDDEN')),
  },
  {
    code: 'CREDENTIAL_FORBIDDEN',
    says: (place) => `the credential may not do this on ${place}`,
    applies: ({ status, types, understood }) =>
      (status === 403 && understood) || types.includes('FORBIDDEN') || types.includes('INSUFFICIENT_SCOPES'),
  },
]

function notThere(place: string): string {
  return `${place} is not there for this credential: no such repository, or a private one it may not see`
}

/** For a repository that is null in an answer without errors. */
export function repositoryNotFound(place: string): ResponseError {
  return new ResponseError('REPOSITORY_NOT_FOUND', notThere(place))
}

/** Turns a failed request into the error that the port promises. Never holds anything that was sent. */
export function errorOf(failure: GitHubFailure, { place, purpose, now }: FailureContext): ResponseError {
  if (isRateLimited(failure)) {
    const message = `GitHub asks for a pause before more requests on ${place}`
    return told(failure, { code: 'RATE_LIMITED', message, retryAfterMs: rateLimitWaitMs(failure.headers, now) })
  }
  const verdict = failure.status === undefined ? undefined : VERDICTS.find((one) => one.applies(failure, purpose))
  if (verdict !== undefined) return told(failure, { code: verdict.code, message: verdict.says(place) })
  const retryAfterMs = retryAfterOf(failure.headers, now)
  if (isRefusal(failure)) {
    if (purpose === 'propose') {
      const message = `GitHub takes no such pull request for ${place}`
      return told(failure, { code: 'PULL_REQUEST_REJECTED', message })
    }
    return purpose === 'read' || purpose === 'authenticate'
      ? told(failure, {
          code: 'REPOSITORY_UNAVAILABLE',
          message: `GitHub could not make sense of a request on ${place}`,
        })
      : told(failure, { code: 'COMMIT_REJECTED', message: `GitHub rejects the commit to ${place}` })
  }
  if (purpose === 'write' && !failure.unsent) {
    const message = `the commit to ${place} got no clear answer and may be there`
    return told(failure, { code: 'COMMIT_UNCONFIRMED', message, retryAfterMs })
  }
  return told(failure, { code: 'REPOSITORY_UNAVAILABLE', message: `${place} cannot be reached`, retryAfterMs })
}

/** An answer in the API's own form that blames the request rather than the server. */
function isRefusal({ status, said, understood, types }: GitHubFailure): boolean {
  if (status === undefined || status >= 500 || !understood || types.some((type) => OVERLOADED.has(type))) return false
  return !BROKEN.test(said)
}

function told(
  { said, status, types, cause }: GitHubFailure,
  {
    code,
    message,
    retryAfterMs,
  }: { readonly code: ErrorCode; readonly message: string; readonly retryAfterMs?: number | undefined },
): ResponseError {
  return new ResponseError(code, said === '' ? message : `${message}: ${said}`, {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(cause === undefined ? {} : { cause }),
    details: { ...(status === undefined ? {} : { status }), ...(types.length === 0 ? {} : { types }) },
  })
}

/** Whether a read failed in the way GitHub fails when a query is too much for it, so that a lighter one may do. */
export function wasTooHeavy(error: unknown): boolean {
  if (!(error instanceof ResponseError) || error.code !== 'REPOSITORY_UNAVAILABLE') return false
  const { status, types } = error.details
  if (Array.isArray(types) && types.some((type: string) => OVERLOADED.has(type))) return true
  return status === 502 || status === 504 || (status === 200 && BROKEN.test(error.message))
}
