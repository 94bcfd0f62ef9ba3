import { blobOid, parseConfig, type Finding, type Tree } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { checkLayout } from './check-layout.ts'

const SOURCE = (more = ''): string => `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: flux-system, namespace: flux-system }
spec:
  interval: 1m
  url: https://git.example/acme/fleet
  ref: { branch: main }
${more}`

const KUSTOMIZATION = (more = ''): string => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: apps, namespace: flux-system }
spec:
  interval: 10m
  path: ./apps
  prune: true
  sourceRef: { kind: GitRepository, name: flux-system }
${more}`

const APPS = { 'apps/web.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\n' }

function treeOf(files: Readonly<Record<string, string>>): Tree {
  const entries = Object.entries(files).map(
    ([path, text]) => [path, { path, mode: '100644', oid: blobOid(text), text }] as const,
  )
  return { sha: '0'.repeat(40), files: new Map(entries) }
}

/** What is found for one cluster. */
function check(
  files: Readonly<Record<string, string>>,
  place: object = { paths: ['clusters/prod'] },
): readonly Finding[] {
  const parsed = parseConfig({
    version: 1,
    repositories: {
      fleet: { git: { url: 'https://git.example/acme/fleet' }, delivery: 'commit', clusters: { prod: place } },
    },
    responses: [{ name: 'contain', match: {}, actions: [{ contain: {} }] }],
  })
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults))
  const [repository] = parsed.config.repositories
  if (repository === undefined) throw new Error('no repository')
  return checkLayout({ config: parsed.config, repository, trees: new Map([['fleet', treeOf(files)]]) })
}

function flux(source: string, kustomization: string): Readonly<Record<string, string>> {
  return { 'clusters/prod/source.yaml': source, 'clusters/prod/apps.yaml': kustomization, ...APPS }
}

function wrong(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ verdict }) => verdict !== 'ok')
}

describe('checkLayout', () => {
  it('finds nothing wrong where Flux follows the branch', () => {
    expect(check(flux(SOURCE(), KUSTOMIZATION()))).toEqual([
      { verdict: 'ok', what: 'places', message: 'everything that the config names for cluster prod is there' },
    ])
  })

  it('tells of a source that demands signatures', () => {
    const findings = wrong(check(flux(SOURCE('  verify: { mode: HEAD, secretRef: { name: keys } }'), KUSTOMIZATION())))

    expect(findings).toMatchObject([
      {
        verdict: 'fail',
        what: 'signatures',
        message: expect.stringMatching(/^GitRepository flux-system\/flux-system /u),
      },
    ])
  })

  it('lets pass a source that looks at the signatures of tags alone', () => {
    expect(wrong(check(flux(SOURCE('  verify: { mode: Tag, secretRef: { name: keys } }'), KUSTOMIZATION())))).toEqual(
      [],
    )
  })

  it('tells of what is suspended', () => {
    const findings = wrong(check(flux(SOURCE('  suspend: true'), KUSTOMIZATION('  suspend: true'))))

    expect(findings.map(({ verdict, message }) => `${verdict} ${message.split(' is ')[0] ?? ''}`).toSorted()).toEqual([
      'warn GitRepository flux-system/flux-system',
      'warn Kustomization flux-system/apps',
    ])
  })

  it('tells of a source that is pinned', () => {
    const pinned = SOURCE().replace('{ branch: main }', '{ tag: v1.0.0 }')

    expect(wrong(check(flux(pinned, KUSTOMIZATION())))).toMatchObject([
      { verdict: 'warn', what: 'pinned', message: expect.stringContaining('tag v1.0.0') },
    ])
  })

  it('tells of every place that is not there', () => {
    const pins = [{ namespace: 'db', kind: 'StatefulSet', name: 'main', file: 'db/main.yaml' }]

    const findings = check(APPS, { paths: ['apps', 'attic'], file: 'apps/web.yaml', pins })

    expect(findings.map(({ verdict, message }) => `${verdict} ${message}`)).toEqual([
      'fail path attic of cluster prod is not in the repository',
      'fail pinned file db/main.yaml of cluster prod is not in the repository',
    ])
  })

  it('tells of manifests that cannot be built', () => {
    const kustomization = 'resources: [gone.yaml]\nkind: Kustomization\n'

    expect(wrong(check({ 'clusters/prod/kustomization.yaml': kustomization }))).toMatchObject([
      { verdict: 'warn', what: 'manifests', message: expect.stringContaining('clusters/prod/gone.yaml') },
    ])
  })
})
