import { normalisedUrl } from '@saker/core'
import { normalisedPath } from '../argo/argo-source.ts'
import { applierId, groupOf, placeOf, type Discovered, type LayoutAccess, type Lead, leadValue } from '../discovery.ts'
import { textAt } from '../json-value.ts'
import { rootAt } from '../root-at.ts'

/** Whether an object installs Flux and says what it starts from. */
export function isFluxInstance({ object }: Lead): boolean {
  return object.identity.kind === 'FluxInstance' && groupOf(object.identity.apiVersion) === 'fluxcd.controlplane.io'
}

/** The root that `spec.sync` of a FluxInstance leads to. */
export function fluxInstancePlan(access: LayoutAccess, lead: Lead): Discovered {
  const { object } = lead
  const sync = (name: string): string | undefined => textAt(leadValue(object), ['spec', 'sync', name])
  const kind = sync('kind')
  if (kind === undefined) return { plans: [], problems: [] }
  const path = normalisedPath(sync('path') ?? '')
  const branch = (sync('ref') ?? '').replace(/^refs\/heads\//u, '')
  const isSelf = path !== '' && object.origin.path.startsWith(`${path}/`)
  const source =
    access.sources.find((one) => one.url === urlOf(sync('url') ?? '') && one.branch === branch) ??
    access.sources.find((one) => isSelf && one.repository === object.origin.repository)
  const problem = (message: string): Discovered => ({
    plans: [],
    problems: [{ code: 'SOURCE_UNLISTED', where: placeOf(object), message }],
  })
  if (kind !== 'GitRepository' || source === undefined) {
    return problem(
      `FluxInstance ${object.identity.name} starts from a source that is none of the configured repositories`,
    )
  }
  const { repository } = source
  const place = { repository, path, by: applierId(object, 'flux'), applier: { type: 'flux', object } } as const
  const root = rootAt(access.filesOf(repository), place)
  if (root === undefined) return problem(`FluxInstance ${object.identity.name} applies ./${path}, which is not there`)
  return { plans: [{ root }], problems: [] }
}

function urlOf(url: string): string | undefined {
  try {
    return normalisedUrl({ kind: 'git', url })
  } catch {
    return undefined
  }
}
