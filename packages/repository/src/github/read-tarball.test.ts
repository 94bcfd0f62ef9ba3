import { execFileSync } from 'node:child_process'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { blobOid, ResponseError } from '@saker/core'
import { pack, type Headers } from 'tar-stream'
import { expect, test } from 'vitest'
import { TreeGate } from '../tree/tree-gate.ts'
import { unpackTarball, type Tarball, type UnpackOptions } from './read-tarball.ts'

type Packed = readonly [header: Headers, content?: string | Buffer]

async function tarball(...entries: readonly Packed[]): Promise<Buffer> {
  const packing = pack()
  for (const [header, content] of entries) packing.entry(header, content)
  packing.finalize()
  return gzipSync(await buffer(packing))
}

async function unpack(archive: Buffer, options: Partial<UnpackOptions> = {}): Promise<Tarball | undefined> {
  const gate = new TreeGate('a/b#main', new Set(['Tiltfile']))
  async function* body(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < archive.length; at += 1000) yield archive.subarray(at, at + 1000)
  }
  return unpackTarball(body(), { gate, known: new Map(), like: 'f'.repeat(40), ...options })
}

function gitOid(content: string | Buffer): string {
  return execFileSync('git', ['hash-object', '--stdin'], { input: content, encoding: 'utf8' }).trim()
}

test('gives modes, ids and wanted texts, and what a link points to as its content', async () => {
  const archive = await tarball(
    [{ name: 'a-b-123/', type: 'directory' }],
    [{ name: 'a-b-123/apps/', type: 'directory' }],
    [{ name: 'a-b-123/apps/größe.yaml', mode: 0o664 }, 'g: ü\n'],
    [{ name: 'a-b-123/apps/run.yaml', mode: 0o775 }, ''],
    [{ name: `a-b-123/${'long/'.repeat(60)}l.yaml` }, 'l: 1\n'],
    [{ name: 'a-b-123/latin.yaml' }, Buffer.from([0x6b, 0xfc])],
    [{ name: 'a-b-123/README.md' }, 'r'],
    [{ name: 'a-b-123/Tiltfile' }, 't'],
    [{ name: 'a-b-123/link.yaml', type: 'symlink', linkname: '../etc/passwd' }],
  )

  const unpacked = await unpack(archive)

  const seen = unpacked?.entries.map(({ path, mode, oid }) => [path, mode, unpacked.texts.get(oid)])
  expect(seen).toEqual([
    ['apps/größe.yaml', '100644', 'g: ü\n'],
    ['apps/run.yaml', '100755', ''],
    [`${'long/'.repeat(60)}l.yaml`, '100644', 'l: 1\n'],
    ['latin.yaml', '100644', undefined],
    ['README.md', '100644', undefined],
    ['Tiltfile', '100644', 't'],
    ['link.yaml', '120000', undefined],
  ])
  const contents = ['g: ü\n', '', 'l: 1\n', Buffer.from([0x6b, 0xfc]), 'r', 't', '../etc/passwd']
  expect(unpacked?.entries.map(({ oid }) => oid)).toEqual(contents.map(gitOid))
})

test('keeps the text that is known rather than a copy of it', async () => {
  const known = new Map([[blobOid('a: 1\n'), 'as it was known']])

  const unpacked = await unpack(await tarball([{ name: 'x/a.yaml' }, 'a: 1\n']), { known })

  expect([...(unpacked?.texts.values() ?? [])]).toEqual(['as it was known'])
})

test.each(['x/../a.yaml', 'x//etc/passwd', 'x/.git/config', 'x/a/./b'])(
  'refuses an archive with the path %s',
  async (name) => {
    const unpacking = unpack(await tarball([{ name }, 'a: 1\n']))

    await expect(unpacking).rejects.toMatchObject({ code: 'TREE_INVALID' })
  },
)

test('passes over hard links and devices', async () => {
  const archive = await tarball(
    [{ name: 'x/hard.yaml', type: 'link', linkname: '/etc/passwd' }],
    [{ name: 'x/null.yaml', type: 'character-device' }],
    [{ name: 'x/a.yaml' }, 'a: 1\n'],
  )

  expect((await unpack(archive))?.entries.map(({ path }) => path)).toEqual(['a.yaml'])
})

test('gives up on a bomb long before it is unpacked', async () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000))
  const archive = await tarball([{ name: 'x/a.png' }, Buffer.alloc(50_000_000)])

  expect(bomb.length).toBeLessThan(100_000)
  expect(await unpack(archive, { maxBytes: 1_000_000 })).toBeUndefined()
})

test('refuses a manifest bomb by what its header promises', async () => {
  const entries = Array.from({ length: 21 }, (_, n): Packed => [
    { name: `x/${n}.yaml` },
    Buffer.alloc(4_900_000, n + 32),
  ])

  await expect(unpack(await tarball(...entries))).rejects.toMatchObject({ code: 'TREE_TOO_LARGE' })
})

test.each([
  ['cut off', async () => (await tarball([{ name: 'x/a.yaml' }, 'a: 1\n'.repeat(9000)])).subarray(0, -20)],
  ['no gzip', async () => Buffer.from('<html>Log in</html>')],
  ['no archive', async () => gzipSync(Buffer.alloc(5000, 'x'))],
])('rejects what is %s', async (_, make) => {
  const failure: unknown = await unpack(await make()).catch((error: unknown) => error)

  expect(failure).toBeInstanceOf(Error)
  expect(failure).not.toBeInstanceOf(ResponseError)
})
