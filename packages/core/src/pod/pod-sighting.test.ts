import { describe, expect, it } from 'vitest'
import { anAlert } from '../../../../test/support/an-alert.ts'
import { describeSighting, namespaceOf, podSightingOf, sightingKeyOf } from './pod-sighting.ts'

/** Only these output fields, as in an alert that has no others about Kubernetes. */
function sightingIn(outputFields: Readonly<Record<string, unknown>>): ReturnType<typeof podSightingOf> {
  return podSightingOf(anAlert({ output_fields: outputFields }))
}

const DOCKERSHIM = 'k8s_nginx_web-77789455d6-m7flp_shop_0d5c4b9e-1111-4222-8333-444455556666_2'

describe('podSightingOf', () => {
  it.each([
    [
      'Falco’s own fields',
      { 'k8s.ns.name': 'default', 'k8s.pod.name': 'kubecon' },
      { namespace: 'default', podName: 'kubecon' },
    ],
    [
      'the fields of the k8smeta plugin',
      { 'k8s.ns.name': null, 'k8s.pod.name': null, 'k8smeta.ns.name': 'payments', 'k8smeta.pod.name': 'api-x7k2p' },
      { namespace: 'payments', podName: 'api-x7k2p' },
    ],
    [
      'the plugin’s fields before Falco’s own',
      {
        'k8s.ns.name': 'stale',
        'k8s.pod.name': 'stale-0',
        'k8smeta.ns.name': 'payments',
        'k8smeta.pod.name': 'api-x7k2p',
      },
      { namespace: 'payments', podName: 'api-x7k2p' },
    ],
    [
      'the owner that the plugin names',
      { 'k8smeta.ns.name': 'shop', 'k8smeta.pod.name': 'web-77789455d6-m7flp', 'k8smeta.deployment.name': 'web' },
      { namespace: 'shop', podName: 'web-77789455d6-m7flp', owner: { kind: 'Deployment', name: 'web' } },
    ],
    [
      'an owner without a pod',
      { 'k8s.ns.name': 'shop', 'k8s.deployment.name': 'web' },
      { namespace: 'shop', owner: { kind: 'Deployment', name: 'web' } },
    ],
    [
      'a pod without a namespace, as old Falcos send it',
      { 'k8s.pod.name': 'falco-74htl', 'container.name': '<NA>' },
      { podName: 'falco-74htl' },
    ],
    [
      'the name that dockershim gives containers',
      { 'k8s.ns.name': null, 'k8s.pod.name': '<NA>', 'container.name': DOCKERSHIM },
      { namespace: 'shop', podName: 'web-77789455d6-m7flp' },
    ],
    [
      'an exec in the audit log',
      {
        'ka.target.resource': 'pods',
        'ka.target.subresource': 'exec',
        'ka.target.namespace': 'hello',
        'ka.target.name': 'nginx-676b6c5bbc-4xc6t',
      },
      { namespace: 'hello', podName: 'nginx-676b6c5bbc-4xc6t' },
    ],
    [
      'a pod that the audit log names only in its answer',
      {
        'ka.target.resource': 'pods',
        'ka.target.namespace': 'hello',
        'ka.target.name': '<NA>',
        'ka.resp.name': 'web-77789455d6-m7flp',
      },
      { namespace: 'hello', podName: 'web-77789455d6-m7flp' },
    ],
    [
      'a workload in the audit log',
      { 'ka.target.resource': 'deployments', 'ka.target.namespace': 'hello', 'ka.target.name': 'web' },
      { namespace: 'hello', owner: { kind: 'Deployment', name: 'web' } },
    ],
    [
      'a workload in the audit log without a namespace',
      { 'ka.target.resource': 'cronjobs', 'ka.target.name': 'backup' },
      { owner: { kind: 'CronJob', name: 'backup' } },
    ],
  ])('reads %s', (_, outputFields, expected) => {
    expect(sightingIn(outputFields)).toEqual(expected)
  })

  it.each([
    ['a process on the host', { 'container.id': 'host', 'k8s.ns.name': null, 'k8s.pod.name': null, 'proc.name': 'sh' }],
    ['a container without metadata', { 'container.id': '1c626dd1ab1b', 'container.name': 'peaceful_mestorf' }],
    [
      'a resource that is no workload',
      { 'ka.target.resource': 'secrets', 'ka.target.namespace': 'prod', 'ka.target.name': 'key' },
    ],
    [
      'an audit event that names nothing',
      { 'ka.target.resource': 'pods', 'ka.target.namespace': 'prod', 'ka.target.name': null },
    ],
    ['an inherited property as resource', { 'ka.target.resource': 'constructor', 'ka.target.name': 'web' }],
    ['a namespace alone', { 'k8s.ns.name': 'default' }],
  ])('finds nothing in %s', (_, outputFields) => {
    expect(sightingIn(outputFields)).toBeUndefined()
  })

  it.each([
    'Web-0',
    'web_0',
    '../kube-system',
    'web-0\nSaker-Response: x',
    '-web',
    'web-',
    'a'.repeat(254),
    'web 0',
    '${POD}',
    'wéb',
  ])('takes %j for no name at all', (podName) => {
    expect(sightingIn({ 'k8s.ns.name': 'default', 'k8s.pod.name': podName })).toBeUndefined()
  })

  it('leaves out a namespace that cannot be one, and keeps the pod', () => {
    expect(sightingIn({ 'k8s.ns.name': 'kube_system', 'k8s.pod.name': 'web-0' })).toEqual({ podName: 'web-0' })
  })

  it('takes an invalid name of the plugin for absent and reads on', () => {
    const sighting = sightingIn({ 'k8smeta.pod.name': 'NOT A NAME', 'k8s.ns.name': 'a', 'k8s.pod.name': 'web-0' })

    expect(sighting).toEqual({ namespace: 'a', podName: 'web-0' })
  })

  it.each(['k8s_POD_web-0', 'k8s_a_WEB_shop_uid_0', 'k8s_a_web-0_shop_uid_x', 'my_k8s_a_web-0_shop_uid_0'])(
    'does not read a pod from the container name %s',
    (name) => {
      expect(sightingIn({ 'container.name': name })).toBeUndefined()
    },
  )
})

