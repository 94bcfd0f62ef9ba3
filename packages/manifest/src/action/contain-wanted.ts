import { ResponseError } from '@saker/core'
import { textAt, type JsonObject } from '../layout/json-value.ts'
import type { Wanted } from './wanted.ts'
import { workloadKindOf } from './workload-kind.ts'

/** A node label that no node has: the pods of a DaemonSet that asks for it run nowhere. */
export const CONTAINED_LABEL = 'saker.dev/contained'

/**
 * What stops a workload in its manifest, by its kind: no replicas, suspension, a node selector that no node fits, or
 * (`remove`) no manifest at all. `scalePath` is where a custom resource keeps its replicas, by its own definition.
 *
 * Ends in `WORKLOAD_KIND_UNSUPPORTED`.
 */
export function containWanted(object: JsonObject, scalePath?: readonly string[]): readonly Wanted[] | 'remove' {
  const kind = textAt(object, ['kind']) ?? ''
  const known = workloadKindOf(textAt(object, ['apiVersion']) ?? '', kind)
  if (known === undefined) {
    if (scalePath !== undefined) return [{ op: 'set', at: scalePath, value: 0 }]
    throw unsupported(object, 'cannot be contained: nothing in the repository says how it is scaled')
  }
  switch (known.stoppedBy) {
    case 'replicas':
      return [{ op: 'set', at: ['spec', 'replicas'], value: 0 }]
    case 'suspend':
      return [{ op: 'set', at: ['spec', 'suspend'], value: true }]
    case 'nodes':
      return [{ op: 'set', at: [...known.template, 'spec', 'nodeSelector', CONTAINED_LABEL], value: 'true' }]
    case 'remove':
      return 'remove'
    default:
      return known.stoppedBy satisfies never
  }
}

/** How many replicas are wanted. Ends in `WORKLOAD_KIND_UNSUPPORTED` for what has none. */
export function scaleWanted(object: JsonObject, replicas: number, scalePath?: readonly string[]): readonly Wanted[] {
  const known = workloadKindOf(textAt(object, ['apiVersion']) ?? '', textAt(object, ['kind']) ?? '')
  if (known?.stoppedBy === 'replicas') return [{ op: 'set', at: ['spec', 'replicas'], value: replicas }]
  if (known === undefined && scalePath !== undefined) return [{ op: 'set', at: scalePath, value: replicas }]
  throw unsupported(object, 'has no number of replicas')
}

function unsupported(object: JsonObject, what: string): ResponseError {
  const kind = textAt(object, ['kind']) ?? ''
  const name = textAt(object, ['metadata', 'name']) ?? ''
  return new ResponseError('WORKLOAD_KIND_UNSUPPORTED', `the ${kind} ${name} ${what}`, { details: { kind, name } })
}
