import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { blobOid, type FileMode } from '@saker/core'
import { expect, onTestFinished, test } from 'vitest'
import { treeOid } from './tree-oid.ts'

const FILES: readonly (readonly [path: string, mode: FileMode])[] = [
  ['a.yaml', '100644'],
  ['a/b.yaml', '100755'],
  ['a-b', '120000'],
  ['a/b/c/d.yaml', '100644'],
  ['a0', '100644'],
  ['A.yaml', '100644'],
  ['größe/🦅.yaml', '100644'],
  ['größe/\uFB01.yaml', '100644'],
  ['größe/~.yaml', '100644'],
]

test.each(['sha1', 'sha256'] as const)(
  'is what git gives a folder with such names and modes, in %s',
  async (format) => {
    const folder = mkdtempSync(join(tmpdir(), 'saker-tree-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const like = 'f'.repeat(format === 'sha1' ? 40 : 64)
    const git = (args: readonly string[], input = ''): string =>
      execFileSync('git', args, { cwd: folder, input, encoding: 'utf8' }).trim()
    git(['init', '--quiet', '--bare', `--object-format=${format}`])
    const files = FILES.map(([path, mode]) => ({ path, mode, oid: blobOid(path, like), bytes: 0 }))
    for (const { path } of files) git(['hash-object', '-w', '--stdin'], path)
    git(
      ['update-index', '-z', '--index-info'],
      files.map(({ path, mode, oid }) => `${mode} ${oid}\t${path}\0`).join(''),
    )

    expect(await treeOid(files, like)).toBe(git(['write-tree']))
  },
)

test('is that of nothing without files', async () => {
  expect(await treeOid([], 'f'.repeat(40))).toBe('4b825dc642cb6eb9a060e54bf8d69288fbee4904')
})

test('differs when a name, a mode or a content does', async () => {
  const file = { path: 'a/b.yaml', mode: '100644', oid: blobOid('a'), bytes: 1 } as const
  const others = [
    [{ ...file, path: 'a/B.yaml' }],
    [{ ...file, mode: '100755' as const }],
    [{ ...file, oid: blobOid('b') }],
    [file, { ...file, path: 'c' }],
  ]

  const oids = await Promise.all([[file], ...others].map((files) => treeOid(files, file.oid)))

  expect(new Set(oids).size).toBe(5)
})
