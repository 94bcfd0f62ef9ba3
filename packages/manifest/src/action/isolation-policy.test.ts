import { describe, expect, it } from 'vitest'
import { isolationNameOf, isolationPolicyOf } from './isolation-policy.ts'

describe('isolationNameOf', () => {
  it('names kind and workload', () => {
    expect(isolationNameOf({ kind: 'StatefulSet', name: 'db' })).toBe('saker-isolate-statefulset-db')
  })

  it('ends in a hash where it is too long, another one for another workload', () => {
    const [one, other] = ['a', 'b'].map((end) =>
      isolationNameOf({ kind: 'Deployment', name: `${'long-'.repeat(12)}${end}` }),
    )

    expect(one).toMatch(/^saker-isolate-deployment-[a-z0-9-]+-[0-9a-f]{10}$/u)
    expect(one?.length).toBeLessThanOrEqual(63)
    expect(other).not.toBe(one)
  })
})

describe('isolationPolicyOf', () => {
  const isolated = { name: 'p', namespace: 'shop', selector: { matchLabels: { app: 'web' } } }

  it('allows nothing in either direction', () => {
    expect(isolationPolicyOf('kubernetes', isolated)).toEqual({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'p', namespace: 'shop' },
      spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress', 'Egress'] },
    })
  })

  it('denies for Cilium, which wins over what other policies allow', () => {
    expect(isolationPolicyOf('cilium', isolated)).toMatchObject({
      kind: 'CiliumNetworkPolicy',
      spec: { ingressDeny: [{ fromEntities: ['all'] }], egressDeny: [{ toEntities: ['all'] }] },
    })
  })
})
