import { blobOid } from '@saker/core'
import { expect, onTestFinished, test } from 'vitest'
import { BareRepository } from '../support/bare-repository.ts'
import {
  API,
  cached,
  commit,
  current,
  edit,
  FILES,
  messageOf,
  oidAt,
  type OpenHost,
  openClosed,
  read,
  scaleWeb,
  type Start,
  WEB,
  webText,
} from './repository-host-setup.ts'

/** What a commit holds. */
export function describeCommitting(start: Start): void {
  test('puts exactly the given bytes on the base, leaves every other file alone', async () => {
    const { origin, host } = await start({
      ...FILES,
      'apps/run.sh': { content: '#!/bin/sh\n', mode: '100755' },
      'apps/link': { content: 'web.yaml', mode: '120000' },
      vendored: { content: '1234567890123456789012345678901234567890', mode: '160000' },
      'logo.png': new Uint8Array([0x89, 0x50, 0xff, 0x00]),
    })
    const { tree } = await read(host)
    const before = await origin.git(['ls-tree', '-r', 'main'])

    const { sha } = await commit(host, scaleWeb(tree.sha))

    expect(await origin.head()).toBe(sha)
    expect(await origin.log()).toEqual([sha, tree.sha])
    expect(await origin.read(WEB)).toBe(webText(0))
    const after = await origin.git(['ls-tree', '-r', 'main'])
    expect(after).toBe(before.replace(blobOid(webText(3)), blobOid(webText(0))))
  })

  test('keeps byte order marks, Windows line ends, letters beyond ASCII, missing and empty endings', async () => {
    const texts = {
      'bom.yaml': ['\uFEFFa: 1\r\n', '\uFEFFa: 0\r\n'],
      'no-final-line-end.yaml': ['a: 1', 'a: 0'],
      'beyond-ascii.yaml': ['# 🚀 größer\na: 1\n', '# 🚀 größer\na: 0\n'],
      'nothing-left.yaml': ['a: 1\n', ''],
      'nothing-before.yaml': ['', 'a: 0\n'],
    } as const
    const { origin, host } = await start(
      Object.fromEntries(Object.entries(texts).map(([path, [before]]) => [path, before])),
    )
    const { tree } = await read(host)
    const edits = Object.entries(texts).map(([path, [before, after]]) => edit(path, before, after))

    await commit(host, { baseSha: tree.sha, message: 'edit\n', edits })

    const oids = await Promise.all(edits.map(async ({ path }) => [path, await oidAt(origin, path)]))
    expect(oids).toEqual(edits.map(({ path, after }) => [path, blobOid(after ?? '')]))
  })

  test('makes and deletes files beside an edit, in one commit, and goes on from there without reading', async () => {
    const { origin, host } = await start({ ...FILES, 'apps/old.yaml': 'a: 1\n' })
    const { tree } = await read(host)
    const edits = [
      edit(WEB, webText(3), webText(0)),
      edit('apps/new folder/ü.yaml', null, 'b: 1\n'),
      edit('apps/old.yaml', 'a: 1\n', null),
    ]

    const { sha } = await commit(host, { baseSha: tree.sha, message: 'move\n', edits })
    const next = await read(host, cached)
    await commit(host, { baseSha: sha, message: 'back\n', edits: [edit('apps/new folder/ü.yaml', 'b: 1\n', null)] })

    expect(await origin.git(['ls-tree', '-r', '-z', '--name-only', sha])).toBe(
      ['README.md', API, 'apps/new folder/ü.yaml', WEB, ''].join('\0'),
    )
    expect(await origin.read('apps/new folder/ü.yaml', sha)).toBe('b: 1\n')
    expect(next.tree.files.get('apps/new folder/ü.yaml')?.text).toBe('b: 1\n')
    expect(next.tree.files.has('apps/old.yaml')).toBe(false)
    expect(await origin.git(['ls-tree', '-r', '-z', '--name-only', 'main'])).toBe(
      ['README.md', API, WEB, ''].join('\0'),
    )
  })

  test('deletes without writing anything', async () => {
    const { origin, host } = await start(FILES)
    const { tree } = await read(host)

    await commit(host, { baseSha: tree.sha, message: 'less\n', edits: [edit(API, 'kind: Service\n', null)] })

    expect(await origin.git(['ls-tree', '-r', '--name-only', 'main'])).toBe(`README.md\n${WEB}\n`)
  })

  test('refuses to make a file that is there', async () => {
    const { origin, host } = await start(FILES)
    const { tree } = await read(host)

    const made = commit(host, { baseSha: tree.sha, message: 'new\n', edits: [edit(API, null, 'b: 1\n')] })

    await expect(made).rejects.toMatchObject({ code: 'BRANCH_MOVED' })
    expect(await origin.head()).toBe(tree.sha)
  })

  test('keeps the message: subject, body, blank lines, what looks like a comment, trailers', async () => {
    const { origin, host } = await start()
    const { tree } = await read(host)
    const message =
      'contain größe/Deployment/web…\n\nfirst paragraph\n  indented\n\n\n# not a comment\n\n' +
      'Saker-Response: 1 contain prod/default/Deployment/web apps/web.yaml#/spec/replicas until=-\n' +
      'Signed-off-by: Saker <saker@localhost>\n'

    const { sha } = await commit(host, { ...scaleWeb(tree.sha), message })

    expect(await messageOf(origin, sha)).toBe(message.trimEnd())
    const { past } = await read(host, { ...current, past: 1 })
    expect(past.map((one) => one.message.trimEnd())).toEqual([message.trimEnd()])
  })

  test('keeps an executable file executable', async () => {
    const { origin, host } = await start({ ...FILES, 'apps/run.yaml': { content: 'a: 1\n', mode: '100755' } })
    const { tree } = await read(host)
    const change = edit('apps/run.yaml', 'a: 1\n', 'a: 0\n', '100755')

    await commit(host, { baseSha: tree.sha, message: 'run\n', edits: [change] })

    expect(await origin.mode('apps/run.yaml')).toBe('100755')
    expect(await origin.read('apps/run.yaml')).toBe('a: 0\n')
  })

  test('changes several files in one commit, whatever their names', async () => {
    const names = ['apps/mit Leerzeichen/größe.yaml', 'apps/"q" [x]*.yaml', 'b.yaml']
    const { origin, host } = await start({ ...FILES, ...Object.fromEntries(names.map((path) => [path, 'a: 1\n'])) })
    const { tree } = await read(host)
    const edits = names.map((path, index) => edit(path, 'a: 1\n', `a: ${index + 2}\n`))

    const { sha } = await commit(host, { baseSha: tree.sha, message: 'all\n', edits })

    expect(await origin.log()).toEqual([sha, tree.sha])
    for (const [index, path] of names.entries()) expect(await oidAt(origin, path)).toBe(blobOid(`a: ${index + 2}\n`))
  })

  test('commits again on its own commit without reading', async () => {
    const { origin, host } = await start()
    const { tree } = await read(host)

    const first = await commit(host, scaleWeb(tree.sha))
    const second = await commit(host, scaleWeb(first.sha, 0, 1))

    expect(await origin.log()).toEqual([second.sha, first.sha, tree.sha])
    expect(await origin.read(WEB)).toBe(webText(1))
  })

  test('names the author it is given', async () => {
    const author = { name: 'Größe Bot', email: 'bot@example.test' }
    const { origin, host } = await start(FILES, { author })
    const { tree } = await read(host)

    const { sha } = await commit(host, { ...scaleWeb(tree.sha), author })

    expect((await origin.git(['log', '-1', '--format=%an <%ae>', sha])).trim()).toBe('Größe Bot <bot@example.test>')
  })
}

