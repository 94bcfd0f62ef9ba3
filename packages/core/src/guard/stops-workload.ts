import type { Action } from '../response/action.ts'

/**
 * Whether an action takes a workload out of service, so that the guard counts it: it stops it, cuts it off, or may do
 * anything at all to its manifest.
 */
export function stopsWorkload(action: Action): boolean {
  switch (action.action) {
    case 'contain':
    case 'isolate':
    case 'patch':
      return true
    case 'scale':
      return action.replicas === 0
    case 'label':
    case 'annotate':
    case 'image':
      return false
  }
}
