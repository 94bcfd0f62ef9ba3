import type { ErrorCode, PodSighting } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { aLayout } from '../../../../../test/support/a-layout.ts'
import { findWorkload } from './find-workload.ts'

const WEB_POD = { namespace: 'shop', podName: 'web-6d5f7c9b8d-x7k2p' } as const satisfies PodSighting

const API_VERSIONS: Readonly<Record<string, string>> = {
  Rollout: 'argoproj.io/v1alpha1',
  Pod: 'v1',
  CronJob: 'batch/v1',
}

/** Files by titles such as `shop/Deployment/web in a.yaml`; `-/…` leaves the namespace out. */
function files(titles: readonly string[]): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {}
  for (const title of titles) {
    const [, namespace = '', kind = '', name = '', path = 'a.yaml'] =
      /^(.+?)\/(.+?)\/(.+?)(?: in (.+))?$/u.exec(title) ?? []
    const where = namespace === '-' ? '' : `, namespace: ${namespace}`
    const document = `apiVersion: ${API_VERSIONS[kind] ?? 'apps/v1'}\nkind: ${kind}\nmetadata: {name: "${name}"${where}}\n`
    texts[path] = texts[path] === undefined ? document : `${texts[path]}---\n${document}`
  }
  return texts
}

interface Refusal {
  readonly code: ErrorCode
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
}

function refusalOf(texts: Readonly<Record<string, string>>, sighting: PodSighting): Refusal {
  try {
    findWorkload(aLayout(texts), 'prod', sighting)
  } catch (thrown) {
    return thrown as Refusal
  }
  throw new Error('found one')
}

function titleOf(texts: Readonly<Record<string, string>>, sighting: PodSighting): string {
  const { workload, object } = findWorkload(aLayout(texts), 'prod', sighting)
  return `${workload.namespace}/${workload.kind}/${workload.name} in ${object.origin.path}`
}

