import { describe, expect, it } from 'vitest'
import { aLayout } from '../../../../test/support/a-layout.ts'
import type { Layout } from './layout-model.ts'

function codes(layout: Layout): readonly string[] {
  return layout.problems.map(({ code }) => code)
}

function objects(layout: Layout): number {
  return layout.roots.reduce((sum, root) => sum + layout.objectsOf(root).objects.length, 0)
}

const WEB = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n'

describe('a hostile tree', () => {
  it.each([
    ['itself', { 'a/kustomization.yaml': 'resources: [.]\n' }],
    ['a folder above', { 'a/b/kustomization.yaml': 'resources: [..]\n', 'a/kustomization.yaml': 'resources: [b]\n' }],
    ['each other', { 'a/kustomization.yaml': 'resources: [../b]\n', 'b/kustomization.yaml': 'resources: [../a]\n' }],
    ['a folder outside', { 'a/kustomization.yaml': 'resources: [../../../etc]\n' }],
    ['an absolute path', { 'a/kustomization.yaml': 'resources: [/etc/passwd]\n' }],
  ])('ends where a kustomization uses %s', (_title, texts: Readonly<Record<string, string>>) => {
    const layout = aLayout(texts, [{ paths: ['a'] }])

    expect(objects(layout)).toBe(0)
    expect(codes(layout)).toContain('LAYOUT_UNBUILDABLE')
  })

  it('ends where kustomizations nest without end', () => {
    const texts = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [`f${index}/kustomization.yaml`, `resources: [../f${index + 1}]\n`]),
    )

    expect(codes(aLayout(texts, [{ paths: ['f0'] }]))).toContain('LAYOUT_UNBUILDABLE')
  })

  it('ends where a small tree of kustomizations is a large build', () => {
    const texts: Record<string, string> = { 'f16/kustomization.yaml': 'resources: []\n' }
    for (let index = 0; index < 16; index += 1) {
      for (const side of ['a', 'b']) {
        texts[`f${index}/${side}/kustomization.yaml`] = `resources: [../../f${index + 1}]\n`
      }
      texts[`f${index}/kustomization.yaml`] = 'resources: [a, b]\n'
    }

    expect(codes(aLayout(texts, [{ paths: ['f0'] }]))).toContain('LAYOUT_UNBUILDABLE')
  })

  it('refuses aliases that multiply, where they are written out', () => {
    const levels = Array.from({ length: 12 }, (_, index) => {
      const items = index === 0 ? 'x' : `*a${index - 1}`
      return `a${index}: &a${index} [${Array.from({ length: 10 }, () => items).join(', ')}]`
    })
    const layout = aLayout(
      {
        'a/kustomization.yaml':
          "resources: [web.yaml]\npatches:\n  - target: {kind: Deployment}\n    patch: '[{op: add, path: /spec, value: 1}]'\n",
        'a/web.yaml': `${WEB}${levels.join('\n')}\n`,
      },
      [{ paths: ['a'] }],
    )

    expect(codes(layout)).toContain('MANIFEST_UNPARSEABLE')
  })

  it('is not held up by patterns that go back and forth', () => {
    const name = 'a'.repeat(200)
    const layout = aLayout(
      {
        'a/kustomization.yaml':
          "resources: [web.yaml]\npatches:\n  - target: {name: '(a+)+b'}\n    patch: '[{op: add, path: /spec, value: 1}]'\n",
        'a/web.yaml': WEB.replace('web', name),
      },
      [{ paths: ['a'] }],
    )

    expect(objects(layout)).toBe(1)
  })

  it('keeps keys that every object inherits to themselves', () => {
    const layout = aLayout({ 'a/web.yaml': `${WEB}spec: {__proto__: {polluted: true}, constructor: 1}\n` }, [
      { paths: ['a'] },
    ])
    const [object] = layout.roots.flatMap((root) => layout.objectsOf(root).objects)

    expect(Object.keys(object?.value()['spec'] ?? {})).toEqual(['__proto__', 'constructor'])
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it.each([
    ['very deep nesting', `x: ${'['.repeat(20_000)}`, 'MANIFEST_UNPARSEABLE'],
    ['a pointer of Git LFS', 'version https://git-lfs.github.com/spec/v1\nkind: x\n', 'MANIFEST_NOT_TEXT'],
    ['a file of more than a megabyte', `${WEB}# ${'x'.repeat(1_100_000)}\n`, 'MANIFEST_UNPARSEABLE'],
    ['a template', `${WEB}x: {{ y }}\n`, 'MANIFEST_TEMPLATED'],
  ])('hides %s only', (_title, text, code) => {
    const layout = aLayout({ 'a/bad.yaml': text, 'a/web.yaml': WEB }, [{ paths: ['a'] }])

    expect(objects(layout)).toBe(1)
    expect(codes(layout)).toContain(code)
  })

  it('ends where Flux objects apply what they lie in', () => {
    const flux = (name: string, path: string): string =>
      `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: ${name}}\nspec: {path: ${path}, sourceRef: {kind: GitRepository, name: flux-system}}\n`
    const layout = aLayout({ 'a/x.yaml': flux('x', 'b'), 'b/y.yaml': flux('y', 'a') }, [{ paths: ['a'] }])

    expect(
      layout
        .rootsOf('prod')
        .map(({ path }) => path)
        .toSorted(),
    ).toEqual(['a', 'b'])
  })
})
