import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { DoubleCredentials, TokenGrant } from './double-credentials.ts'
import { notAccessible } from './graphql-error.ts'
import type { HostedRepository } from './hosted-repository.ts'
import { requestFault, responseFault, sampleOf } from './openapi.ts'
import { refusal, textsOf, type RestAnswer, type RestRoute } from './rest-answer.ts'
import { GIT_ROUTES } from './rest-git-routes.ts'
import { PULL_ROUTES } from './rest-pull-routes.ts'
import { REPOSITORY_ROUTES } from './rest-repository-routes.ts'

/** What the REST API stands on. */
export interface RestContext {
  readonly credentials: DoubleCredentials
  /** The repository of that name now or formerly. */
  readonly find: (nameWithOwner: string) => HostedRepository | undefined
  /** Base of the API, and of the pages for people. */
  readonly apiUrl: () => string
  readonly webUrl: () => string
  readonly downloadUrl: (repository: HostedRepository, sha: string) => string
  readonly onViolation: (violation: string) => void
}

/** Adds the REST API below a prefix. What it answers is held against GitHub's own description of it. */
export function addRestApi(app: FastifyInstance, prefix: string, context: RestContext): void {
  const add = (
    method: RestRoute['method'],
    path: string,
    answer: (request: FastifyRequest) => Promise<RestAnswer>,
  ): void => {
    app.route({
      method,
      url: prefix + fastifyPath(path),
      handler: async (request, reply) =>
        send(reply, checked(method, path, request.body, await answer(request), context)),
    })
  }
  add('GET', '/rate_limit', async (request) => rateLimit(context.credentials.grantOf(request.headers.authorization)))
  add('POST', '/app/installations/{installation_id}/access_tokens', async (request) =>
    installationToken(context.credentials, request),
  )
  for (const route of [...REPOSITORY_ROUTES, ...GIT_ROUTES, ...PULL_ROUTES]) {
    add(route.method, route.path, (request) => answerRoute(route, request, context))
  }
  app.setNotFoundHandler(async (_, reply) => send(reply, refusal(404, 'Not Found')))
}

/** `{ref}` and `{path}` may hold slashes, and stand last wherever they do. */
function fastifyPath(path: string): string {
  return path.replace(/\{(?:ref|path)\}$/u, '*').replaceAll(/\{(\w+)\}/gu, ':$1')
}

async function answerRoute(route: RestRoute, request: FastifyRequest, context: RestContext): Promise<RestAnswer> {
  const { credentials, find, apiUrl, webUrl, downloadUrl } = context
  const grant = credentials.grantOf(request.headers.authorization)
  if (grant === undefined) return refusal(401, 'Bad credentials')
  const { '*': rest, ...params } = textsOf(request.params)
  const named = `${params['owner'] ?? ''}/${params['repo'] ?? ''}`
  const repository = grant.contents === 'none' ? undefined : find(named)
  if (repository === undefined) return refusal(404, 'Not Found')
  if (repository.nameWithOwner.toLowerCase() !== named.toLowerCase())
    return moved(request, named, repository, route, context)
  const { contents, pullRequests = contents } = grant
  const permission = route.permission === 'pullRequests' ? pullRequests : contents
  if (permission === 'none' || (route.writes && permission !== 'write')) return refusal(403, notAccessible(grant.kind))
  if (route.writes && repository.traits.archived) return refusal(403, 'Repository was archived so is read-only.')
  if (route.path.includes('/git/') && (await repository.refs()).size === 0) {
    return refusal(409, 'Git Repository is empty.')
  }
  return route.answer({
    repository,
    params: rest === undefined ? params : { ...params, [route.path.endsWith('{ref}') ? 'ref' : 'path']: rest },
    query: textsOf(request.query),
    body: (request.body ?? {}) as Readonly<Record<string, unknown>>,
    url: `${apiUrl()}/repos/${repository.nameWithOwner}`,
    webUrl: `${webUrl()}/${repository.nameWithOwner}`,
    downloadUrl,
  })
}

function moved(
  request: FastifyRequest,
  former: string,
  { nameWithOwner }: HostedRepository,
  { method }: RestRoute,
  { webUrl }: RestContext,
): RestAnswer {
  const location = webUrl() + request.url.replace(`/repos/${former}`, `/repos/${nameWithOwner}`)
  const status = method === 'GET' ? 301 : 307
  const message = status === 301 ? 'Moved Permanently' : 'Temporary Redirect'
  const body = { message, url: location, documentation_url: 'https://docs.github.com/rest' }
  return { status, body, headers: { location } }
}

function rateLimit(grant: TokenGrant | undefined): RestAnswer {
  if (grant === undefined) return refusal(401, 'Bad credentials')
  const rate = { limit: 5000, remaining: 4999, reset: Math.floor(Date.now() / 1000) + 3600, used: 1 }
  const body = sampleOf('rate-limit-overview', { rate, resources: { core: rate, search: rate, graphql: rate } })
  return { status: 200, body }
}

function installationToken(credentials: DoubleCredentials, request: FastifyRequest): RestAnswer {
  const installation = textsOf(request.params)['installation_id'] ?? ''
  const made = credentials.createInstallationToken(request.headers.authorization, installation)
  if ('status' in made) return refusal(made.status, made.message)
  const { token, expiresAt, permissions } = made
  return { status: 201, body: { token, expires_at: expiresAt, permissions, repository_selection: 'selected' } }
}

/** Replaces an answer that GitHub could not have given by one that nobody overlooks. */
function checked(
  method: string,
  path: string,
  requestBody: unknown,
  answer: RestAnswer,
  { onViolation }: RestContext,
): RestAnswer {
  const faults = [
    ...(answer.status < 300 ? [requestFault(method, path, requestBody)] : []),
    // The description has no 301 for most routes, though GitHub's prose promises it for all.
    ...(answer.status === 301 || answer.status === 307
      ? []
      : [responseFault(method, path, answer.status, answer.body)]),
  ].filter((fault) => fault !== undefined)
  for (const fault of faults) onViolation(fault)
  return faults.length === 0 ? answer : refusal(500, `the double is not like GitHub: ${faults.join('; ')}`)
}

function send(reply: FastifyReply, { status, body, headers = {} }: RestAnswer): FastifyReply {
  return reply.code(status).headers(headers).send(body)
}
