import type { GraphQLQuery } from './github-exchange.ts'

/** Folders below a root that one query reaches. Deeper ones cost a further request. */
const LEVELS = 8

/** Whether a query brings the texts of files along, or only lists them. */
export type TreeDepth = 'texts' | 'names'

/** A repository and branch as GitHub's API names them. */
export interface GitHubBranch {
  readonly owner: string
  readonly name: string
  readonly branch: string
}

const BLOB_WITH_TEXT = '... on Blob { byteSize isBinary isTruncated text }'
const BLOB = '... on Blob { byteSize isBinary isTruncated }'

/**
 * The query that reads the tip of a branch and everything under some roots at once. All of it hangs on the one commit
 * that the branch points to, so that the tree belongs to the sha whatever happens to the branch meanwhile.
 *
 * The answer holds root number N as `rN` (an entry), or the whole tree as `tree` when a root is empty.
 *
 * @see https://docs.github.com/en/graphql/reference/objects#commit
 */
export function headQuery(
  { owner, name, branch }: GitHubBranch,
  roots: readonly string[],
  options: { readonly depth: TreeDepth; readonly past: number },
): GraphQLQuery {
  const whole = roots.includes('')
  const named = whole ? [] : roots.map((root, index) => ({ key: `r${index}`, variable: `root${index}`, root }))
  const parameters = [
    '$owner: String!',
    '$name: String!',
    '$ref: String!',
    ...named.map(({ variable }) => `$${variable}: String!`),
  ]
  const query = `query ReadHead(${parameters.join(', ')}) {
  repository(owner: $owner, name: $name) {
    nameWithOwner
    isArchived
    isEmpty
    ref(qualifiedName: $ref) {
      target {
        oid
        ... on Commit {
          tree { oid${whole ? ' ...Level1' : ''} }
          ${named.map(({ key, variable }) => `${key}: file(path: $${variable}) { ...Entry1 }`).join('\n          ')}
          ${options.past > 0 ? `history(first: ${Math.min(options.past, 100)}) { nodes { oid url message committedDate } }` : ''}
        }
      }
    }
  }
}
${named.length === 0 ? '' : `fragment Entry1 on TreeEntry { name mode oid object { ${blobFields(options.depth)} ...Level1 } }\n`}${levelFragments(options.depth, whole || named.length > 0)}`
  const rootVariables = Object.fromEntries(named.map(({ variable, root }) => [variable, root]))
  return { query, variables: { owner, name, ref: `refs/heads/${branch}`, ...rootVariables } }
}

/** The query for single folders and files by object id; the answer holds number N as `oN`. */
export function objectsQuery({ owner, name }: GitHubBranch, oids: readonly string[], depth: TreeDepth): GraphQLQuery {
  const parameters = oids.map((_, index) => `$oid${index}: GitObjectID!`)
  const objects = oids.map((_, index) => `o${index}: object(oid: $oid${index}) { ${blobFields(depth)} ...Level1 }`)
  const query = `query ReadObjects($owner: String!, $name: String!, ${parameters.join(', ')}) {
  repository(owner: $owner, name: $name) {
    ${objects.join('\n    ')}
  }
}
${levelFragments(depth)}`
  const variables = Object.fromEntries(oids.map((oid, index) => [`oid${index}`, oid]))
  return { query, variables: { owner, name, ...variables } }
}

/**
 * The query for roots at a commit by expression, for servers that do not resolve `Commit.file` to folders. The answer
 * holds number N as `oN`, and as `pN` the folder it lies in, which alone tells its mode.
 */
export function rootsQuery(
  { owner, name }: GitHubBranch,
  { sha, roots }: { readonly sha: string; readonly roots: readonly string[] },
  depth: TreeDepth,
): GraphQLQuery {
  const expressions = roots.flatMap((root, index) => [
    [`o${index}`, `${sha}:${root}`, `${blobFields(depth)} ...Level1`] as const,
    [
      `p${index}`,
      `${sha}:${root.split('/').slice(0, -1).join('/')}`,
      '... on Tree { entries { name mode oid } }',
    ] as const,
  ])
  const query = `query ReadRoots($owner: String!, $name: String!, ${expressions.map(([key]) => `$${key}: String!`).join(', ')}) {
  repository(owner: $owner, name: $name) {
    ${expressions.map(([key, , fields]) => `${key}: object(expression: $${key}) { ${fields} }`).join('\n    ')}
  }
}
${levelFragments(depth)}`
  const variables = Object.fromEntries(expressions.map(([key, expression]) => [key, expression]))
  return { query, variables: { owner, name, ...variables } }
}

function blobFields(depth: TreeDepth): string {
  return depth === 'texts' ? BLOB_WITH_TEXT : BLOB
}

/** Fragments that spread one another, because GraphQL has no recursion. */
function levelFragments(depth: TreeDepth, used = true): string {
  if (!used) return ''
  const fragments = []
  for (let level = 1; level <= LEVELS; level += 1) {
    const deeper = level < LEVELS ? ` ...Level${level + 1}` : ''
    fragments.push(
      `fragment Level${level} on Tree { entries { name mode oid object { ${blobFields(depth)}${deeper} } } }`,
    )
  }
  return fragments.join('\n')
}
