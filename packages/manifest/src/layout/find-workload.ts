import { ResponseError, type Workload } from '@saker/core'
import type { BuiltObject, Layout } from './layout-model.ts'
/** tmp */
export interface FoundWorkload { readonly workload: Workload; readonly object: BuiltObject; readonly via?: { readonly apiVersion: string; readonly kind: string; readonly name: string } }
/** tmp */
export function findIdentity(layout: Layout, cluster: string, title: string): FoundWorkload {
  const [namespace = '', kind = '', name = ''] = title.split('/')
  const hits = layout.rootsOf(cluster).flatMap((root) => layout.objectsOf(root).objects).filter(({ identity }) => identity.kind === kind && identity.name === name && (identity.namespace === undefined || identity.namespace === namespace))
  const workload = { cluster, namespace, kind, name }
  const [object] = hits
  if (hits.length === 1 && object) return { workload, object }
  if (hits.length > 1) throw new ResponseError('WORKLOAD_AMBIGUOUS', title + ' in ' + hits.map((h) => h.root.id).join(', '))
  const pins = layout.sources.flatMap((s) => s.clusters.filter((c) => c.name === cluster).flatMap((c) => c.pins.map((p) => ({ ...p, repository: s.repository }))))
  const pin = pins.find((p) => p.namespace === namespace && p.kind === kind && p.name === name)
  const via = { apiVersion: kind === 'CronJob' ? 'batch/v1' : 'apps/v1', kind, name }
  for (const root of layout.rootsOf(cluster)) for (const o of layout.objectsOf(root).objects) {
    if (pin && !('remote' in o.origin) && o.origin.path === pin.file && /^(HelmRelease|Kustomization)$/.test(o.identity.kind)) return { workload, object: o, via }
    if (o.identity.kind === 'HelmRelease' && JSON.stringify(o.value()).includes(`"name":"${name}"`)) return { workload, object: o, via }
  }
  throw new ResponseError('WORKLOAD_NOT_FOUND', title + ' ' + layout.problems.map((p) => p.message).join('; '))
}
