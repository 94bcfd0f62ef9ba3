import { STATUS_CODES } from 'node:http'
import { asResponseError, ResponseError, type ErrorCode } from '@saker/core'

/** The status that each code of an answered request has; a code that is not here is a fault of ours: 500. */
const STATUSES: Readonly<Partial<Record<ErrorCode, number>>> = {
  ALERT_MALFORMED: 400,
  CLUSTER_UNSPECIFIED: 400,
  TOKEN_MISSING: 401,
  TOKEN_INVALID: 401,
  CLUSTER_FORBIDDEN: 403,
  CLUSTER_UNKNOWN: 404,
  ROUTE_UNKNOWN: 404,
  ALERT_TOO_LARGE: 413,
  MEDIA_TYPE_UNSUPPORTED: 415,
  QUEUE_UNAVAILABLE: 503,
  SHUTTING_DOWN: 503,
}

/** Said instead of an error's own message, which names hosts and other internals. */
const GUARDED_DETAILS: Readonly<Record<number, string>> = {
  500: 'something went wrong here; the log says what',
  503: 'the alert cannot be stored now; send it again',
}

/** An RFC 9457 problem with Saker's stable `code`. */
export interface Problem {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: ErrorCode
}

/** The media type of a {@link Problem}. */
export const PROBLEM_TYPE = 'application/problem+json'

/** What a client is told of an error: never its cause, and of our own faults nothing but that they are ours. */
export function problemOf(error: ResponseError): Problem {
  const status = STATUSES[error.code] ?? 500
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? '',
    status,
    detail: GUARDED_DETAILS[status] ?? error.message,
    code: status === 500 ? 'INTERNAL' : error.code,
  }
}

/** Whole seconds, 1 to 5, after which sending again is worth a try. */
export function retryAfterSeconds(error: ResponseError): number {
  return Math.min(5, Math.max(1, Math.ceil((error.retryAfterMs ?? 1000) / 1000)))
}

/** Codes of Fastify's own refusals that are not about the body. https://fastify.dev/docs/latest/Reference/Errors/ */
const FASTIFY_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_BAD_URL: 'ROUTE_UNKNOWN',
  FST_ERR_MAX_PARAM_LENGTH: 'ROUTE_UNKNOWN',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'MEDIA_TYPE_UNSUPPORTED',
}

/** Turns whatever a request ended in into an error with a code of ours; what is not the client's doing is `INTERNAL`. */
export function requestErrorOf(thrown: unknown): ResponseError {
  if (!(thrown instanceof Error) || thrown instanceof ResponseError) return asResponseError(thrown)
  const { code, statusCode } = thrown as { readonly code?: unknown; readonly statusCode?: unknown }
  const known = typeof code === 'string' && Object.hasOwn(FASTIFY_CODES, code) ? FASTIFY_CODES[code] : undefined
  if (known !== undefined) return new ResponseError(known, 'the request is not one that is served here')
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
    return new ResponseError('ALERT_MALFORMED', 'the request is not valid HTTP', { cause: thrown })
  return asResponseError(thrown)
}