/** Who wins when several write. */
export function describeCompareAndSwap(start: Start, open: OpenHost): void {
  test('refuses a base that is no longer the tip, loses nothing, and works after reading again', async () => {
    const { origin, host } = await start()
    const { tree } = await read(host)
    const foreign = await origin.commit({ [API]: 'kind: Foreign\n' })

    await expect(commit(host, scaleWeb(tree.sha))).rejects.toMatchObject({ code: 'BRANCH_MOVED' })

    expect(await origin.head()).toBe(foreign)
    const again = await read(host)
    const { sha } = await commit(host, scaleWeb(again.tree.sha))
    expect(await origin.log()).toEqual([sha, foreign, tree.sha])
    expect(await origin.read(API)).toBe('kind: Foreign\n')
  })

  test('refuses a base that is an ancestor of its own commit', async () => {
    const { origin, host } = await start()
    const { tree } = await read(host)
    const { sha } = await commit(host, scaleWeb(tree.sha))

    await expect(commit(host, scaleWeb(tree.sha))).rejects.toMatchObject({ code: 'BRANCH_MOVED' })

    expect(await origin.head()).toBe(sha)
  })

  test('refuses a base that was rewritten away', async () => {
    const { origin, host } = await start()
    const first = (await read(host)).tree.sha
    await origin.commit({ [WEB]: webText(3), [API]: 'kind: Gone\n' })
    const { tree } = await read(host)
    await origin.git(['update-ref', 'refs/heads/main', first])

    await expect(commit(host, scaleWeb(tree.sha))).rejects.toMatchObject({ code: 'BRANCH_MOVED' })

    expect(await origin.head()).toBe(first)
  })

  test('does not bring back a branch that was deleted', async () => {
    const { origin, host } = await start()
    const { tree } = await read(host)
    await origin.git(['branch', 'other', 'main'])
    await origin.git(['update-ref', '-d', 'refs/heads/main'])

    await expect(commit(host, scaleWeb(tree.sha))).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:BRANCH_MOVED|BRANCH_NOT_FOUND)$/u),
    })

    expect(await origin.head()).toBeUndefined()
  })

  test('lets exactly one of several commits on one base win, in one process and across several', async () => {
    const { origin, host } = await start()
    const other = await openClosed(open, origin)
    const { tree } = await read(host)
    await read(other)

    const endings = await Promise.allSettled(
      [host, host, other].map((one, index) => commit(one, scaleWeb(tree.sha, 3, index + 10))),
    )

    const won = endings.flatMap((ending) => (ending.status === 'fulfilled' ? [ending.value.sha] : []))
    const codes = endings.flatMap((ending) => (ending.status === 'rejected' ? [ending.reason.code] : []))
    expect(won).toHaveLength(1)
    expect(codes).toEqual(['BRANCH_MOVED', 'BRANCH_MOVED'])
    expect(await origin.log()).toEqual([...won, tree.sha])
  })
}

