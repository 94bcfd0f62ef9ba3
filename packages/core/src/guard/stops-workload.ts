import type { Action, ActionName } from '../response/action.ts'

const TAKES_OUT: Readonly<Record<Exclude<ActionName, 'scale'>, boolean>> = {
  contain: true,
  isolate: true,
  patch: true,
  label: false,
  annotate: false,
  image: false,
}

/**
 * Whether an action takes a workload out of service, so that the guard counts it: it stops it, cuts it off, or may do
 * anything at all to its manifest.
 */
export function stopsWorkload(action: Action): boolean {
  return action.action === 'scale' ? action.replicas === 0 : TAKES_OUT[action.action]
}
