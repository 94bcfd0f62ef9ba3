import { STATUS_CODES } from 'node:http'
import { asResponseError, ResponseError, type ErrorCode } from '@saker/core'
import type { FastifyReply } from 'fastify'

/** The status that each code of an answered request has; a code that is not here is a fault of ours: 500. */
const STATUSES: Readonly<Partial<Record<ErrorCode, number>>> = {
  REQUEST_INVALID: 400,
  TOKEN_MISSING: 401,
  TOKEN_INVALID: 401,
  ORIGIN_FORBIDDEN: 403,
  ROUTE_UNKNOWN: 404,
  RESPONSE_UNKNOWN: 404,
  LANE_UNKNOWN: 404,
  RESPONSE_NOT_FAILED: 409,
  RESPONSE_NOT_HELD: 409,
  LOGINS_THROTTLED: 429,
  WRITES_THROTTLED: 429,
  QUEUE_UNAVAILABLE: 503,
}

/** Two headers, because browsers read only the first scheme of one. */
const CHALLENGES = ['Basic realm="saker"', 'Bearer realm="saker"']

/** Answers a request of an operator with an RFC 9457 problem and Saker's stable code. */
export function sendAdminProblem(thrown: unknown, reply: FastifyReply): FastifyReply {
  const error = requestErrorOf(thrown)
  const status = STATUSES[error.code] ?? 500
  const detail = status === 500 ? 'something went wrong here; the log says what' : error.message
  const code = status === 500 ? 'INTERNAL' : error.code
  if (status === 401) void reply.header('www-authenticate', CHALLENGES)
  if (error.retryAfterMs !== undefined) void reply.header('retry-after', Math.ceil(error.retryAfterMs / 1000))
  const problem = { type: 'about:blank', title: STATUS_CODES[status] ?? '', status, detail, code }
  // As bytes: Fastify gives text a charset, which this media type does not have.
  const body = Buffer.from(JSON.stringify(problem))
  return reply.code(status).header('content-type', 'application/problem+json').send(body)
}

/** Whether an error is our fault rather than the request's, so that the log has to tell of it. */
export function isOurFault(thrown: unknown): boolean {
  return STATUSES[requestErrorOf(thrown).code] === undefined
}

function requestErrorOf(thrown: unknown): ResponseError {
  if (!(thrown instanceof Error) || thrown instanceof ResponseError) return asResponseError(thrown)
  const { statusCode } = thrown as { readonly statusCode?: unknown }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
    return new ResponseError('REQUEST_INVALID', 'the request is not one that is served here', { cause: thrown })
  return asResponseError(thrown)
}