/** What a host refuses, and how it says so. */
export function describeRefusals(start: Start, open: OpenHost): void {
  test('says when the repository has no commit at all', async () => {
    const { host } = await start({})

    await expect(read(host)).rejects.toMatchObject({ code: 'REPOSITORY_EMPTY', retryable: false })
  })

  test('says when the branch does not exist, and reads it once it does', async () => {
    const origin = await BareRepository.create(FILES, 'trunk')
    onTestFinished(() => origin.remove())
    const host = await openClosed(open, origin)

    await expect(read(host)).rejects.toMatchObject({ code: 'BRANCH_NOT_FOUND', retryable: false })

    await origin.git(['branch', 'main', 'trunk'])
    expect((await read(host)).tree.sha).toBe(await origin.head('trunk'))
  })

  test('refuses to edit a file whose bytes are not those it was planned on', async () => {
    const { origin, host } = await start()
    const { tree } = await read(host)

    await expect(commit(host, scaleWeb(tree.sha, 4))).rejects.toMatchObject({ code: 'MANIFEST_NOT_TEXT' })

    expect(await origin.head()).toBe(tree.sha)
  })

  test('rejects what was called off, writes nothing, and stays usable', async () => {
    const { origin, host } = await start()
    const signal = AbortSignal.abort(new Error('called off'))

    await expect(host.read({ ...current, signal })).rejects.toThrow('called off')
    const { tree } = await read(host)
    await expect(host.commit(scaleWeb(tree.sha), { signal })).rejects.toThrow('called off')

    expect(await origin.head()).toBe(tree.sha)
    await commit(host, scaleWeb(tree.sha))
    expect(await origin.read(WEB)).toBe(webText(0))
  })
}
