import { ResponseError } from '@saker/core'
import type { GitHubCredential } from './github-credential.ts'
import type {
  BoundedAnswer,
  GitHubCall,
  GitHubExchange,
  GraphQLQuery,
  PartialAnswer,
  RestQuery,
  StreamQuery,
} from './github-exchange.ts'

/** Requests on one repository with one credential. A credential that can be renewed is renewed once when it is rejected. */
export class GitHubClient {
  readonly place: string
  readonly #exchange: GitHubExchange
  readonly #credential: GitHubCredential

  constructor(exchange: GitHubExchange, credential: GitHubCredential) {
    this.place = exchange.place
    this.#exchange = exchange
    this.#credential = credential
  }

  /** The same credential and server, for another branch. */
  at(place: string): GitHubClient {
    return new GitHubClient(this.#exchange.at(place), this.#credential)
  }

  /** See {@link GitHubExchange.graphql}. */
  async graphql(call: GitHubCall, query: GraphQLQuery): Promise<unknown> {
    return this.#authorized(call, async (proof) => this.#exchange.graphql(call, proof, query))
  }

  /** See {@link GitHubExchange.graphqlUpTo}. */
  async graphqlUpTo(call: GitHubCall, query: GraphQLQuery, maxBytes: number): Promise<BoundedAnswer> {
    return this.#authorized(call, async (proof) => this.#exchange.graphqlUpTo(call, proof, { ...query, maxBytes }))
  }

  /** See {@link GitHubExchange.graphqlInParts}. */
  async graphqlInParts(call: GitHubCall, query: GraphQLQuery): Promise<PartialAnswer> {
    return this.#authorized(call, async (proof) => this.#exchange.graphqlInParts(call, proof, query))
  }

  /** See {@link GitHubExchange.rest}. */
  async rest(call: GitHubCall, query: RestQuery): Promise<unknown> {
    return this.#authorized(call, async (proof) => this.#exchange.rest(call, proof, query))
  }

  /** See {@link GitHubExchange.stream}. */
  async stream<T>(call: GitHubCall, query: StreamQuery<T>): Promise<T> {
    return this.#authorized(call, async (proof) => this.#exchange.stream(call, proof, query))
  }

  /** See {@link GitHubExchange.unreadable}. */
  unreadable(call: GitHubCall): ResponseError {
    return this.#exchange.unreadable(call)
  }

  async #authorized<T>(call: GitHubCall, send: (proof: string) => Promise<T>): Promise<T> {
    const { signal } = call
    const proof = await this.#credential.authorization({ signal, renew: false })
    try {
      return await send(proof)
    } catch (error) {
      const rejected = error instanceof ResponseError && error.code === 'CREDENTIAL_INVALID'
      if (!rejected || !this.#credential.renewable) throw error
      return await send(await this.#credential.authorization({ signal, renew: true }))
    }
  }
}
