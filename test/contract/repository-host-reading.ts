import { blobOid } from '@saker/core'
import { expect, test } from 'vitest'
import type { BareRepository } from '../support/bare-repository.ts'
import { API, cached, commit, current, FILES, oidAt, read, type Start, WEB, webText } from './repository-host-setup.ts'

/** How a host reads the branch. */
export function describeReading(start: Start): void {
  test('gives the commit of the branch, and each file with its mode, id and text', async () => {
    const { origin, host } = await start({ ...FILES, 'apps/run.yaml': { content: 'kind: Job\n', mode: '100755' } })

    const head = await read(host)

    expect(head.tree.sha).toBe(await origin.head())
    expect(head.current).toBe(true)
    expect(head.past).toEqual([])
    expect(head.tree.files.get(WEB)).toEqual({
      path: WEB,
      mode: '100644',
      oid: await oidAt(origin, WEB),
      text: webText(3),
    })
    expect(head.tree.files.get('apps/run.yaml')).toMatchObject({ mode: '100755', text: 'kind: Job\n' })
  })

  test('keeps every byte of a manifest, whatever its line ends, letters and ending', async () => {
    const texts = {
      'byte-order-mark.yaml': '\uFEFFkind: Service\n',
      'windows-line-ends.yaml': 'kind: Service\r\nmetadata: {}\r\n',
      'mixed-line-ends.yaml': 'kind: Service\r\nmetadata:\n  name: a\r\n',
      'no-final-line-end.yaml': 'kind: Service',
      'empty.yaml': '',
      'only-a-line-end.yaml': '\n',
      'beyond-ascii-and-16-bits.yaml': '# Grüße, 你好, 🚀\nkind: Service\n',
      'trailing-white-space.yaml': 'kind: Service  \n\t\n\n\n',
      'short-suffix.yml': 'kind: Service\n',
      'other-notation.json': '{"kind": "Service"}',
    }
    const { origin, host } = await start(texts)

    const { tree } = await read(host)

    expect(Object.fromEntries([...tree.files].map(([path, { text }]) => [path, text]))).toEqual(texts)
    expect(tree.files.get('byte-order-mark.yaml')?.oid).toBe(await oidAt(origin, 'byte-order-mark.yaml'))
    for (const [path, text] of Object.entries(texts)) expect(blobOid(text)).toBe(tree.files.get(path)?.oid)
  })

  test('knows files by names with spaces, umlauts, quotes and brackets', async () => {
    const names = ['apps/mit Leerzeichen/größe.yaml', 'apps/"quoted".yaml', "apps/it's [a] *.yaml", 'apps/-dash.yaml']
    const { host } = await start(Object.fromEntries(names.map((path) => [path, `# ${path}\n`])))

    const { tree } = await read(host)

    expect([...tree.files.keys()].toSorted()).toEqual(names.toSorted())
    for (const path of names) expect(tree.files.get(path)?.text).toBe(`# ${path}\n`)
  })

  test('gives no text for a file that is not text, a symbolic link or a submodule', async () => {
    const submodule = '1234567890123456789012345678901234567890'
    const { origin, host } = await start({
      'apps/broken.yaml': new Uint8Array([0x6b, 0x3a, 0x20, 0xff, 0xfe, 0x0a]),
      'apps/link.yaml': { content: 'web.yaml', mode: '120000' },
      'apps/vendored': { content: submodule, mode: '160000' },
      [WEB]: webText(3),
    })

    const { tree } = await read(host)

    const oid = await oidAt(origin, 'apps/broken.yaml')
    expect(tree.files.get('apps/broken.yaml')).toEqual({ path: 'apps/broken.yaml', mode: '100644', oid })
    expect(tree.files.get('apps/link.yaml')).toMatchObject({ mode: '120000' })
    expect(tree.files.get('apps/link.yaml')).not.toHaveProperty('text')
    expect(tree.files.get('apps/vendored')).toMatchObject({ mode: '160000', oid: submodule })
    expect(tree.files.get('apps/vendored')).not.toHaveProperty('text')
  })

  test('reads the whole tree, with texts of what decides how manifests are built and of files named', async () => {
    const wanted = [
      'charts/c.yaml',
      'apps/Kustomization',
      'clusters/.sourceignore',
      'fn/.krmignore',
      'deploy/web.manifest',
    ]
    const others = ['README.md', 'deploy/api.manifest', 'apps/UPPER.YAML', 'apps/src/main.go']
    const files = Object.fromEntries([...wanted, ...others].map((path) => [path, `# ${path}\n`]))
    const { host } = await start(files, { files: ['deploy/web.manifest', 'not/there'] })

    const { tree } = await read(host)

    expect([...tree.files.keys()].toSorted()).toEqual([...wanted, ...others].toSorted())
    for (const path of wanted) expect(tree.files.get(path)?.text).toBe(`# ${path}\n`)
    for (const path of others) expect(tree.files.get(path)).not.toHaveProperty('text')
  })

  test('reads what an archive leaves out or changes', async () => {
    const files = {
      '.gitattributes': 'hidden.yaml export-ignore\nsecret export-ignore\nversion.yaml export-subst\n',
      'hidden.yaml': 'h: 1\n',
      'secret/s.yaml': 's: 1\n',
      'version.yaml': 'commit: $Format:%H$\n',
      'apps/.gitattributes': 'ignored.yaml export-ignore\n',
      'apps/ignored.yaml': 'i: 1\n',
      [WEB]: webText(3),
    }
    const { origin, host } = await start(files)

    const { tree } = await read(host)

    expect([...tree.files.keys()].toSorted()).toEqual(Object.keys(files).toSorted())
    for (const path of Object.keys(files)) expect(tree.files.get(path)?.oid).toBe(await oidAt(origin, path))
    const manifests = Object.entries(files).filter(([path]) => path.endsWith('.yaml'))
    for (const [path, text] of manifests) expect(tree.files.get(path)?.text).toBe(text)
  })

  test('keeps files apart whose names differ in nothing but case', async () => {
    const files = { 'apps/Web.yaml': 'W: 1\n', [WEB]: webText(3), 'Apps/web.yaml': 'A: 1\n' }
    const { host } = await start(files)

    const { tree } = await read(host)

    expect(Object.fromEntries([...tree.files].map(([path, { text }]) => [path, text]))).toEqual(files)
  })

  test('reads files however deep they lie', async () => {
    const deep = `${'deep/er/'.repeat(20)}d.yaml`
    const { host } = await start({ ...FILES, [deep]: 'd: 1\n' })

    const { tree } = await read(host)

    expect(tree.files.get(deep)?.text).toBe('d: 1\n')
    expect(tree.files.get(WEB)?.text).toBe(webText(3))
  })

  test.each(['..', '.', '.git'])('refuses a tree with an entry called %j', async (name) => {
    const { origin, host } = await start()
    const blob = await oidAt(origin, WEB)
    const inside = (await origin.git(['mktree'], `100644 blob ${blob}\tx.yaml\n`)).trim()
    const root = (await origin.git(['mktree'], `040000 tree ${inside}\t${name}\n`)).trim()
    await origin.git(['update-ref', 'refs/heads/main', (await origin.git(['commit-tree', root, '-m', 'trick'])).trim()])

    await expect(read(host)).rejects.toMatchObject({ code: 'TREE_INVALID', retryable: false })
  })

  test('brings the newest commits along, newest first, with their whole messages', async () => {
    const { origin, host } = await start()
    await origin.commit({ [API]: 'a: 1\n' }, 'second\n\nwith a body,\n\nand: a trailer\n')
    await origin.commit({ [API]: 'a: 2\n' }, 'third, größer')

    const head = await read(host, { ...current, past: 2 })

    const [third, second] = await origin.log()
    expect(head.past.map(({ sha }) => sha)).toEqual([third, second])
    expect(head.past.map(({ message }) => message.trimEnd())).toEqual([
      'third, größer',
      'second\n\nwith a body,\n\nand: a trailer',
    ])
    expect(head.tree.files.get(API)?.text).toBe('a: 2\n')
  })

  test('brings all commits there are when more are asked for', async () => {
    const { origin, host } = await start()
    await origin.commit({ [API]: 'a: 1\n' }, 'second')

    const head = await read(host, { ...current, past: 50 })

    expect(head.past.map(({ sha }) => sha)).toEqual(await origin.log())
  })
}

