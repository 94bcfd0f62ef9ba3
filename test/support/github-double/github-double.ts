import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { BareRepository } from '../bare-repository.ts'
import { DoubleCredentials, type DoubleApp, type TokenGrant } from './double-credentials.ts'
import { DownloadServer } from './download-server.ts'
import { takeFault, type Fault } from './faults.ts'
import { answerGraphQL, operationOf, type GraphQLRequest } from './graphql-api.ts'
import { HostedRepository, type RepositoryTraits } from './hosted-repository.ts'
import { RateLimit } from './rate-limit.ts'
import { addRestApi } from './rest-api.ts'
import { refusal } from './rest-answer.ts'

/** A token that every double accepts unless it is told others. */
export const DOUBLE_TOKEN = 'github_pat_double0123456789'

/** How a double is set up. */
export interface GitHubDoubleOptions {
  /** Tokens by their value; {@link DOUBLE_TOKEN} with write access by default. */
  readonly tokens?: Readonly<Record<string, TokenGrant>>
  readonly app?: DoubleApp
  /** Addresses as on GitHub Enterprise Server: `/api/v3` and `/api/graphql`. */
  readonly enterprise?: boolean
}

/** A request that came in. `status` is undefined when it was not answered. */
interface DoubleRequest {
  readonly method: string
  readonly path: string
  /** Name of the GraphQL operation. */
  readonly operation: string | undefined
  readonly authorization: string | undefined
  readonly userAgent: string | undefined
  status: number | undefined
}

/** A stand-in for GitHub on 127.0.0.1, backed by real repositories and held against GitHub's own API descriptions. */
export interface GitHubDouble {
  /** Base of the REST API, as a config names it. */
  readonly apiUrl: string
  readonly credentials: DoubleCredentials
  /** Faults to come, in order; a test pushes its own. */
  readonly faults: Fault[]
  /** All requests so far, in order. */
  readonly requests: DoubleRequest[]
  /** The host that archives come from. */
  readonly downloads: DownloadServer
  /** Answers that GitHub could not have given, and fields that the double lacks. Empty, or the double is wrong. */
  readonly violations: readonly string[]
  /** Hosts a repository as `owner/name`. */
  host(nameWithOwner: string, origin: BareRepository, traits?: Partial<RepositoryTraits>): HostedRepository
  /** Stops, and fails when there were violations. */
  close(): Promise<void>
}

/** Starts a double on a free port. */
export async function startGitHubDouble(options: GitHubDoubleOptions = {}): Promise<GitHubDouble> {
  const double = new RunningDouble(options)
  await double.listen()
  return double
}

class RunningDouble implements GitHubDouble {
  readonly credentials: DoubleCredentials
  readonly faults: Fault[] = []
  readonly requests: DoubleRequest[] = []
  readonly downloads = new DownloadServer()
  readonly violations: string[] = []
  readonly #app: FastifyInstance
  readonly #repositories: HostedRepository[] = []
  readonly #prefix: string
  readonly #seen = new WeakMap<FastifyRequest, { readonly request: DoubleRequest; readonly fault: Fault | undefined }>()
  readonly #rateLimit: RateLimit | undefined
  #webUrl = ''

