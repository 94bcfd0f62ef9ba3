import { ResponseError } from '@saker/core'
import type { PastCommit } from '@saker/engine'
import { listAt, recordOf, textAt, valueAt } from './github-answer.ts'
import { repositoryNotFound } from './github-errors.ts'
import { LISTING } from './read-tree-query.ts'

/** The commit a branch points to, and all that later requests need to know beside its tree. */
export interface Tip {
  readonly sha: string
  readonly treeSha: string
  /** GitHub's own id of the repository. */
  readonly repositoryId: string
  /** `owner/name` as it is now: the configured one may have been renamed. */
  readonly nameWithOwner: string
  readonly archived: boolean
  readonly past: readonly PastCommit[]
}

/**
 * The tip in an answer to a head query; undefined when the answer is not of that form. Ends in `REPOSITORY_NOT_FOUND`,
 * `REPOSITORY_EMPTY` or `BRANCH_NOT_FOUND` when the answer says so.
 */
export function tipOf(answer: unknown, place: string): Tip | undefined {
  const repository = valueAt(answer, 'repository')
  if (repository === null) throw repositoryNotFound(place)
  if (recordOf(repository) === undefined) return undefined
  const target = valueAt(repository, 'ref', 'target')
  if (recordOf(target) === undefined) throw branchMissing(repository, place)
  const sha = textAt(target, 'oid')
  const treeSha = textAt(target, 'tree', 'oid')
  const repositoryId = textAt(repository, 'id')
  const nameWithOwner = textAt(repository, 'nameWithOwner')
  if (sha === undefined || treeSha === undefined) return undefined
  if (repositoryId === undefined || nameWithOwner === undefined) return undefined
  const archived = valueAt(repository, 'isArchived') === true
  const past = (listAt(target, 'history', 'nodes') ?? []).flatMap(pastCommit)
  return { sha, treeSha, repositoryId, nameWithOwner, archived, past }
}

/**
 * The tip in the beginning of an answer that was cut off in its tree. GraphQL answers in the order of the query, so the
 * tip is whole when the tree has begun. Inside a text the quotes of the mark would be escaped, so it is found nowhere
 * else. Undefined when it is not found, or anything else is unusual.
 */
export function tipOfCutOff(text: string, place: string): Tip | undefined {
  const mark = new RegExp(`,\\s*"${LISTING}"\\s*:`, 'u').exec(text)
  if (mark === null) return undefined
  try {
    const answer: unknown = JSON.parse(`${text.slice(0, mark.index)}}}}}}`)
    return valueAt(answer, 'errors') === undefined ? tipOf(valueAt(answer, 'data'), place) : undefined
  } catch {
    return undefined
  }
}

/** Why there is no tip. */
export function branchMissing(repository: unknown, place: string): ResponseError {
  return valueAt(repository, 'isEmpty') === true
    ? new ResponseError('REPOSITORY_EMPTY', `the repository of ${place} is empty`)
    : new ResponseError('BRANCH_NOT_FOUND', `${place} does not exist`)
}

/** A commit of an answer to a query for the history; nothing where the answer is not of that form. */
export function pastCommit(node: unknown): PastCommit[] {
  const sha = textAt(node, 'oid')
  const message = textAt(node, 'message')
  const url = textAt(node, 'url')
  const at = Date.parse(textAt(node, 'committedDate') ?? '')
  if (sha === undefined || message === undefined || Number.isNaN(at)) return []
  return [{ sha, message, at, ...(url === undefined ? {} : { url }) }]
}

/** A commit that a history was to begin with, or a file be read at, is gone: the branch was rewritten. */
export function commitMissing(sha: string, place: string): ResponseError {
  return new ResponseError('BRANCH_MOVED', `commit ${sha} is not in ${place} any more`)
}
