import { readFileSync } from 'node:fs'
import {
  buildSchema,
  execute,
  GraphQLError,
  parse,
  validate,
  type DocumentNode,
  type GraphQLFieldResolver,
  type GraphQLSchema,
} from 'graphql'
import type { TokenGrant } from './double-credentials.ts'
import { createCommitOnBranch, type CreateCommitInput } from './graphql-commit.ts'
import { repositoryNotFound } from './graphql-error.ts'
import { createRef, enableAutoMerge, type CreateRefInput } from './graphql-pull-requests.ts'
import { repositorySource, type GraphQLSource } from './graphql-objects.ts'
import type { HostedRepository } from './hosted-repository.ts'

const SCHEMA = new URL('../../node_modules/@octokit/graphql-schema/schema.graphql', import.meta.url)

let loaded: GraphQLSchema | undefined

/** GitHub's published schema, read once and only when it is needed. */
function githubSchema(): GraphQLSchema {
  loaded ??= buildSchema(readFileSync(SCHEMA, 'utf8'), { assumeValid: true, assumeValidSDL: true, noLocation: true })
  return loaded
}

/** The body of a GraphQL request. */
export interface GraphQLRequest {
  readonly query?: string
  readonly variables?: Readonly<Record<string, unknown>>
  readonly operationName?: string
}

/** What a request is executed with. */
export interface GraphQLContext {
  readonly grant: TokenGrant
  readonly webUrl: string
  /** The repository of that name, unless it is hidden from the token. */
  readonly find: (nameWithOwner: string) => HostedRepository | undefined
  /** Told of what the double lacks. */
  readonly onViolation: (violation: string) => void
}

/** The name of a request's operation, for those who watch or disturb it. */
export function operationOf({ query = '', operationName }: GraphQLRequest): string | undefined {
  return operationName ?? /\b(?:query|mutation)\s+(\w+)/u.exec(query)?.[1]
}

/** Checks a request against GitHub's schema, executes it and puts errors into GitHub's form. */
export async function answerGraphQL(request: GraphQLRequest, context: GraphQLContext): Promise<object> {
  let document: DocumentNode
  try {
    document = parse(request.query ?? '')
  } catch (error) {
    return { errors: [{ message: error instanceof Error ? error.message : String(error) }] }
  }
  const schema = githubSchema()
  const faults = validate(schema, document)
  if (faults.length > 0) return { errors: faults.map(inGitHubsForm) }
  const result = await execute({
    schema,
    document,
    rootValue: rootOf(context),
    contextValue: context,
    fieldResolver: resolveField,
    ...(request.variables === undefined ? {} : { variableValues: request.variables }),
    ...(request.operationName === undefined ? {} : { operationName: request.operationName }),
  })
  for (const { originalError } of result.errors ?? []) {
    // An error of GitHub's is a GraphQLError itself; anything else is a fault of the double.
    if (originalError !== undefined && !(originalError instanceof GraphQLError)) {
      context.onViolation(originalError.stack ?? originalError.message)
    }
  }
  return { data: result.data ?? null, ...(result.errors ? { errors: result.errors.map(inGitHubsForm) } : {}) }
}

function rootOf({ grant, webUrl, find }: GraphQLContext): GraphQLSource {
  return {
    viewer: { __typename: 'User', id: 'U_1', login: 'token-owner' },
    rateLimit: {
      __typename: 'RateLimit',
      limit: 5000,
      cost: 1,
      remaining: 4999,
      used: 1,
      nodeCount: 0,
      resetAt: new Date(Date.now() + 3_600_000).toISOString(),
    },
    repository: ({ owner, name }: { readonly owner: string; readonly name: string }) => {
      const repository = find(`${owner}/${name}`)
      if (repository === undefined) throw repositoryNotFound(`${owner}/${name}`)
      return repositorySource(repository, webUrl)
    },
    createCommitOnBranch: ({ input }: { readonly input: CreateCommitInput }) =>
      createCommitOnBranch(input, find(input.branch.repositoryNameWithOwner ?? ''), { grant, webUrl }),
    createRef: ({ input }: { readonly input: CreateRefInput }) => createRef(input, { grant, webUrl, find }),
    enablePullRequestAutoMerge: ({ input }: { readonly input: Parameters<typeof enableAutoMerge>[0] }) =>
      enableAutoMerge(input, { grant, webUrl, find }),
  }
}

/** A field that the double does not know fails instead of being null: null would be an answer. */
const resolveField: GraphQLFieldResolver<GraphQLSource, GraphQLContext> = (
  source,
  args,
  _context,
  { fieldName, parentType },
) => {
  const value = source[fieldName]
  if (value === undefined) throw new Error(`the double does not know ${parentType.name}.${fieldName}`)
  return typeof value === 'function' ? (value as (args: unknown) => unknown)(args) : value
}

function inGitHubsForm(error: GraphQLError): object {
  const { type, ...extensions } = error.extensions
  return {
    ...(type === undefined ? {} : { type }),
    ...(error.path === undefined ? {} : { path: error.path }),
    ...(Object.keys(extensions).length === 0 ? {} : { extensions }),
    ...(error.locations === undefined ? {} : { locations: error.locations }),
    message: error.message,
  }
}