  constructor({ tokens, app, enterprise = false }: GitHubDoubleOptions) {
    this.credentials = new DoubleCredentials(tokens ?? { [DOUBLE_TOKEN]: { contents: 'write', kind: 'personal' } }, app)
    this.#prefix = enterprise ? '/api/v3' : ''
    // On GitHub Enterprise Server rate limits are off by default.
    this.#rateLimit = enterprise ? undefined : new RateLimit()
    this.#app = fastify({
      forceCloseConnections: true,
      bodyLimit: 50_000_000,
      routerOptions: { maxParamLength: 5000 },
    })
    this.#app.addHook('preHandler', (request, reply) => this.#beforeHandling(request, reply))
    this.#app.addHook('onSend', async (request, reply, payload) => this.#beforeSending(request, reply, payload))
    this.#app.setErrorHandler(async (error, _, reply) => {
      if (!wasHungUp(error))
        this.violations.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
      return reply.code(500).send({ message: 'Server Error' })
    })
    this.#app.post(enterprise ? '/api/graphql' : '/graphql', (request, reply) => this.#answerGraphQL(request, reply))
    addRestApi(this.#app, this.#prefix, {
      credentials: this.credentials,
      find: (name) => this.#find(name),
      apiUrl: () => this.apiUrl,
      webUrl: () => this.#webUrl,
      downloadUrl: (repository, sha) => this.downloads.urlOf(repository, sha),
      onViolation: (violation) => this.violations.push(violation),
    })
  }

  get apiUrl(): string {
    return this.#webUrl + this.#prefix
  }

  async listen(): Promise<void> {
    await this.#app.listen({ host: '127.0.0.1', port: 0 })
    await this.downloads.listen()
    this.#webUrl = `http://127.0.0.1:${(this.#app.server.address() as AddressInfo).port}`
  }

  host(nameWithOwner: string, origin: BareRepository, traits: Partial<RepositoryTraits> = {}): HostedRepository {
    const repository = new HostedRepository(nameWithOwner, origin, traits)
    this.#repositories.push(repository)
    return repository
  }

  async close(): Promise<void> {
    await Promise.all([this.#app.close(), this.downloads.close()])
    if (this.violations.length > 0) throw new Error(`the double is not like GitHub:\n${this.violations.join('\n')}`)
  }

  /** GitHub does not mind the case of names. */
  #find(nameWithOwner: string): HostedRepository | undefined {
    const name = nameWithOwner.toLowerCase()
    return this.#repositories.find(
      (one) =>
        one.nameWithOwner.toLowerCase() === name ||
        one.traits.formerNames.some((former) => former.toLowerCase() === name),
    )
  }

  async #answerGraphQL(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const grant = this.credentials.grantOf(request.headers.authorization)
    if (grant === undefined) return reply.code(401).send(refusal(401, 'Bad credentials').body)
    const answer = await answerGraphQL(request.body as GraphQLRequest, {
      grant,
      webUrl: this.#webUrl,
      find: (name) => (grant.contents === 'none' ? undefined : this.#find(name)),
      onViolation: (violation) => this.violations.push(violation),
    })
    return reply.send(answer)
  }

  async #beforeHandling(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { method, url: path, headers, body } = request
    const operation = path.endsWith('/graphql') ? operationOf(body ?? {}) : undefined
    const { authorization, 'user-agent': userAgent } = headers
    const seen: DoubleRequest = { method, path, operation, authorization, userAgent, status: undefined }
    this.requests.push(seen)
    const fault = takeFault(this.faults, seen)
    this.#seen.set(request, { request: seen, fault })
    if (fault?.kind === 'status') return sendAsWritten(reply, fault)
    if (fault?.kind === 'delay') await wait(fault.ms)
    if (fault?.kind === 'meanwhile') await fault.act(`${path} ${JSON.stringify(body ?? {})}`)
    if (fault?.kind === 'foreign-commit') await fault.repository.origin.commit(fault.files)
    if (fault?.kind !== 'hang-up' && fault?.kind !== 'never-answer') return undefined
    reply.hijack()
    if (fault.kind === 'hang-up') request.raw.socket.destroy()
    return reply
  }

  async #beforeSending(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
    const { request: seen, fault } = this.#seen.get(request) ?? {}
    reply.header('x-github-request-id', crypto.randomUUID())
    for (const [name, value] of this.#rateLimit?.headersFor(request) ?? []) {
      if (!reply.hasHeader(name)) reply.header(name, value)
    }
    if (fault?.kind === 'effect-then-hang-up') {
      reply.hijack()
      request.raw.socket.destroy()
      return payload
    }
    if (fault?.kind === 'effect-then-cut-off') {
      reply.header('content-length', Buffer.byteLength(String(payload)))
      return halfOf(String(payload))
    }
    if (seen !== undefined) seen.status = fault?.kind === 'effect-then-status' ? fault.status : reply.statusCode
    if (fault?.kind !== 'effect-then-status') return payload
    reply.code(fault.status)
    reply.removeHeader('content-length')
    return typeof fault.body === 'string' ? fault.body : JSON.stringify(fault.body ?? {})
  }
}

/** Whether a client broke off by itself, as one that is killed does. */
function wasHungUp(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET'
}

/** Half of an answer, after which its stream fails and takes the connection along. */
function halfOf(text: string): Readable {
  return Readable.from(
    (async function* halve() {
      yield text.slice(0, text.length / 2)
      // Lets the first half reach the wire before the connection ends.
      await wait(20)
      throw new Error('cut off')
    })(),
  )
}

function sendAsWritten(
  reply: FastifyReply,
  { status, headers = {}, body }: Extract<Fault, { kind: 'status' }>,
): FastifyReply {
  const type = typeof body === 'string' ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8'
  return reply
    .code(status)
    .header('content-type', type)
    .headers(headers)
    .send(typeof body === 'string' ? body : JSON.stringify(body ?? {}))
}
