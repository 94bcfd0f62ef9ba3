import { createHash } from 'node:crypto'
import type { IsolationPolicy } from '@saker/core'
import { isObject, type JsonObject } from '../layout/json-value.ts'
import type { ObjectIdentity } from '../layout/layout-model.ts'

const MAX_NAME = 63

/** `saker-isolate-<kind>-<name>`, always the same for a workload; one that is too long ends in a hash of the whole instead. */
export function isolationNameOf({ kind, name }: Pick<ObjectIdentity, 'kind' | 'name'>): string {
  const whole = `saker-isolate-${kind.toLowerCase()}-${name}`
  if (whole.length <= MAX_NAME) return whole
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, 10)
  return `${whole.slice(0, MAX_NAME - hash.length - 1).replace(/[^a-z0-9]+$/u, '')}-${hash}`
}

/** What the policy is for. */
export interface Isolated {
  readonly name: string
  /** Absent: left to whoever applies it, as the workload's is. */
  readonly namespace?: string
  /** A label selector that picks the workload's pods. */
  readonly selector: JsonObject
}

/**
 * A policy that lets nothing in and nothing out. The plain one can only stop allowing: traffic that another policy allows goes
 * on. Cilium's denies, which wins over every policy that allows.
 */
export function isolationPolicyOf(policy: IsolationPolicy, { name, namespace, selector }: Isolated): JsonObject {
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) }
  if (policy === 'kubernetes') {
    return {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata,
      spec: { podSelector: selector, policyTypes: ['Ingress', 'Egress'] },
    }
  }
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata,
    spec: {
      endpointSelector: selector,
      ingressDeny: [{ fromEntities: ['all'] }],
      egressDeny: [{ toEntities: ['all'] }],
    },
  }
}

/** What a policy of either kind picks its pods by. */
export function policySelectorOf(policy: JsonObject): JsonObject {
  const { spec } = policy
  if (!isObject(spec)) return {}
  const selector = spec['podSelector'] ?? spec['endpointSelector']
  return isObject(selector) ? selector : {}
}
