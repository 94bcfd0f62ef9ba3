import type { Socket } from 'node:net'
import { ResponseError } from '@saker/core'
import type { FastifyReply } from 'fastify'
import { CHALLENGE } from './authenticate.ts'
import type { Exchange } from './exchange.ts'
import { PROBLEM_TYPE, problemOf, requestErrorOf, retryAfterSeconds } from './problem.ts'

/** Answers a request with the problem that it ended in, counts it and logs it. */
export function sendProblem(thrown: unknown, reply: FastifyReply, exchange: Exchange): void {
  const error = requestErrorOf(thrown)
  const problem = problemOf(error)
  exchange.fail(error, problem)
  if (problem.status === 401) reply.header('www-authenticate', CHALLENGE)
  if (problem.status === 415) reply.header('accept-encoding', 'gzip')
  if (problem.status === 503) reply.header('retry-after', String(retryAfterSeconds(error)))
  reply
    .code(problem.status)
    .header('saker-result', problem.status < 500 ? 'refused' : 'unavailable')
    .header('content-type', PROBLEM_TYPE)
    // As bytes: Fastify gives text a charset, which this media type does not have.
    .send(Buffer.from(JSON.stringify(problem)))
}

const LATE = { status: 408, title: 'Request Timeout', detail: 'the request took too long to arrive' }

/** Answers what Node's HTTP parser gave up on, where there is still somebody to answer, and closes the connection. */
export function answerBrokenRequest(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const malformed = problemOf(new ResponseError('ALERT_MALFORMED', 'the request is not valid HTTP'))
  const problem = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? { ...malformed, ...LATE } : malformed
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    'connection: close',
    'saker-result: refused',
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.destroySoon()
}
