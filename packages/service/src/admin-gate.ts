import { ResponseError, type Log } from '@saker/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { LoadedToken } from './access-tokens.ts'
import { sendAdminProblem } from './admin-problem.ts'
import type { Asker } from './admin-api.ts'
import { isLoopback } from './listen-address.ts'
import { LoginBackoff } from './login-backoff.ts'
import { findToken, readPresentedToken } from './presented-token.ts'
import { WriteAllowance } from './write-allowance.ts'

/** Who is let in to `/queues` and `/api`. */
export interface AdminAccess {
  /** The tokens as they are now. Without any, everybody on this machine is let in, and nobody else. */
  readonly tokens: () => readonly LoadedToken[]
  readonly log: Log
  readonly now?: () => number
}

/** The operator behind a request. */
interface Operator {
  /** The token's name; `anonymous` where none is configured. */
  readonly name: string
  /** Whether the request proves by itself that a program of the operator's made it, and no page that a browser shows. */
  readonly deliberate: boolean
}

/** The kill switch is never too much. */
const ALWAYS_ALLOWED = /\/pause$/u

const READS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Longest text of a header that the audit takes over. */
const LONGEST_CLAIM = 300

/**
 * Guards the operators' routes: asks for a token, slows guessing down, keeps other sites' pages from acting through an
 * operator's browser, limits how fast a token may write, and writes a log line for every write and every refused login.
 */
export class AdminGate {
  readonly #access: AdminAccess
  readonly #now: () => number
  readonly #backoff = new LoginBackoff()
  readonly #allowance = new WriteAllowance()
  readonly #operators = new WeakMap<FastifyRequest, Operator>()

  constructor(access: AdminAccess) {
    this.#access = access
    this.#now = access.now ?? Date.now
  }

  /** Guards every route that is registered on `scope` from now on. */
  guard(scope: FastifyInstance): void {
    scope.addHook('onRequest', async (request, reply) => {
      try {
        const operator = this.#admit(request)
        this.#operators.set(request, operator)
        if (READS.has(request.method)) return undefined
        if (!operator.deliberate) checkSameOrigin(request)
        if (!ALWAYS_ALLOWED.test(request.routeOptions.url ?? '')) this.#spend(operator)
      } catch (thrown) {
        return sendAdminProblem(thrown, reply)
      }
      return undefined
    })
    scope.addHook('onResponse', async (request, reply) => this.#audit(request, reply))
  }

  /** Who is behind a request that was let in, as the audit tells it. */
  askerOf(request: FastifyRequest): Asker {
    const as = claimOf(request, 'x-saker-as')
    const reason = claimOf(request, 'x-saker-reason')
    return {
      operator: this.#operators.get(request)?.name ?? 'anonymous',
      ...(as === undefined ? {} : { as }),
      ...(reason === undefined ? {} : { reason }),
    }
  }

  #spend({ name }: Operator): void {
    const waitMs = this.#allowance.spend(name, this.#now())
    if (waitMs === 0) return
    const message = `more writes than this token may make; try again in ${Math.ceil(waitMs / 1000)} s`
    throw new ResponseError('WRITES_THROTTLED', message, { retryAfterMs: waitMs })
  }

  #admit(request: FastifyRequest): Operator {
    const tokens = this.#access.tokens()
    if (tokens.length === 0) return admitNeighbour(request)
    const waitMs = this.#backoff.waitMs(request.ip, this.#now())
    if (waitMs > 0) {
      const message = `too many wrong tokens from ${request.ip}; try again in ${Math.ceil(waitMs / 1000)} s`
      throw this.#refused(request, new ResponseError('LOGINS_THROTTLED', message, { retryAfterMs: waitMs }))
    }
    const { authorization } = request.headers
    if (authorization === undefined)
      throw new ResponseError('TOKEN_MISSING', 'an admin token is needed, as bearer token or as basic password')
    const presented = readPresentedToken(authorization)
    const token = presented === undefined ? undefined : findToken(presented, tokens)
    if (token !== undefined) return { name: token.name, deliberate: presented?.scheme === 'bearer' }
    this.#backoff.failed(request.ip, presented?.digest.toString('base64') ?? '', this.#now())
    throw this.#refused(request, new ResponseError('TOKEN_INVALID', 'the token is not one that is known here'))
  }

  #refused({ ip, method, url }: FastifyRequest, error: ResponseError): ResponseError {
    const path = url.replace(/\?.*$/su, '')
    this.#access.log.warn({ address: ip, method, path, code: error.code }, 'admin login refused')
    return error
  }

  #audit(request: FastifyRequest, { statusCode }: FastifyReply): void {
    const operator = this.#operators.get(request)
    if (operator === undefined || READS.has(request.method)) return
    const { queueName, jobId, id, lane } = request.params as Readonly<Record<string, string | undefined>>
    const fields = {
      ...this.askerOf(request),
      address: request.ip,
      method: request.method,
      route: request.routeOptions.url,
      queue: queueName,
      lane,
      responseId: jobId ?? id,
      status: statusCode,
      result: statusCode < 400 ? 'done' : statusCode < 500 ? 'refused' : 'failed',
    }
    this.#access.log.info(fields, 'admin write')
  }
}

/**
 * Without a token only this machine is let in, and only by a name that is this machine's own: a page whose own name was
 * made to point here (DNS rebinding) says another one.
 */
function admitNeighbour({ host, ip }: FastifyRequest): Operator {
  const { hostname } = URL.parse(`http://${host}`) ?? { hostname: '' }
  const named = isLoopback({ host: hostname.replace(/^\[|\]$/gu, ''), port: 0 })
  const here = isLoopback({ host: ip.replace(/^::ffff:/u, ''), port: 0 })
  if (!named || !here) throw new ResponseError('ORIGIN_FORBIDDEN', 'without an admin token only this machine is let in')
  return { name: 'anonymous', deliberate: false }
}

/** Browsers say which site made a request. What says nothing is no browser. */
function checkSameOrigin({ headers, host }: FastifyRequest): void {
  const site = headers['sec-fetch-site']
  const { origin } = headers
  const same = site === undefined ? origin === undefined || isOriginOf(origin, host) : site === 'same-origin'
  if (!same) throw new ResponseError('ORIGIN_FORBIDDEN', 'another site’s page may not act here')
}

/** Browsers leave the usual port out of both, so it is left out of both here. */
function isOriginOf(origin: string, host: string): boolean {
  const from = URL.parse(origin)
  return from !== null && from.host === URL.parse(`${from.protocol}//${host}`)?.host
}

/** What a client says of itself, for the audit: percent-encoded where it is not plain ASCII, as header values have to be. */
function claimOf({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name]
  if (typeof value !== 'string' || value === '') return undefined
  try {
    return decodeURIComponent(value).slice(0, LONGEST_CLAIM)
  } catch {
    return value.slice(0, LONGEST_CLAIM)
  }
}