describe('namespaceOf', () => {
  it.each<[string, Readonly<Record<string, unknown>>, string | undefined]>([
    ['the pod’s', { 'k8s.ns.name': 'shop', 'k8s.pod.name': 'web-0' }, 'shop'],
    ['none, where the pod’s is not said', { 'k8s.pod.name': 'web-0', 'ka.target.namespace': 'bank' }, undefined],
    [
      'that of an audit event about anything',
      { 'ka.target.resource': 'secrets', 'ka.target.namespace': 'bank' },
      'bank',
    ],
    [
      'that of the audited pod, whatever else is said',
      {
        'k8s.ns.name': 'shop',
        'ka.target.resource': 'pods',
        'ka.target.name': 'web-0',
        'ka.target.namespace': 'bank',
      },
      'bank',
    ],
    ['none, where none is said', { 'k8s.ns.name': '<NA>' }, undefined],
  ])('is %s', (_, outputFields, expected) => {
    const alert = anAlert({ output_fields: outputFields })

    expect(namespaceOf(alert, podSightingOf(alert))).toBe(expected)
  })
})

describe('sightingKeyOf', () => {
  it('is the same for all pods of a Deployment', () => {
    const one = sightingKeyOf({ namespace: 'a', podName: 'web-77789455d6-m7flp' })
    const two = sightingKeyOf({ namespace: 'a', podName: 'web-77789455d6-x7k2p' })

    expect(one).toBe(two)
  })

  it('prefers the owner that the alert names', () => {
    const owner = { kind: 'Deployment', name: 'web' }

    expect(sightingKeyOf({ podName: 'web-0', owner })).toBe(sightingKeyOf({ owner }))
  })

  it('tells an owner from a pod of the same name', () => {
    expect(sightingKeyOf({ podName: 'web' })).not.toBe(sightingKeyOf({ owner: { kind: 'Pod', name: 'web' } }))
  })
})

describe('describeSighting', () => {
  it.each([
    [{ namespace: 'shop', podName: 'web-0' }, 'pod shop/web-0'],
    [{ podName: 'web-0' }, 'pod (no namespace)/web-0'],
    [{ namespace: 'shop', owner: { kind: 'Deployment', name: 'web' } }, 'Deployment shop/web'],
  ])('tells a person of %j', (sighting, expected) => {
    expect(describeSighting(sighting)).toBe(expected)
  })
})
