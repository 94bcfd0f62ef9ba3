import { ResponseError, type Log } from '@saker/core'
import Fastify, { type FastifyInstance, type FastifyPluginCallback } from 'fastify'
import type { LoadedToken } from './access-tokens.ts'
import { adminApi, type OperatorDesk } from './admin-api.ts'
import { AdminGate } from './admin-gate.ts'
import { isOurFault, sendAdminProblem } from './admin-problem.ts'
import type { Exposition } from './metrics.ts'

/** A part of the process that must be in order before it is sent work. Rejects with a message that a person understands. */
export interface ReadinessCheck {
  readonly name: string
  readonly check: () => Promise<void>
}

/** What operators may do beside looking, and who they are. */
export interface Operators {
  /** The tokens as they are now. Without any, everybody on this machine is let in, and nobody else. */
  readonly tokens: () => readonly LoadedToken[]
  readonly desk: OperatorDesk
  /** The pages under `/queues`. */
  readonly pages: FastifyPluginCallback
  /** Takes the audit. */
  readonly log: Log
  readonly now?: () => number
}

/** What the admin server shows. */
export interface AdminDependencies {
  readonly metrics: Exposition
  readonly checks: readonly ReadinessCheck[]
  /** Without them there is neither `/queues` nor `/api`. */
  readonly operators?: Operators
}

/** For every answer: nothing of it is to be guessed at, framed, run or read by another site's page. */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
}

/** Bull Board styles elements itself, highlights in a worker, and would like fonts from elsewhere, which it does not get. */
const PAGES_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** A request that is not there by then is given up, in milliseconds. */
const REQUEST_TIMEOUT_MS = 30_000

/**
 * The operators' HTTP server: `/healthz` (this process answers), `/readyz` (every check holds; 503 names those that do
 * not) and `/metrics` (Prometheus), open to whoever reaches it; `/queues` and `/api` for those who have a token.
 */
export function buildAdminServer({ metrics, checks, operators }: AdminDependencies): FastifyInstance {
  const app = Fastify({ logger: false, requestTimeout: REQUEST_TIMEOUT_MS })
  app.addHook('onRequest', async (_request, reply) => void reply.headers(HEADERS))
  app.setNotFoundHandler((_request, reply) =>
    sendAdminProblem(new ResponseError('ROUTE_UNKNOWN', 'nothing is served at this path with this method'), reply),
  )
  app.setErrorHandler((error, request, reply) => {
    if (isOurFault(error)) operators?.log.error({ err: error, route: request.routeOptions.url }, 'admin request failed')
    return sendAdminProblem(error, reply)
  })
  app.get('/healthz', async () => ({ status: 'ok' }))
  app.get('/readyz', async (_request, reply) => {
    const results = await Promise.all(checks.map(runCheck))
    const ready = results.every(({ problem }) => problem === undefined)
    return reply.code(ready ? 200 : 503).send({
      status: ready ? 'ready' : 'not ready',
      checks: Object.fromEntries(results.map(({ name, problem }) => [name, problem ?? 'ok'])),
    })
  })
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.exposition()))
  if (operators !== undefined) app.register((scope, _options, done) => serveOperators(scope, operators, done))
  return app
}

function serveOperators(scope: FastifyInstance, { desk, pages, ...access }: Operators, done: () => void): void {
  const gate = new AdminGate(access)
  gate.guard(scope)
  scope.register(
    adminApi(desk, (request) => gate.askerOf(request)),
    { prefix: '/api' },
  )
  scope.register((queues, _options, ready) => {
    queues.addHook('onRequest', async (_request, reply) => void reply.header('content-security-policy', PAGES_POLICY))
    queues.register(pages, { prefix: '/queues' })
    ready()
  })
  done()
}

async function runCheck({ name, check }: ReadinessCheck): Promise<{ name: string; problem?: string }> {
  try {
    await check()
    return { name }
  } catch (thrown) {
    return { name, problem: thrown instanceof Error ? thrown.message : String(thrown) }
  }
}