describe('findWorkload', () => {
  it('finds the workload that can have a pod of that name', () => {
    const all = files([
      'shop/Deployment/api',
      'shop/Deployment/web in b.yaml',
      'other/Deployment/web',
      'shop/StatefulSet/web',
    ])

    expect(titleOf(all, WEB_POD)).toBe('shop/Deployment/web in b.yaml')
  })

  it('tells a longer name from one that only begins like it', () => {
    const all = files(['shop/Deployment/web', 'shop/Deployment/web-api'])

    expect(titleOf(all, { namespace: 'shop', podName: 'web-api-6d5f7c9b8d-x7k2p' })).toContain('web-api')
  })

  it('finds by the owner alone where the alert names no pod', () => {
    const all = files(['shop/Deployment/web', 'shop/StatefulSet/web'])

    expect(titleOf(all, { namespace: 'shop', owner: { kind: 'StatefulSet', name: 'web' } })).toContain('StatefulSet')
  })

  it.each([
    ['another owner', { ...WEB_POD, owner: { kind: 'Deployment', name: 'api' } }],
    ['an owner of another kind', { ...WEB_POD, owner: { kind: 'StatefulSet', name: 'web' } }],
    ['neither pod nor owner', { namespace: 'shop' }],
  ])('finds nothing for %s', (_title, sighting) => {
    expect(refusalOf(files(['shop/Deployment/web', 'shop/Deployment/api']), sighting).code).toBe('WORKLOAD_NOT_FOUND')
  })

  it('gives a manifest without namespace the namespace of the pod', () => {
    expect(titleOf(files(['-/Deployment/web']), WEB_POD)).toBe('shop/Deployment/web in a.yaml')
  })

  it('takes the manifest that names the namespace when another leaves it out', () => {
    const all = files(['-/Deployment/web in base.yaml', 'shop/Deployment/web in shop.yaml'])

    expect(titleOf(all, WEB_POD)).toBe('shop/Deployment/web in shop.yaml')
  })

  it('does not count a manifest without namespace that has a twin elsewhere', () => {
    const refusal = refusalOf(files(['-/Deployment/web in base.yaml', 'other/Deployment/web']), WEB_POD)

    expect(refusal.code).toBe('WORKLOAD_NOT_FOUND')
    expect(refusal.message).toContain('a manifest without namespace has a twin elsewhere')
    expect(refusal.details['candidates']).toEqual([
      'other/Deployment/web in a.yaml (document 1)',
      '(no namespace)/Deployment/web in base.yaml (document 1)',
    ])
  })

  it('does not trust a manifest without namespace while an unreadable file mentions its name', () => {
    const all = { ...files(['-/Deployment/web in base.yaml']), 'chart/web.yaml': 'kind: X\nname: web\nx: {{ y }}' }

    const refusal = refusalOf(all, WEB_POD)

    expect(refusal.code).toBe('WORKLOAD_AMBIGUOUS')
    expect(refusal.details['candidates']).toEqual([
      '(no namespace)/Deployment/web in base.yaml (document 1)',
      'something in chart/web.yaml (unreadable)',
    ])
  })

  it.each([
    ['two kinds that name their pods alike', ['shop/Deployment/web in a.yaml', 'shop/Rollout/web in b.yaml']],
    ['two manifests of one workload', ['shop/Deployment/web in a.yaml', 'shop/Deployment/web in b.yaml']],
    ['two manifests without namespace', ['-/Deployment/web in a.yaml', '-/Deployment/web in b.yaml']],
    [
      'one with and one without namespace, of different kinds',
      ['shop/Deployment/web in a.yaml', '-/Rollout/web in b.yaml'],
    ],
  ])('refuses %s and lists them', (_title, titles) => {
    const { code, message, details } = refusalOf(files(titles), WEB_POD)

    expect(code).toBe('WORKLOAD_AMBIGUOUS')
    expect(message).toContain('b.yaml')
    expect(details['candidates']).toEqual(
      titles.map((title) => `${title.replace(/^-/u, '(no namespace)')} (document 1)`),
    )
  })

  it('takes a bare pod of exactly the name for the pod', () => {
    const all = files(['shop/DaemonSet/web in a.yaml', 'shop/Pod/web-x7k2p in b.yaml'])

    expect(titleOf(all, { namespace: 'shop', podName: 'web-x7k2p' })).toBe('shop/Pod/web-x7k2p in b.yaml')
  })

  it('refuses a sighting without namespace and lists what would fit', () => {
    const { code, details } = refusalOf(files(['shop/Deployment/web', 'shop/Deployment/api']), {
      podName: WEB_POD.podName,
    })

    expect(code).toBe('NAMESPACE_MISSING')
    expect(details['candidates']).toEqual(['shop/Deployment/web in a.yaml (document 1)'])
  })

  it('says which pod it looked for, where, and what it could not read', () => {
    const { code, message, details } = refusalOf(
      { ...files(['other/Deployment/web']), 'b.yaml': 'kind: X\nx: {{ y }}' },
      WEB_POD,
    )

    expect(code).toBe('WORKLOAD_NOT_FOUND')
    expect(message).toBe(
      'no manifest for pod shop/web-6d5f7c9b8d-x7k2p in the whole repository; could not read b.yaml (MANIFEST_TEMPLATED: is a template at line 2)',
    )
    expect(details['candidates']).toEqual(['other/Deployment/web in a.yaml (document 1)'])
  })

  it('names the file of a HelmRelease that may make the workload', () => {
    const release =
      'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: redis, namespace: shop}\nspec: {}\n'

    expect(refusalOf({ 'redis.yaml': release }, WEB_POD).message).toContain(
      'it may be made by HelmRelease redis (redis.yaml): pin it to that file',
    )
  })

  it('names files that declare such a workload and that nothing applies', () => {
    const texts = { ...files(['shop/Deployment/web in apps/attic.yaml']), 'apps/kustomization.yaml': 'resources: []' }

    expect(refusalOf(texts, WEB_POD).message).toContain('nothing applies apps/attic.yaml')
  })

  it('finds by the name and namespace that a build gives, never by those that are written', () => {
    const texts = {
      ...files(['written/Deployment/web in prod/web.yaml']),
      'prod/kustomization.yaml': 'resources: [web.yaml]\nnamespace: shop\nnamePrefix: eu-\n',
    }

    expect(titleOf(texts, { namespace: 'shop', podName: 'eu-web-6d5f7c9b8d-x7k2p' })).toBe(
      'shop/Deployment/eu-web in prod/web.yaml',
    )
    expect(refusalOf(texts, { ...WEB_POD, namespace: 'written' }).code).toBe('WORKLOAD_NOT_FOUND')
    expect(refusalOf(texts, WEB_POD).code).toBe('WORKLOAD_NOT_FOUND')
  })

  it('refuses a name that Flux fills in from the cluster, and says so', () => {
    const { message } = refusalOf(files(['shop/Deployment/\u0024{APP}']), WEB_POD)

    expect(message).toContain('MANIFEST_TEMPLATED: the name of a Deployment is filled in later')
  })

  it('finds the release whose post-renderer names a workload', () => {
    const release = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: shop, namespace: flux-system}
spec:
  targetNamespace: shop
  postRenderers:
    - kustomize:
        patches:
          - target: {kind: Deployment, name: web}
            patch: '[{op: add, path: /spec/replicas, value: 1}]'
`
    const found = findWorkload(aLayout({ 'release.yaml': release }), 'prod', WEB_POD)

    expect(found.via).toEqual({ kind: 'helm-release' })
    expect(found.object.identity.name).toBe('shop')
  })

  it('follows a pin to the release that makes a workload', () => {
    const release =
      'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: shop, namespace: shop}\n'
    const pins = [{ namespace: 'shop', kind: 'Deployment', name: 'web', file: 'release.yaml' }]

    const found = findWorkload(aLayout({ 'release.yaml': release }, [{ pins }]), 'prod', WEB_POD)

    expect(found).toMatchObject({ workload: { kind: 'Deployment', name: 'web' }, via: { kind: 'helm-release' } })
  })

  it('refuses a pin whose file makes no workload', () => {
    const pins = [{ namespace: 'shop', kind: 'Deployment', name: 'web', file: 'nothing.yaml' }]

    expect(() => findWorkload(aLayout({}, [{ pins }]), 'prod', WEB_POD)).toThrow(
      expect.objectContaining({ code: 'MANIFEST_MISSING' }),
    )
  })

  it('counts nothing but the one file that the config names', () => {
    const texts = files(['shop/Deployment/web in a.yaml', 'shop/Deployment/web in b.yaml'])

    const found = findWorkload(aLayout(texts, [{ file: 'b.yaml' }]), 'prod', WEB_POD)

    expect(found.object.origin.path).toBe('b.yaml')
  })

  it.each([
    ['MANIFEST_MISSING', {}],
    ['MANIFEST_TEMPLATED', { 'b.yaml': 'x: {{ y }}' }],
    ['MANIFEST_NOT_TEXT', { 'b.yaml': 'version https://git-lfs.github.com/spec/v1\n' }],
    ['MANIFEST_ENCRYPTED', { 'b.yaml': 'kind: X\nsops: {mac: x}\n' }],
  ])('ends in %s where the one file cannot be read', (code, texts: Readonly<Record<string, string>>) => {
    expect(() => findWorkload(aLayout(texts, [{ file: 'b.yaml' }]), 'prod', WEB_POD)).toThrow(
      expect.objectContaining({ code }),
    )
  })
})
