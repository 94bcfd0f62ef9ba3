import { Octokit } from '@octokit/rest'
import { ResponseError } from '@saker/core'
import type { RequestObserver } from '@saker/engine'
import { AnswerCutOff, fetchUpTo } from './answer-cut-off.ts'
import { Deadline } from './deadline.ts'
import { recordOf } from './github-answer.ts'
import { errorOf, type CallPurpose } from './github-errors.ts'
import { failureOf, headersOf, unreadableAnswer } from './github-failure.ts'
import { budgetOf } from './rate-limit.ts'

/** One request: its name in metrics, what its failure means, and how it is called off. */
export interface GitHubCall {
  readonly operation: string
  readonly purpose: CallPurpose
  readonly signal: AbortSignal
}

/** A GraphQL query or mutation with its variables. */
export interface GraphQLQuery {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
}

/** A REST request: `METHOD /path` with every part already encoded, and its body. */
export interface RestQuery {
  readonly route: string
  readonly body?: Readonly<Record<string, unknown>>
}

/** A REST request whose answer is taken as it comes. */
export interface StreamQuery<T> {
  readonly route: string
  readonly consume: (body: AsyncIterable<Uint8Array>) => Promise<T>
}

/** A GraphQL answer's `data`, or the beginning of an answer that was longer than allowed. */
export type BoundedAnswer = { readonly data: unknown } | { readonly beginning: string }

/** A GraphQL answer of which some may have failed: its `data`, and the error that the failed parts add up to. */
export interface PartialAnswer {
  readonly data: unknown
  readonly error?: ResponseError
}

/** What every exchange with one GitHub shares. */
export interface GitHubExchangeOptions {
  /** REST base; the GraphQL address follows from it. */
  readonly apiUrl: string
  /** `owner/repository#branch`, as errors name it. */
  readonly place: string
  readonly userAgent: string
  readonly timeoutMs: number
  readonly observe: RequestObserver
  readonly now: () => number
}

/** A body may take as long as this many requests in all, as long as something comes. */
const STREAM_TIMEOUTS = 10

interface Settled<T> {
  readonly status: number
  readonly data: T
}

/** How a request is sent: what calls it off, and who is told the headers of its answer, which Octokit keeps of GraphQL. */
interface Sending {
  readonly signal: AbortSignal
  readonly hear: (headers: unknown) => void
}

const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore }

function ignore(): void {}

/**
 * Sends one request with the authorization it is given, reports it to the observer and turns every failure into a
 * `ResponseError`. Retries nothing: when to try again is the lane's decision. Each request ends after `timeoutMs`.
 */
export class GitHubExchange {
  readonly place: string
  readonly now: () => number
  readonly #octokit: Octokit
  readonly #timeoutMs: number
  readonly #observe: RequestObserver
  readonly #options: GitHubExchangeOptions