/** A hundred thousand entries take seconds, on a busy machine many. */
const SLOW_MS = 180_000

/** How a host reads a tree of far more entries than a repository of manifests has. */
export function describeEndlessTrees(start: Start): void {
  test(
    'refuses a tree of a hundred thousand entries',
    async () => {
      const { origin, host } = await start()
      await pointAtNested(origin, [100, 1000])

      await expect(read(host)).rejects.toMatchObject({ code: 'TREE_TOO_LARGE' })
    },
    SLOW_MS,
  )

  test(
    'refuses a tree that unfolds to billions of entries',
    async () => {
      const { origin, host } = await start()
      await pointAtNested(origin, [10, 10, 10, 10, 10, 10, 10, 10, 10, 10])

      await expect(read(host)).rejects.toMatchObject({ code: 'TREE_TOO_LARGE' })
    },
    SLOW_MS,
  )
}

/** How a host reads manifests that are far longer than people write them. */
export function describeHugeManifests(start: Start): void {
  test(
    'refuses more manifests than can be held',
    async () => {
      const { origin, host } = await start()
      await origin.commit({ [WEB]: `# ${'x'.repeat(4_900_000)}\n` })
      await pointAtNested(origin, [21])

      await expect(read(host)).rejects.toMatchObject({ code: 'TREE_TOO_LARGE' })
    },
    SLOW_MS,
  )

  test(
    'gives no text for a manifest of 50 MB',
    async () => {
      const { host } = await start({ ...FILES, 'huge.yaml': `# ${'x'.repeat(50_000_000)}\n` })

      const { tree } = await read(host)

      expect(tree.files.get('huge.yaml')).not.toHaveProperty('text')
      expect(tree.files.get(WEB)?.text).toBe(webText(3))
    },
    SLOW_MS,
  )
}

