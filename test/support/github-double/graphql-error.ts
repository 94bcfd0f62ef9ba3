import { GraphQLError } from 'graphql'

/** An error as GitHub's resolvers raise it; its `type` stands beside the message in the answer. */
export function graphqlError(type: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { type } })
}

/** GitHub's words for a repository that is not there, or not for this token. */
export function repositoryNotFound(nameWithOwner: string): GraphQLError {
  return graphqlError('NOT_FOUND', `Could not resolve to a Repository with the name '${nameWithOwner}'.`)
}

/** GitHub's words for a token without the permission. */
export function notAccessible(kind: 'personal' | 'installation'): string {
  return `Resource not accessible by ${kind === 'personal' ? 'personal access token' : 'integration'}`
}
