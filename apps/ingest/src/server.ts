import { ResponseError, type Config, type Log } from '@saker/core'
import type { LoadedToken } from '@saker/service'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AcknowledgedFingerprints } from './acknowledged-fingerprints.ts'
import { alertFormatOf, packagingOf, type Packaging } from './alert-format.ts'
import type { AlertSink } from './alert-sink.ts'
import { authenticate, certificateOf } from './authenticate.ts'
import { chooseCluster } from './choose-cluster.ts'
import { enqueueAlert, type EnqueueDependencies } from './enqueue.ts'
import { Exchange } from './exchange.ts'
import { boundClosing, createHttpServer, type IngestTls } from './http-server.ts'
import type { IngestObserver } from './ingest-observer.ts'
import { readAlerts } from './read-alerts.ts'
import { bodyEncodingOf, readBody, type BodyEncoding } from './read-body.ts'
import { sendProblem } from './send-problem.ts'

/** What ingest is made of. Config and tokens are asked for anew at every request, so a reload needs no restart. */
export interface IngestDependencies {
  readonly config: () => Config
  readonly tokens: () => readonly LoadedToken[]
  /** Whether senders without a token are let in. */
  readonly anonymous: () => boolean
  readonly sink: AlertSink
  readonly log: Log
  readonly observe: IngestObserver
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Every delivery becomes `observe`. */
  readonly dryRun: boolean
  readonly tls?: IngestTls
  /** Largest body, before and after decompression. Default: 1 MiB. */
  readonly bodyLimitBytes?: number
  /** How long a client may take to send a request. Default: 10 s. */
  readonly requestTimeoutMs?: number
  /** How long storing one job may take before the answer is 503. Default: 5 s. */
  readonly sinkTimeoutMs?: number
}

const DEFAULT_BODY_LIMIT_BYTES = 1024 * 1024
const DEFAULT_REQUEST_TIMEOUT_MS = 10_000
const DEFAULT_SINK_TIMEOUT_MS = 5000

/** What is decided about a request before its body is read. */
interface Admission {
  readonly config: Config
  readonly cluster: string
  readonly packaging: Packaging
  readonly encoding: BodyEncoding
}

/**
 * The HTTP edge that alerts arrive at: `POST` and `PUT` on `/` and `/clusters/:cluster`. It authenticates before it reads
 * a body, and stores before it says 202.
 */
export function buildIngestServer(deps: IngestDependencies): FastifyInstance {
  const requestTimeoutMs = deps.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS
  const app = createHttpServer({
    tls: deps.tls,
    requestTimeoutMs,
    onUnroutable: (thrown, reply) => sendProblem(thrown, reply, new Exchange(deps)),
  })
  const storing: EnqueueDependencies = {
    sink: deps.sink,
    acknowledged: new AcknowledgedFingerprints(deps.now),
    now: deps.now,
    dryRun: deps.dryRun,
    sinkTimeoutMs: deps.sinkTimeoutMs ?? DEFAULT_SINK_TIMEOUT_MS,
  }
  deps.sink.onDisconnect(() => storing.acknowledged.clear())
  boundClosing(app, requestTimeoutMs + storing.sinkTimeoutMs)
  const limitBytes = deps.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES
  app.decorateRequest('exchange', null)
  app.decorateRequest('admission', null)
  // The handler reads the body itself: sizes, encodings and media types are judged in one place.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.addHook('onRequest', async (request) => {
    const exchange = new Exchange(deps)
    request.setDecorator('exchange', exchange)
    if (request.is404) throw new ResponseError('ROUTE_UNKNOWN', 'alerts are taken at / and /clusters/<name>')
    request.setDecorator('admission', admit(request, exchange, deps))
  })
  app.setErrorHandler((thrown, request, reply) => sendProblem(thrown, reply, exchangeOf(request)))
  for (const url of ['/', '/clusters/:cluster']) {
    app.route({
      method: ['POST', 'PUT'],
      url,
      handler: (request, reply) => takeAlerts(request, reply, { limitBytes, storing }),
    })
  }
  return app
}

function exchangeOf(request: FastifyRequest): Exchange {
  return request.getDecorator<Exchange>('exchange')
}

/** Whom, for which cluster, in which form; written into the exchange as far as it gets. */
function admit(request: FastifyRequest, exchange: Exchange, deps: IngestDependencies): Admission {
  const { headers, raw } = request
  const config = deps.config()
  const credentials = { authorization: headers.authorization, certificate: certificateOf(raw.socket) }
  const sender = authenticate(credentials, { tokens: deps.tokens(), anonymous: deps.anonymous() })
  exchange.sender = sender.name
  const cluster = chooseCluster(config, sender, (request.params as { readonly cluster?: string }).cluster)
  exchange.cluster = cluster
  return { config, cluster, packaging: packagingOf(headers), encoding: bodyEncodingOf(headers) }
}

async function takeAlerts(
  request: FastifyRequest,
  reply: FastifyReply,
  { limitBytes, storing }: { readonly limitBytes: number; readonly storing: EnqueueDependencies },
): Promise<FastifyReply> {
  const exchange = exchangeOf(request)
  const { config, cluster, packaging, encoding } = request.getDecorator<Admission>('admission')
  const text = await readBody(request.raw, encoding, limitBytes)
  exchange.format = alertFormatOf(packaging, request.headers['user-agent'], text)
  const { 'ce-type': eventType, 'ce-specversion': eventVersion } = request.headers
  const alerts = readAlerts({ packaging, eventType, eventVersion, text })
  exchange.expect(alerts.length)
  for (const alert of alerts) {
    // One after the other: the order of a batch is kept, and a queue that fails on one alert is not asked for the rest.
    exchange.settle(alert, await enqueueAlert(alert, { config, cluster }, storing))
  }
  const result = exchange.conclude()
  return reply
    .code(result === 'ignored' ? 204 : 202)
    .header('saker-result', result)
    .send()
}
