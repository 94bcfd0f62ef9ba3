import { Octokit } from '@octokit/rest'
import { ResponseError } from '@saker/core'
import type { RequestObserver } from '@saker/engine'
import { recordOf } from './github-answer.ts'
import { errorOf, type CallPurpose } from './github-errors.ts'
import { failureOf, unreadableAnswer } from './github-failure.ts'

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

  constructor(options: GitHubExchangeOptions) {
    this.place = options.place
    this.now = options.now
    this.#timeoutMs = options.timeoutMs
    this.#observe = options.observe
    const baseUrl = options.apiUrl.replace(/\/+$/u, '')
    this.#octokit = new Octokit({ baseUrl, userAgent: options.userAgent, log: silent, request: { log: silent } })
  }

  /** Gives the `data` of a GraphQL answer. Any error in the answer fails the whole. */
  async graphql(call: GitHubCall, authorization: string, { query, variables }: GraphQLQuery): Promise<unknown> {
    return this.#settle(call, async (signal) => {
      const data: unknown = await this.#octokit.graphql(query, {
        ...variables,
        headers: { authorization },
        request: { signal },
      })
      return { status: 200, data }
    })
  }

  /** Gives the body of a REST answer. */
  async rest(call: GitHubCall, authorization: string, { route, body = {} }: RestQuery): Promise<unknown> {
    return this.#settle(call, async (signal) => {
      const response = await this.#octokit.request(route, { ...body, headers: { authorization }, request: { signal } })
      return { status: response.status, data: response.data as unknown }
    })
  }

  /** For answers that arrived whole and still are not what was asked for. */
  unreadable(call: GitHubCall): ResponseError {
    return errorOf(unreadableAnswer(), { place: this.place, purpose: call.purpose, now: this.now })
  }

  async #settle(
    call: GitHubCall,
    send: (signal: AbortSignal) => Promise<{ readonly status: number; readonly data: unknown }>,
  ): Promise<unknown> {
    const { operation, purpose, signal } = call
    if (signal.aborted) throw this.#calledOff(signal)
    const answer = await send(AbortSignal.any([signal, AbortSignal.timeout(this.#timeoutMs)])).catch(
      (thrown: unknown) => {
        const failure = failureOf(thrown)
        this.#observe({ operation, status: failure.status === undefined ? 'error' : String(failure.status) })
        if (signal.aborted && purpose !== 'write') throw this.#calledOff(signal)
        throw errorOf(failure, { place: this.place, purpose, now: this.now })
      },
    )
    this.#observe({ operation, status: String(answer.status) })
    // Octokit gives an empty text for a body that broke off, and text for a page of a proxy.
    if (recordOf(answer.data) !== undefined) return answer.data
    throw signal.aborted && purpose !== 'write' ? this.#calledOff(signal) : this.unreadable(call)
  }

  #calledOff(signal: AbortSignal): ResponseError {
    const reason: unknown = signal.reason
    if (reason instanceof ResponseError) return reason
    return new ResponseError('REPOSITORY_UNAVAILABLE', `the request on ${this.place} was called off`, { cause: reason })
  }
}