/** Commits a tree in which every folder has so many folders, and the last ones so many files, all of them `WEB`. */
async function pointAtNested(origin: BareRepository, widths: readonly number[]): Promise<void> {
  let line = `100644 blob ${await oidAt(origin, WEB)}\tN.yaml\n`
  let tree = ''
  for (const width of widths.toReversed()) {
    const lines = Array.from({ length: width }, (_, index) => line.replace('\tN', `\t${index}`))
    tree = (await origin.git(['mktree'], lines.join(''))).trim()
    line = `040000 tree ${tree}\tN\n`
  }
  await origin.git(['update-ref', 'refs/heads/main', (await origin.git(['commit-tree', tree, '-m', 'many'])).trim()])
}

/** What a host remembers between reads, and when it asks again. */
export function describeCache(start: Start): void {
  test('asks the repository when nothing is remembered yet', async () => {
    const { origin, host } = await start()

    const head = await read(host, cached)

    expect(head.tree.sha).toBe(await origin.head())
    expect(head.tree.files.get(WEB)?.text).toBe(webText(3))
    expect(head.current).toBe(true)
  })

  test('answers a cached read from memory and sees a foreign commit when asked for the current tip', async () => {
    const { origin, host } = await start()
    const first = await read(host)
    const foreign = await origin.commit({ [WEB]: webText(5), 'apps/new.yaml': 'n: 1\n', [API]: null })

    const remembered = await read(host, cached)
    const fresh = await read(host)

    expect(remembered.tree.sha).toBe(first.tree.sha)
    expect(remembered.tree.files.get(WEB)?.text).toBe(webText(3))
    expect(remembered.current).toBe(false)
    expect(fresh.tree.sha).toBe(foreign)
    expect(fresh.current).toBe(true)
    expect(fresh.tree.files.get(WEB)?.text).toBe(webText(5))
    expect(fresh.tree.files.get('apps/new.yaml')?.text).toBe('n: 1\n')
    expect(fresh.tree.files.has(API)).toBe(false)
    expect((await read(host, cached)).tree.sha).toBe(foreign)
  })

  test('leaves a tree that was given out as it was', async () => {
    const { origin, host } = await start()
    const before = await read(host)
    await origin.commit({ [WEB]: webText(5) })

    await read(host)

    expect(before.tree.files.get(WEB)?.text).toBe(webText(3))
  })

  test('asks the repository for past commits even when a cached tree would do', async () => {
    const { origin, host } = await start()
    await read(host)
    const foreign = await origin.commit({ [WEB]: webText(5) }, 'foreign')

    const head = await read(host, { ...cached, past: 1 })

    expect(head.current).toBe(true)
    expect(head.tree.sha).toBe(foreign)
    expect(head.past.map(({ sha }) => sha)).toEqual([foreign])
  })

  test('sees a branch that was rewritten', async () => {
    const { origin, host } = await start()
    const first = (await read(host)).tree.sha
    await origin.commit({ [WEB]: webText(7) })
    await read(host)
    await origin.git(['update-ref', 'refs/heads/main', first])

    const head = await read(host, { ...current, past: 5 })

    expect(head.tree.sha).toBe(first)
    expect(head.tree.files.get(WEB)?.text).toBe(webText(3))
    expect(head.past.map(({ sha }) => sha)).toEqual([first])
  })

  test('knows its own commit without asking', async () => {
    const { origin, host } = await start({ ...FILES, [WEB]: { content: webText(3), mode: '100755' } })
    const base = await read(host)
    const change = { path: WEB, before: webText(3), after: webText(0), mode: '100755' } as const

    const { sha } = await commit(host, { baseSha: base.tree.sha, message: 'own\n', edits: [change] })
    const head = await read(host, cached)

    expect(head.tree.sha).toBe(sha)
    expect(head.tree.files.get(WEB)).toEqual({
      path: WEB,
      mode: '100755',
      oid: await oidAt(origin, WEB),
      text: webText(0),
    })
    expect(head.tree.files.get(API)).toEqual(base.tree.files.get(API))
  })
}
