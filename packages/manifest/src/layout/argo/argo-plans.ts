import { groupOf, type Discovered, type LayoutAccess, type Lead } from '../discovery.ts'

/** Whether an object is an Argo CD Application or ApplicationSet. */
export function isArgo({ object }: Lead): boolean {
  const { apiVersion, kind } = object.identity
  return groupOf(apiVersion) === 'argoproj.io' && (kind === 'Application' || kind === 'ApplicationSet')
}

/** The roots that an Application, or those that an ApplicationSet makes, lead to. */
export function argoPlans(_access: LayoutAccess, _lead: Lead): Discovered {
  return { plans: [], problems: [] }
}
