import { normalisedUrl, ResponseError, type Action, type PodSighting } from '@saker/core'
import {
  findWorkload,
  layoutOf,
  planActions,
  type ActionEdits,
  type ActionPlan,
  type Layout,
  type LayoutSource,
} from '@saker/manifest'
import type { CaseEdits } from './case-diff.ts'
import type { JsonObject } from './json-object.ts'
import { mapAt } from './json-object.ts'
import type { CasePlace, LayoutCase } from './layout-case.ts'
import { treeOf, type RepositoryFiles } from './repository-files.ts'

/** How a target ended: the workload's title is there as soon as it was found. */
export type PlanEnd = { readonly title?: string } & (
  | { readonly kind: 'edits'; readonly plan: ActionEdits; readonly edits: CaseEdits }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly error: ResponseError }
)

/** Finds a workload in a layout and plans actions on it. Throws only what is no refusal. */
export function planTarget(
  layout: Layout,
  target: { readonly cluster: string; readonly sighting: PodSighting; readonly actions: readonly Action[] },
): PlanEnd {
  let title: string | undefined
  const named = (): { title?: string } => (title === undefined ? {} : { title })
  try {
    const found = findWorkload(layout, target.cluster, target.sighting)
    title = `${found.workload.namespace}/${found.workload.kind}/${found.workload.name}`
    const plan: ActionPlan = planActions({ layout, found, actions: target.actions })
    if (plan.kind === 'unchanged') return { ...named(), kind: 'unchanged' }
    return { ...named(), kind: 'edits', plan, edits: editsOf(plan) }
  } catch (error) {
    if (error instanceof ResponseError) return { ...named(), kind: 'refused', error }
    throw error
  }
}

function editsOf({ edits }: ActionEdits): CaseEdits {
  const byRepository = new Map<string, Map<string, string | null>>()
  for (const { repository, path, text } of edits) {
    const own = byRepository.get(repository) ?? new Map<string, string | null>()
    byRepository.set(repository, own.set(path, text))
  }
  return byRepository
}

/** The layout of a case, with these files in place of its own where given. */
export function layoutOfCase(layout: LayoutCase, files?: ReadonlyMap<string, RepositoryFiles>): Layout {
  return layoutOf(
    layout.repositories.map((one): LayoutSource => ({
      repository: one.name,
      url: normalisedUrl({ kind: 'git', url: one.url }),
      branch: one.branch,
      tree: treeOf(files?.get(one.name) ?? one.files, layout.submodules),
      clusters: Object.entries(one.clusters ?? {}).map(([name, place]) => clusterOf(name, place)),
    })),
  )
}

function clusterOf(name: string, { paths = [''], file, pins = [] }: CasePlace): LayoutSource['clusters'][number] {
  return { name, paths, pins, ...(file === undefined ? {} : { file }) }
}

/** Actions as a config writes them, each a map with its verb. */
export function actionsOf(written: readonly JsonObject[]): readonly Action[] {
  return written.map((one): Action => {
    const [verb = ''] = Object.keys(one)
    const options = mapAt(one, verb)
    if (verb === 'label') return { action: 'label', labels: options as Record<string, string> }
    if (verb === 'annotate') return { action: 'annotate', annotations: options as Record<string, string> }
    return { action: verb, ...options } as Action
  })
}
