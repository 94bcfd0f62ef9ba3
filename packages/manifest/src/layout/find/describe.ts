import type { BuiltObject, LayoutProblem } from '../layout-model.ts'

/** `path (document n)`, with the applier where the path alone does not tell; documents count from 1 for people. */
export function describePlace({ origin, root }: BuiltObject): string {
  const document = 'documentIndex' in origin ? ` (document ${origin.documentIndex + 1})` : ` (${origin.remote})`
  const { applier } = root
  if (applier === undefined) return `${origin.path}${document}`
  const { kind, namespace, name } = applier.object.identity
  return `${origin.path}${document} by ${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`
}

/** `path (CODE: what)`. */
export function describeProblem({ code, where, message }: LayoutProblem): string {
  return `${where.path || 'the root of the repository'} (${code}: ${message})`
}
