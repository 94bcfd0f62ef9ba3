import { blobOid, type FileMode, type Tree, type TreeFile } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { declaredWorkloads } from './declared-workloads.ts'

type Content = string | { readonly mode?: FileMode; readonly text?: string }

function treeOf(files: Readonly<Record<string, Content>>): Tree {
  const entries = Object.entries(files).map(([path, content]): [string, TreeFile] => {
    const { mode = '100644', text } = typeof content === 'string' ? { text: content } : content
    return [path, { path, mode, oid: blobOid(text ?? path), ...(text === undefined ? {} : { text }) }]
  })
  return { sha: 'f'.repeat(40), files: new Map(entries) }
}

function deployment(name: string, namespace = 'shop'): string {
  return `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: { replicas: 1 }\n`
}

function namesIn(files: Readonly<Record<string, Content>>, paths: readonly string[] = ['']): readonly string[] {
  return declaredWorkloads(treeOf(files), { paths }).workloads.map(({ kind, name }) => `${kind}/${name}`)
}

describe('declaredWorkloads', () => {
  it('finds every document of every file that can own pods', () => {
    const text = `# nothing\n---\napiVersion: v1\nkind: Service\nmetadata: { name: web }\n---\n${deployment('web')}---\n---\napiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: nightly\n`

    const { workloads, unreadable } = declaredWorkloads(treeOf({ 'b.yml': deployment('b'), 'a.yaml': text }), {
      paths: [''],
    })

    expect(unreadable).toEqual([])
    expect(workloads).toEqual([
      { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web', path: 'a.yaml', documentIndex: 1 },
      { apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly', path: 'a.yaml', documentIndex: 3 },
      { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'b', path: 'b.yml', documentIndex: 0 },
    ])
  })

  it.each([
    ['apps/v1', 'Deployment'],
    ['apps/v1beta2', 'StatefulSet'],
    ['apps/v1', 'DaemonSet'],
    ['apps/v1', 'ReplicaSet'],
    ['batch/v1', 'Job'],
    ['batch/v1beta1', 'CronJob'],
    ['argoproj.io/v1alpha1', 'Rollout'],
    ['v1', 'Pod'],
  ])('knows %s %s', (apiVersion, kind) => {
    expect(namesIn({ 'a.yaml': `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: x }\n` })).toEqual([
      `${kind}/x`,
    ])
  })

  it.each([
    ['a kind of another group', 'apiVersion: example.test/v1\nkind: Deployment\nmetadata: { name: x }\n'],
    ['a Pod of a group', 'apiVersion: apps/v1\nkind: Pod\nmetadata: { name: x }\n'],
    ['a kind that owns no pods itself', 'apiVersion: apps/v1\nkind: ControllerRevision\nmetadata: { name: x }\n'],
    ['a number as a name', 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: 12 }\n'],
    ['a number as a namespace', 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: x, namespace: 12 }\n'],
    ['a map as a namespace', 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: x, namespace: {} }\n'],
    ['no name', 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { generateName: x- }\n'],
    ['no metadata', 'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n'],
    [
      'a workload in a block of text',
      'apiVersion: v1\nkind: ConfigMap\ndata:\n  a: |\n    kind: Deployment\n    metadata: { name: x }\n',
    ],
    ['a scalar', 'kind Deployment\n'],
    [
      'a kind named like a property of every object',
      'apiVersion: apps/v1\nkind: constructor # Deployment\nmetadata: { name: x }\n',
    ],
  ])('declares nothing for %s', (_title, text) => {
    const declared = declaredWorkloads(treeOf({ 'a.yaml': text }), { paths: [''] })

    expect(declared).toMatchObject({ workloads: [], unreadable: [] })
  })

  it.each(['', '""', '~'])('takes a namespace written as %j for none', (namespace) => {
    const tree = treeOf({ 'a.yaml': deployment('web', namespace) })

    expect(declaredWorkloads(tree, { paths: [''] }).workloads[0]).not.toHaveProperty('namespace')
  })

  it('reads identities through aliases and merge keys', () => {
    const text =
      'x: &x { name: web }\nn: &n shop\napiVersion: apps/v1\nkind: Deployment\nmetadata: { <<: *x, namespace: *n }\n'

    expect(declaredWorkloads(treeOf({ 'a.yaml': text }), { paths: [''] }).workloads).toMatchObject([
      { namespace: 'shop', name: 'web' },
    ])
  })

  it('keeps to the paths, folder by folder', () => {
    const files = {
      'apps/a.yaml': deployment('a'),
      'apps/deep/er/b.yaml': deployment('b'),
      'apps2/c.yaml': deployment('c'),
      'apps.yaml': deployment('d'),
      'one/e.yaml': deployment('e'),
      'one/f.yaml': deployment('f'),
      'apps/notes.md': deployment('g'),
      'apps/h.json': deployment('h'),
    }

    expect(namesIn(files, ['apps'])).toEqual(['Deployment/a', 'Deployment/b', 'Deployment/h'])
    expect(namesIn(files, ['one/e.yaml', 'apps/deep'])).toEqual(['Deployment/b', 'Deployment/e'])
    expect(namesIn(files, ['', 'apps'])).toHaveLength(7)
    expect(namesIn(files, ['nowhere'])).toEqual([])
  })

  it('passes over what it cannot read, and names it', () => {
    const files: Record<string, Content> = {
      'apps/broken.yaml': 'kind: Deployment\n  a: 1\n',
      'apps/chart/web.yaml': 'kind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\n',
      'apps/variable.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web-${CLUSTER}\n',
      'apps/list.yaml': `apiVersion: v1\nkind: List\nitems:\n  - { apiVersion: apps/v1, kind: Deployment, metadata: { name: x } }\n`,
      'apps/huge.yaml': `${deployment('huge')}# ${'x'.repeat(1024 * 1024)}`,
      'apps/binary.yaml': {},
      'apps/link.yaml': { mode: '120000', text: 'web.yaml' },
      'apps/values.yaml': 'broken: [\n',
      'apps/web.yaml': deployment('web'),
      'elsewhere/broken.yaml': 'kind: Deployment\n  a: 1\n',
      linked: { mode: '120000', text: 'elsewhere' },
    }

    const { workloads, unreadable } = declaredWorkloads(treeOf(files), { paths: ['apps', 'linked/here'] })

    expect(workloads.map(({ path }) => path)).toEqual(['apps/list.yaml', 'apps/web.yaml'])
    expect(unreadable.map(({ path, code }) => ({ path, code }))).toEqual([
      { path: 'apps/binary.yaml', code: 'MANIFEST_NOT_TEXT' },
      { path: 'apps/broken.yaml', code: 'MANIFEST_UNPARSEABLE' },
      { path: 'apps/chart/web.yaml', code: 'MANIFEST_TEMPLATED' },
      { path: 'apps/huge.yaml', code: 'MANIFEST_UNPARSEABLE' },
      { path: 'apps/link.yaml', code: 'MANIFEST_NOT_A_FILE' },
      { path: 'apps/variable.yaml', code: 'MANIFEST_TEMPLATED' },
      { path: 'linked', code: 'MANIFEST_NOT_A_FILE' },
    ])
  })

  it('declares the items of a List, of any kind of list, and marks them', () => {
    const item = (name: string): string =>
      `  - { apiVersion: apps/v1, kind: Deployment, metadata: { name: ${name} } }\n`
    const text = `apiVersion: v1\nkind: List\nitems:\n${item('a')}${item('b')}---\napiVersion: apps/v1\nkind: DeploymentList\nitems:\n${item('c')}`

    const { workloads } = declaredWorkloads(treeOf({ 'a.yaml': text }), { paths: [''] })

    expect(workloads.map(({ name, documentIndex, inList }) => [name, documentIndex, inList])).toEqual([
      ['a', 0, true],
      ['b', 0, true],
      ['c', 1, true],
    ])
  })

  it('still declares what an encrypted file says in clear text', () => {
    expect(namesIn({ 'a.yaml': `${deployment('web')}sops: { mac: x }\n` })).toEqual(['Deployment/web'])
  })

  it('looks at nothing but the file when one is given', () => {
    const tree = treeOf({
      'apps/a.yaml': deployment('a'),
      'apps/b.yaml': deployment('b'),
      'apps/c.txt': deployment('c'),
    })

    expect(declaredWorkloads(tree, { paths: [''], file: 'apps/b.yaml' }).workloads).toMatchObject([{ name: 'b' }])
    expect(declaredWorkloads(tree, { paths: ['nowhere'], file: 'apps/c.txt' }).workloads).toMatchObject([{ name: 'c' }])
  })

  it.each([
    ['is missing', {}, 'MANIFEST_MISSING'],
    ['is a folder', { 'web.yaml/a.yaml': deployment('web') }, 'MANIFEST_MISSING'],
    ['is a symbolic link', { 'web.yaml': { mode: '120000', text: 'other.yaml' } }, 'MANIFEST_NOT_A_FILE'],
    ['is a submodule', { 'web.yaml': { mode: '160000' } }, 'MANIFEST_NOT_A_FILE'],
    ['is not text', { 'web.yaml': {} }, 'MANIFEST_NOT_TEXT'],
    [
      'is kept in LFS',
      { 'web.yaml': 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n' },
      'MANIFEST_NOT_TEXT',
    ],
    ['is broken', { 'web.yaml': 'a: [' }, 'MANIFEST_UNPARSEABLE'],
    ['is a template', { 'web.yaml': 'a: {{ .b }}' }, 'MANIFEST_TEMPLATED'],
    ['is encrypted', { 'web.yaml': `${deployment('web')}sops: { mac: x }\n` }, 'MANIFEST_ENCRYPTED'],
  ] as const)('refuses a given file that %s', (_title, files, code) => {
    const tree = treeOf(files)

    expect(() => declaredWorkloads(tree, { paths: [''], file: 'web.yaml' })).toThrow(
      expect.objectContaining({ code, details: { path: 'web.yaml' } }),
    )
  })

  it('answers the same question about the same tree from memory', () => {
    const tree = treeOf({ 'a.yaml': deployment('a'), 'apps/b.yaml': deployment('b') })
    const first = declaredWorkloads(tree, { paths: [''] })

    expect(declaredWorkloads(tree, { paths: [''] })).toBe(first)
    expect(declaredWorkloads(tree, { paths: ['apps'] }).workloads).toHaveLength(1)
    expect(declaredWorkloads(tree, { paths: [''], file: 'a.yaml' }).workloads).toHaveLength(1)
  })
})
