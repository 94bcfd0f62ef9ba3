import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { answerBrokenRequest } from './send-problem.ts'

/** TLS for the listener, each as PEM. With `clientCa`, a client certificate of that authority admits as a token would. */
export interface IngestTls {
  readonly cert: string | Buffer
  readonly key: string | Buffer
  readonly clientCa?: string | Buffer
}

/** What the listener has to know. */
export interface HttpServerOptions {
  readonly tls: IngestTls | undefined
  readonly requestTimeoutMs: number
  /** Answers a request that fails before it reaches a route or a hook: a path that cannot be decoded. */
  readonly onUnroutable: (thrown: unknown, reply: FastifyReply) => void
}

/** A connection on which nothing moves while a request is under way. */
const IDLE_CONNECTION_MS = 60_000

/** Longer than the 90 s for which Go's clients keep idle connections: the side that sends next is then the one that closes. */
const KEEP_ALIVE_MS = 120_000

/** A Fastify instance without routes, with the limits on connections that a server in reach of many pods needs. */
export function createHttpServer({ tls, requestTimeoutMs, onUnroutable }: HttpServerOptions): FastifyInstance {
  // Node looks for late requests at this interval, so it decides how true the timeout is. Where the time for the headers
  // is longer than that for all (its default of 60 s is), Node swaps the two.
  const http = { headersTimeout: requestTimeoutMs, connectionsCheckingInterval: Math.min(1000, requestTimeoutMs) }
  const options = {
    logger: false,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: IDLE_CONNECTION_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // What still arrives while the server closes is stored or gets an honest 503; Falcosidekick sends nothing twice.
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (thrown: Error, _request: unknown, reply: unknown): void =>
      onUnroutable(thrown, reply as FastifyReply),
  }
  if (tls === undefined) return Fastify({ ...options, http })
  const { cert, key, clientCa } = tls
  // A client without a certificate may have a token, so the handshake refuses nobody.
  const clients = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false }
  return Fastify({ ...options, https: { ...http, cert, key, ...clients } })
}

/**
 * Gives the requests that are under way when the server closes a last while, in milliseconds. Node no longer looks for
 * late requests by then, so a client that never finishes would keep the process from ending.
 */
export function boundClosing(app: FastifyInstance, graceMs: number): void {
  let timer: NodeJS.Timeout | undefined
  app.addHook('preClose', async () => {
    timer = setTimeout(() => app.server.closeAllConnections(), graceMs)
  })
  app.addHook('onClose', async () => clearTimeout(timer))
}
