import { describe, expect, it } from 'vitest'
import { aLayout } from '../../../../test/support/a-layout.ts'
import type { Layout } from './layout-model.ts'

function deployment(name: string, more = ''): string {
  return `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}}\nspec: {replicas: 2${more}}\n`
}

const FLUX = `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec:
  path: ./apps/prod
  targetNamespace: shop
  sourceRef: {kind: GitRepository, name: flux-system}
`

const TEXTS = {
  'clusters/prod/apps.yaml': FLUX,
  'apps/base/kustomization.yaml': 'resources: [web.yaml]\n',
  'apps/base/web.yaml': deployment('web'),
  'apps/prod/kustomization.yaml': 'resources: [../base]\nnamePrefix: eu-\n',
  'apps/test/kustomization.yaml': 'resources: [../base]\n',
}

function titles(layout: Layout, cluster = 'prod'): readonly string[] {
  return layout
    .rootsOf(cluster)
    .flatMap((root) => layout.objectsOf(root).objects)
    .map(({ identity: { namespace = '-', kind, name } }) => `${namespace}/${kind}/${name}`)
    .toSorted()
}

describe('layoutOf', () => {
  it('follows Flux from the paths of a cluster, and gives what the cluster gets', () => {
    const layout = aLayout(TEXTS, [{ paths: ['clusters/prod'] }])

    expect(titles(layout)).toEqual(['flux-system/Kustomization/apps', 'shop/Deployment/eu-web'])
  })

  it('knows through which kustomizations an object came, innermost first', () => {
    const layout = aLayout(TEXTS, [{ paths: ['clusters/prod'] }])
    const objects = layout.rootsOf('prod').flatMap((root) => layout.objectsOf(root).objects)

    const web = objects.find(({ identity }) => identity.name === 'eu-web')

    expect(web?.layers.map(({ path }) => path)).toEqual([
      'apps/base/kustomization.yaml',
      'apps/prod/kustomization.yaml',
    ])
    expect(web?.origin).toMatchObject({ path: 'apps/base/web.yaml', documentIndex: 0, identity: { name: 'web' } })
  })

  it('has roots that no cluster reaches, for what they share with others', () => {
    const layout = aLayout(TEXTS, [{ paths: ['clusters/prod'] }])
    const reading = layout.rootsReading({ repository: 'fleet', path: 'apps/base/web.yaml' })

    expect(reading.map(({ path }) => path).toSorted()).toEqual(['apps/prod', 'apps/test'])
    expect(layout.rootsOf('prod').map(({ path }) => path)).not.toContain('apps/test')
  })

  it('takes the whole repository by what its Flux objects lead to', () => {
    expect(titles(aLayout(TEXTS))).toEqual(['flux-system/Kustomization/apps', 'shop/Deployment/eu-web'])
  })

  it('takes every kustomization that no other uses, and loose manifests, where nothing leads', () => {
    const layout = aLayout({
      'a/kustomization.yaml': 'resources: [../b]\nnamespace: a\n',
      'b/kustomization.yaml': 'resources: [web.yaml]\n',
      'b/web.yaml': deployment('web'),
      'b/unused.yaml': deployment('unused'),
      'loose/api.json': JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'api' } }),
    })

    expect(titles(layout)).toEqual(['-/Deployment/api', 'a/Deployment/web'])
  })

  it('keeps builds that an edit does not touch, by reference', () => {
    const layout = aLayout(TEXTS)
    const after = layout.with([
      { repository: 'fleet', path: 'apps/prod/kustomization.yaml', text: 'resources: [../base]\nnamePrefix: us-\n' },
    ])

    const changed = after.roots.filter((root) => after.objectsOf(root) !== layout.objectsOf(root))

    expect(changed.map(({ path }) => path)).toEqual(['apps/prod'])
    expect(titles(after)).toContain('shop/Deployment/us-web')
    expect(titles(layout)).toContain('shop/Deployment/eu-web')
  })

  it('sees a kustomization that comes to be in a folder without one', () => {
    const layout = aLayout({ 'a/web.yaml': deployment('web'), 'a/api.yaml': deployment('api') }, [{ paths: ['a'] }])
    const after = layout.with([{ repository: 'fleet', path: 'a/kustomization.yaml', text: 'resources: [web.yaml]\n' }])

    expect(titles(layout)).toEqual(['-/Deployment/api', '-/Deployment/web'])
    expect(titles(after)).toEqual(['-/Deployment/web'])
  })

  it('sees a new file in a folder that is taken as a whole, and one that goes', () => {
    const layout = aLayout({ 'a/web.yaml': deployment('web') }, [{ paths: ['a'] }])
    const after = layout.with([
      { repository: 'fleet', path: 'a/b/api.yaml', text: deployment('api') },
      { repository: 'fleet', path: 'a/web.yaml', text: null },
    ])

    expect(titles(after)).toEqual(['-/Deployment/api'])
  })

  it('follows a Flux object that an edit sends elsewhere', () => {
    const after = aLayout(TEXTS, [{ paths: ['clusters/prod'] }]).with([
      { repository: 'fleet', path: 'clusters/prod/apps.yaml', text: FLUX.replace('apps/prod', 'apps/test') },
    ])

    expect(titles(after)).toContain('shop/Deployment/web')
  })

  it('follows what a kustomization makes of a Flux object, not what is written', () => {
    const layout = aLayout(
      {
        ...TEXTS,
        'clusters/prod/kustomization.yaml': `resources: [apps.yaml]
patches:
  - target: {kind: Kustomization}
    patch: '[{op: replace, path: /spec/path, value: ./apps/test}]'
`,
      },
      [{ paths: ['clusters/prod'] }],
    )

    expect(titles(layout)).toContain('shop/Deployment/web')
  })

  it('says which source is not listed', () => {
    const source =
      'apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: theirs, namespace: flux-system}\nspec: {url: "https://git.example/theirs/apps"}\n'
    const layout = aLayout({ 'c/a.yaml': `${FLUX.replace('name: flux-system}', 'name: theirs}')}---\n${source}` }, [
      { paths: ['c'] },
    ])

    expect(layout.problemsOf('prod').map(({ code }) => code)).toEqual(['SOURCE_UNLISTED'])
    expect(layout.problemsOf('prod')[0]?.message).toContain('git.example/theirs/apps')
  })

  it('does not parse again what the tree before held', () => {
    const before = aLayout(TEXTS)
    const [root] = before.roots.filter(({ path }) => path === 'apps/test')
    const built = root === undefined ? undefined : before.objectsOf(root)

    const after = aLayout({ ...TEXTS, 'clusters/prod/apps.yaml': `${FLUX}# by hand\n` })

    expect(root === undefined ? undefined : after.objectsOf(root)).toBe(built)
  })
})
