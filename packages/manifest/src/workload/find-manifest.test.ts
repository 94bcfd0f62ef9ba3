import type { ErrorCode, PodOwnerKind, PodSighting } from '@saker/core'
import { describe, expect, it } from 'vitest'
import type { DeclaredWorkload, DeclaredWorkloads, UnreadableFile } from './declared-workload.ts'
import { findManifest } from './find-manifest.ts'

/** `shop/Deployment/web in a.yaml`; `-/…` leaves the namespace out. */
function declared(titles: readonly string[], unreadable: readonly UnreadableFile[] = []): DeclaredWorkloads {
  const workloads = titles.map((title): DeclaredWorkload => {
    const [, namespace = '', kind = '', name = '', path = 'a.yaml'] =
      /^(.+?)\/(.+?)\/(.+?)(?: in (.+))?$/u.exec(title) ?? []
    const where = namespace === '-' ? {} : { namespace }
    return { apiVersion: 'apps/v1', kind: kind as PodOwnerKind, name, ...where, path, documentIndex: 0 }
  })
  return { place: { paths: ['apps', ''] }, workloads, unreadable }
}

const WEB_POD = { namespace: 'shop', podName: 'web-6d5f7c9b8d-x7k2p' } as const satisfies PodSighting

interface Refusal {
  readonly code: ErrorCode
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
}

function refusalOf(
  titles: readonly string[],
  sighting: PodSighting,
  unreadable: readonly UnreadableFile[] = [],
): Refusal {
  try {
    findManifest(declared(titles, unreadable), 'prod', sighting)
  } catch (thrown) {
    return thrown as Refusal
  }
  throw new Error('found one')
}

describe('findManifest', () => {
  it('finds the workload that can have a pod of that name', () => {
    const all = declared([
      'shop/Deployment/api',
      'shop/Deployment/web in b.yaml',
      'other/Deployment/web',
      'shop/StatefulSet/web',
    ])

    const { workload, manifest } = findManifest(all, 'prod', WEB_POD)

    expect(workload).toEqual({ cluster: 'prod', namespace: 'shop', kind: 'Deployment', name: 'web' })
    expect(manifest.path).toBe('b.yaml')
  })

  it('tells a longer name from one that only begins like it', () => {
    const all = declared(['shop/Deployment/web', 'shop/Deployment/web-api'])
    const sighting = { namespace: 'shop', podName: 'web-api-6d5f7c9b8d-x7k2p' }

    expect(findManifest(all, 'prod', sighting).workload.name).toBe('web-api')
  })

  it('finds by the owner alone where the alert names no pod', () => {
    const all = declared(['shop/Deployment/web', 'shop/StatefulSet/web'])
    const sighting = { namespace: 'shop', owner: { kind: 'StatefulSet', name: 'web' } }

    expect(findManifest(all, 'prod', sighting).workload.kind).toBe('StatefulSet')
  })

  it('wants the pod name and the owner to agree', () => {
    const titles = ['shop/Deployment/web', 'shop/Deployment/api']

    expect(refusalOf(titles, { ...WEB_POD, owner: { kind: 'Deployment', name: 'api' } }).code).toBe(
      'WORKLOAD_NOT_FOUND',
    )
    expect(refusalOf(titles, { ...WEB_POD, owner: { kind: 'StatefulSet', name: 'web' } }).code).toBe(
      'WORKLOAD_NOT_FOUND',
    )
    expect(refusalOf(titles, { namespace: 'shop' }).code).toBe('WORKLOAD_NOT_FOUND')
  })

  it('gives a manifest without namespace the namespace of the pod', () => {
    const { workload, manifest } = findManifest(declared(['-/Deployment/web']), 'prod', WEB_POD)

    expect(workload.namespace).toBe('shop')
    expect(manifest).not.toHaveProperty('namespace')
  })

  it('takes the manifest that names the namespace when another leaves it out', () => {
    const all = declared(['-/Deployment/web in base.yaml', 'shop/Deployment/web in shop.yaml'])

    expect(findManifest(all, 'prod', WEB_POD).manifest.path).toBe('shop.yaml')
  })

  it('does not count a manifest without namespace that has a twin elsewhere', () => {
    const refusal = refusalOf(['-/Deployment/web in base.yaml', 'other/Deployment/web'], WEB_POD)

    expect(refusal.code).toBe('WORKLOAD_NOT_FOUND')
    expect(refusal.message).toContain('a manifest without namespace has a twin elsewhere')
    expect(refusal.details['candidates']).toEqual([
      '(no namespace)/Deployment/web in base.yaml (document 1)',
      'other/Deployment/web in a.yaml (document 1)',
    ])
  })

  it('does not trust a manifest without namespace while an unreadable file mentions its name', () => {
    const unreadable = [{ path: 'chart/web.yaml', code: 'MANIFEST_TEMPLATED', text: 'name: web\nx: {{ y }}' }] as const

    const refusal = refusalOf(['-/Deployment/web in base.yaml'], WEB_POD, unreadable)

    expect(refusal.code).toBe('WORKLOAD_AMBIGUOUS')
    expect(refusal.details['candidates']).toEqual([
      '(no namespace)/Deployment/web in base.yaml (document 1)',
      'something in chart/web.yaml (unreadable)',
    ])
  })

  it.each([
    ['two kinds that name their pods alike', ['shop/Deployment/web', 'shop/Rollout/web']],
    ['two manifests of one workload', ['shop/Deployment/web in a.yaml', 'shop/Deployment/web in b.yaml']],
    ['two manifests without namespace', ['-/Deployment/web in a.yaml', '-/Deployment/web in b.yaml']],
    ['two kinds without namespace', ['-/Deployment/web', '-/Rollout/web']],
    ['one with and one without namespace, of different kinds', ['shop/Deployment/web', '-/Rollout/web']],
  ])('refuses %s and lists them', (_title, titles) => {
    const { code, details } = refusalOf(titles, WEB_POD)

    expect(code).toBe('WORKLOAD_AMBIGUOUS')
    expect(details['candidates']).toEqual(
      titles.map((title) => {
        const full = title.replace(/^-/u, '(no namespace)')
        return `${full.includes(' in ') ? full : `${full} in a.yaml`} (document 1)`
      }),
    )
  })

  it('refuses a sighting without namespace and lists what would fit', () => {
    const { code, details } = refusalOf(['shop/Deployment/web', 'shop/Deployment/api'], { podName: WEB_POD.podName })

    expect(code).toBe('NAMESPACE_MISSING')
    expect(details['candidates']).toEqual(['shop/Deployment/web in a.yaml (document 1)'])
  })

  it('says which pod it looked for, where, what came near and what it could not read', () => {
    const unreadable = ['a', 'b', 'c', 'd', 'e'].map((name) => ({
      path: `${name}.yaml`,
      code: 'MANIFEST_TEMPLATED' as const,
    }))

    const { code, message, details } = refusalOf(['other/Deployment/web'], WEB_POD, unreadable)

    expect(code).toBe('WORKLOAD_NOT_FOUND')
    expect(message).toBe(
      'no manifest for pod shop/web-6d5f7c9b8d-x7k2p in apps, the whole repository; could not read ' +
        'a.yaml (MANIFEST_TEMPLATED), b.yaml (MANIFEST_TEMPLATED), c.yaml (MANIFEST_TEMPLATED) and 2 more',
    )
    expect(details['candidates']).toEqual(['other/Deployment/web in a.yaml (document 1)'])
    expect(details['unreadable']).toHaveLength(5)
  })
})