  constructor(options: GitHubExchangeOptions) {
    this.#options = options
    this.place = options.place
    this.now = options.now
    this.#timeoutMs = options.timeoutMs
    this.#observe = options.observe
    const baseUrl = options.apiUrl.replace(/\/+$/u, '')
    this.#octokit = new Octokit({ baseUrl, userAgent: options.userAgent, log: silent, request: { log: silent } })
    this.#octokit.hook.after('request', ({ headers }, { request }) => {
      const hear: unknown = request?.['hear']
      if (typeof hear === 'function') hear(headers)
    })
  }

  /** The same server, for another branch. */
  at(place: string): GitHubExchange {
    return new GitHubExchange({ ...this.#options, place })
  }

  /** Gives the `data` of a GraphQL answer. Any error in the answer fails the whole. */
  async graphql(call: GitHubCall, authorization: string, { query, variables }: GraphQLQuery): Promise<unknown> {
    return this.#settle(call, async (request) => {
      const data: unknown = await this.#octokit.graphql(query, { ...variables, headers: { authorization }, request })
      return { status: 200, data }
    })
  }

  /** As `graphql`, but when only parts of an answer failed, gives the others too. */
  async graphqlInParts(
    call: GitHubCall,
    authorization: string,
    { query, variables }: GraphQLQuery,
  ): Promise<PartialAnswer> {
    return this.#settle(call, async (request): Promise<Settled<PartialAnswer>> => {
      try {
        const data: unknown = await this.#octokit.graphql(query, { ...variables, headers: { authorization }, request })
        return { status: 200, data: { data } }
      } catch (thrown) {
        const data = recordOf(thrown)?.['data']
        if (!Object.values(recordOf(data) ?? {}).some((part) => part !== null)) throw thrown
        const error = errorOf(failureOf(thrown), { place: this.place, purpose: call.purpose, now: this.now })
        return { status: 200, data: { data, error } }
      }
    })
  }

  /** As `graphql`, but takes no more than `maxBytes` of an answer. */
  async graphqlUpTo(
    call: GitHubCall,
    authorization: string,
    { query, variables, maxBytes }: GraphQLQuery & { readonly maxBytes: number },
  ): Promise<BoundedAnswer> {
    return this.#settle(call, async (sending): Promise<Settled<BoundedAnswer>> => {
      try {
        const request = { ...sending, fetch: fetchUpTo(maxBytes) }
        const data: unknown = await this.#octokit.graphql(query, { ...variables, headers: { authorization }, request })
        return { status: 200, data: { data } }
      } catch (thrown) {
        const cause = thrown instanceof Error ? thrown.cause : undefined
        if (cause instanceof AnswerCutOff) return { status: 200, data: { beginning: cause.beginning } }
        throw thrown
      }
    })
  }

  /** Gives the body of a REST answer. */
  async rest(call: GitHubCall, authorization: string, { route, body = {} }: RestQuery): Promise<unknown> {
    return this.#settle(call, async (request) => {
      const response = await this.#octokit.request(route, { ...body, headers: { authorization }, request })
      return { status: response.status, data: response.data as unknown }
    })
  }

  /**
   * Gives what `consume` makes of a REST answer's body. The request ends when nothing has come for as long as a request
   * may take. What `consume` throws is told as a failure of the request, unless it is a `ResponseError`.
   */
  async stream<T>(call: GitHubCall, authorization: string, { route, consume }: StreamQuery<T>): Promise<T> {
    const deadline = new Deadline(this.#timeoutMs, this.#timeoutMs * STREAM_TIMEOUTS)
    try {
      const { value } = await this.#settle(
        call,
        async (sending) => {
          const request = { ...sending, parseSuccessResponseBody: false }
          const response = await this.#octokit.request(route, { headers: { authorization }, request })
          const body = response.data as AsyncIterable<Uint8Array>
          return { status: response.status, data: { value: await consume(deadline.watch(body)) } }
        },
        deadline.signal,
      )
      return value
    } finally {
      deadline.clear()
    }
  }

  /** For answers that arrived whole and still are not what was asked for. */
  unreadable(call: GitHubCall): ResponseError {
    return errorOf(unreadableAnswer(), { place: this.place, purpose: call.purpose, now: this.now })
  }

  async #settle<T>(
    call: GitHubCall,
    send: (sending: Sending) => Promise<Settled<T>>,
    deadline: AbortSignal = AbortSignal.timeout(this.#timeoutMs),
  ): Promise<T> {
    const { operation, purpose, signal } = call
    if (signal.aborted) throw this.#calledOff(signal)
    let headers: Readonly<Record<string, string>> = {}
    const hear = (heard: unknown): void => void (headers = headersOf(heard))
    const observe = (status: string): void => {
      const budget = budgetOf(headers, this.now)
      this.#observe({ operation, status, ...(budget === undefined ? {} : { budget }) })
    }
    const answer = await send({ signal: AbortSignal.any([signal, deadline]), hear }).catch((thrown: unknown) => {
      if (thrown instanceof ResponseError) {
        observe('200')
        throw thrown
      }
      const failure = failureOf(thrown)
      hear(failure.headers)
      observe(failure.status === undefined ? 'error' : String(failure.status))
      if (signal.aborted && purpose !== 'write') throw this.#calledOff(signal)
      throw errorOf(failure, { place: this.place, purpose, now: this.now })
    })
    observe(String(answer.status))
    // Octokit gives an empty text for a body that broke off, and text for a page of a proxy.
    if (recordOf(answer.data) !== undefined || Array.isArray(answer.data)) return answer.data
    throw signal.aborted && purpose !== 'write' ? this.#calledOff(signal) : this.unreadable(call)
  }

  #calledOff(signal: AbortSignal): ResponseError {
    const reason: unknown = signal.reason
    if (reason instanceof ResponseError) return reason
    return new ResponseError('REPOSITORY_UNAVAILABLE', `the request on ${this.place} was called off`, { cause: reason })
  }
}
