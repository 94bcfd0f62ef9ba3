import { sameJson } from '../layout/json-value.ts'
import type { FileEdit, Layout } from '../layout/layout-model.ts'
import type { Change } from '../yaml/change.ts'
import { canonicalJson } from '../yaml/change.ts'
import { filesAfter, type FileChanges } from './file-changes.ts'
import type { Claim } from './progress.ts'
import { clustersOf, differencesOf, keyOf, newProblems } from './proof.ts'

/** All claimed edits as one. */
export interface ProvenClaims {
  readonly layout: Layout
  /** Whole files as they are to be, each once. */
  readonly files: readonly FileEdit[]
}

/**
 * Makes all claimed edits at once and proves them together: exactly the objects that they mean may differ, each as it was
 * wanted, and only where their own cluster gets them. Undefined when that does not hold, or not for certain; nothing is known
 * of any single one then. One build for a burst instead of one for each response.
 */
export function proveClaims(layout: Layout, claims: readonly Claim[]): ProvenClaims | undefined {
  const edits = mergedEdits(claims)
  if (edits === undefined) return undefined
  const files = filesAfter(layout, edits)
  const after = layout.with(files)
  const states = { before: layout, after, files }
  if (newProblems(states) !== undefined) return undefined
  const wanted = new Map(
    claims.flatMap(({ cluster, goals }) =>
      goals.map((goal) => [`${goal.root.id} ${keyOf(goal.identity)}`, { cluster, goal }] as const),
    ),
  )
  const differences = differencesOf(states)
  if (differences.length !== wanted.size) return undefined
  const clustersOfRoot = new Map(differences.map(({ root }) => [root.id, root] as const))
  const clusters = new Map([...clustersOfRoot].map(([id, root]) => [id, clustersOf(layout, root)] as const))
  for (const { root, identity, after: value } of differences) {
    const meant = wanted.get(`${root.id} ${keyOf(identity)}`)
    if (meant === undefined || meant.goal.isUnseen === true || meant.goal.desired === null) return undefined
    if (value === undefined || !sameJson(value, meant.goal.desired)) return undefined
    if (clusters.get(root.id)?.some((cluster) => cluster !== meant.cluster) === true) return undefined
  }
  return { layout: after, files }
}

/**
 * The changes of each file together. Undefined for edits that are no changes of values, and where two claims are one change:
 * what makes several objects is no layer of any of them, and could not be taken back for one.
 */
function mergedEdits(claims: readonly Claim[]): readonly FileChanges[] | undefined {
  const byPlace = new Map<string, { repository: string; path: string; changes: Map<string, Change> }>()
  for (const edit of claims.flatMap(({ candidate }) => candidate.edits)) {
    if (!('changes' in edit)) return undefined
    const key = `${edit.repository} ${edit.path}`
    const file = byPlace.get(key) ?? { repository: edit.repository, path: edit.path, changes: new Map() }
    byPlace.set(key, file)
    for (const change of edit.changes) {
      if (change.op === 'removeDocument') return undefined
      const text = canonicalJson({ ...change, at: { ...change.at } })
      if (file.changes.has(text)) return undefined
      file.changes.set(text, change)
    }
  }
  return [...byPlace.values()].map(({ repository, path, changes }) => ({
    repository,
    path,
    changes: [...changes.values()],
  }))
}
