import type { FastifyRequest } from 'fastify'
import type { HostedRepository } from './hosted-repository.ts'

/** What a REST route answers. */
export interface RestAnswer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** What a REST route is given. */
export interface RestRequest {
  readonly repository: HostedRepository
  /** Parts of the path, decoded. */
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
  /** Address of the repository in the API. */
  readonly url: string
  /** Address of the repository's pages. */
  readonly webUrl: string
  /** Address on the download server of a commit as an archive. */
  readonly downloadUrl: (repository: HostedRepository, sha: string) => string
}

/** A route: GitHub's own template of its path, and what it does. */
export interface RestRoute {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  /** Whether `contents: write` is asked for or, of a route of pull requests, that permission. */
  readonly writes: boolean
  readonly permission?: 'pullRequests'
  readonly answer: (request: RestRequest) => Promise<RestAnswer>
}

const DOCUMENTATION = 'https://docs.github.com/rest'

/** A failure in the form that GitHub's REST API gives all of them. */
export function refusal(status: number, message: string, errors?: readonly unknown[]): RestAnswer {
  const body = { message, ...(errors === undefined ? {} : { errors }), documentation_url: DOCUMENTATION }
  return { status, body: { ...body, status: String(status) } }
}

/** A part of a request's parameters as texts. */
export function textsOf(values: FastifyRequest['params']): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values as object).map(([key, value]) => [key, String(value)]))
}
