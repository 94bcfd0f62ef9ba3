import { blobOid, normalisedUrl, type Action, type PodSighting, type Tree } from '@saker/core'
import {
  findWorkload,
  layoutOf,
  planActions,
  type ActionEdits,
  type ActionPlan,
  type ActionRequest,
  type Layout,
  type LayoutCluster,
} from '@saker/manifest'

/** A tree of texts by their paths. */
function treeOfTexts(texts: Readonly<Record<string, string>>): Tree {
  const files = Object.entries(texts).map(
    ([path, text]) => [path, { path, mode: '100644', oid: blobOid(text), text }] as const,
  )
  return { sha: '0'.repeat(40), files: new Map(files) }
}

/** The layout of one repository; by default it is all of the cluster `prod`. */
export function aLayout(
  texts: Readonly<Record<string, string>>,
  clusters: readonly Partial<LayoutCluster>[] = [{}],
): Layout {
  return layoutOf([
    {
      repository: 'fleet',
      url: normalisedUrl({ kind: 'git', url: 'https://git.example/acme/fleet' }),
      branch: 'main',
      tree: treeOfTexts(texts),
      clusters: clusters.map((cluster) => ({ name: 'prod', paths: [''], pins: [], ...cluster })),
    },
  ])
}

/** Finds a pod's workload in a layout and plans actions on it. */
export function planOn(
  layout: Layout,
  sighting: PodSighting,
  request: { readonly actions: readonly Action[]; readonly cluster?: string } & Pick<ActionRequest, 'previousImage'>,
): ActionPlan {
  const { cluster = 'prod', ...rest } = request
  return planActions({ layout, found: findWorkload(layout, cluster, sighting), ...rest })
}

/** The edits of a plan, which has to have some. */
export function editsOf(plan: ActionPlan): ActionEdits {
  if (plan.kind !== 'edits') throw new Error(`the plan is ${plan.kind}`)
  return plan
}
