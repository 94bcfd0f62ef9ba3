import type { GraphQLQuery } from './github-exchange.ts'

/** Folders that one query reaches below the root. A deeper tree is read in another way. */
const LEVELS = 8

/** A repository and branch as GitHub's API names them. */
export interface GitHubBranch {
  readonly owner: string
  readonly name: string
  readonly branch: string
}

const BLOB = '... on Blob { byteSize isBinary isTruncated text }'

/** What the tree is called in an answer. It stands last there, behind all that is known of the tip. */
export const LISTING = 'listing'

/**
 * The query that reads the tip of a branch: its commit, as many past commits as asked for, and with `tree` everything in
 * it at once. All of it hangs on the one commit that the branch points to, so that the tree belongs to the sha whatever
 * happens to the branch meanwhile.
 *
 * @see https://docs.github.com/en/graphql/reference/objects#commit
 */
export function headQuery(
  { owner, name, branch }: GitHubBranch,
  { tree, past }: { readonly tree: boolean; readonly past: number },
): GraphQLQuery {
  const query = `query ${tree ? 'ReadHead' : 'ReadTip'}($owner: String!, $name: String!, $ref: String!) {
  repository(owner: $owner, name: $name) {
    id
    nameWithOwner
    isArchived
    isEmpty
    ref(qualifiedName: $ref) {
      target {
        oid
        ... on Commit {
          tree { oid }
          ${past > 0 ? `history(first: ${Math.min(past, 100)}) { nodes { oid url message committedDate } }` : ''}
          ${tree ? `${LISTING}: tree { ...Level1 }` : ''}
        }
      }
    }
  }
}
${tree ? levelFragments() : ''}`
  return { query, variables: { owner, name, ref: `refs/heads/${branch}` } }
}

/** The query for single files by object id; the answer holds number N as `oN`. */
export function blobsQuery({ owner, name }: GitHubBranch, oids: readonly string[]): GraphQLQuery {
  const parameters = oids.map((_, index) => `$oid${index}: GitObjectID!`)
  const objects = oids.map((_, index) => `o${index}: object(oid: $oid${index}) { ${BLOB} }`)
  const query = `query ReadBlobs($owner: String!, $name: String!, ${parameters.join(', ')}) {
  repository(owner: $owner, name: $name) {
    ${objects.join('\n    ')}
  }
}`
  const variables = Object.fromEntries(oids.map((oid, index) => [`oid${index}`, oid]))
  return { query, variables: { owner, name, ...variables } }
}

/** Fragments that spread one another, because GraphQL has no recursion. */
function levelFragments(): string {
  const fragments = []
  for (let level = 1; level <= LEVELS; level += 1) {
    const deeper = level < LEVELS ? ` ...Level${level + 1}` : ''
    fragments.push(`fragment Level${level} on Tree { entries { name mode oid object { ${BLOB}${deeper} } } }`)
  }
  return fragments.join('\n')
}
