import { blobOid, ResponseError } from '@saker/core'
import { layoutOf, planActions, type BuiltObject, type Layout, type RepositoryPlace } from '@saker/manifest'

/** One file alone in a repository of which nothing else is known. */
export interface LoneFile {
  readonly layout: Layout
  readonly objects: readonly BuiltObject[]
  /** Codes of what could not be read. */
  readonly unreadable: readonly string[]
}

/** Builds a repository of one file, as Saker does for a cluster that may have all of it. */
export function loneFile(path: string, text: string): LoneFile {
  const file = { path, mode: '100644', oid: blobOid(text), text } as const
  const tree = { sha: '0'.repeat(40), files: new Map([[path, file]]) }
  const clusters = [{ name: 'prod', paths: [''], pins: [] }]
  const layout = layoutOf([{ repository: 'fleet', url: 'git.test/fleet', branch: 'main', tree, clusters }])
  const built = layout.rootsOf('prod').map((root) => layout.objectsOf(root))
  const problems = [...new Set([...layout.problems, ...built.flatMap((one) => one.problems)].map(({ code }) => code))]
  return { layout, objects: built.flatMap(({ objects }) => objects), unreadable: problems }
}

/** What containing one object makes of the file. */
export type ContainedText =
  | { readonly kind: 'edit'; readonly text: string; readonly places: readonly RepositoryPlace[] }
  | { readonly kind: 'unchanged'; readonly places: readonly RepositoryPlace[] }
  | { readonly kind: 'refused'; readonly error: ResponseError }

/** Contains one object of a lone file. */
export function containIn({ layout }: LoneFile, object: BuiltObject): ContainedText {
  const { kind, name, namespace = 'default' } = object.identity
  try {
    const workload = { cluster: 'prod', namespace, kind, name }
    const plan = planActions({ layout, found: { workload, object }, actions: [{ action: 'contain' }] })
    if (plan.kind === 'unchanged') return { kind: 'unchanged', places: plan.places }
    return { kind: 'edit', text: plan.edits[0]?.text ?? '', places: plan.places }
  } catch (thrown) {
    if (thrown instanceof ResponseError) return { kind: 'refused', error: thrown }
    throw thrown
  }
}
