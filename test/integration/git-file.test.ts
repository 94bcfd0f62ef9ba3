import { chmod, mkdir, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { BareRepository } from '../support/bare-repository.ts'
import { changeA, makeFolder, makeOrigin, openGit, tipOf, unaborted } from '../support/open-git.ts'

async function hook(origin: BareRepository, lines: string): Promise<void> {
  const path = join(origin.path, 'hooks', 'pre-receive')
  await mkdir(join(origin.path, 'hooks'), { recursive: true })
  await writeFile(path, `#!/bin/sh\n${lines}\n`)
  await chmod(path, 0o755)
}

async function cacheOf(dataDir: string): Promise<string> {
  const [folder = ''] = await readdir(join(dataDir, 'git'))
  return join(dataDir, 'git', folder, 'objects.git')
}

describe('what the server has to say to a commit', () => {
  test.each([
    ['BRANCH_PROTECTED', 'error: GH006: Protected branch update failed for refs/heads/main.'],
    ['BRANCH_PROTECTED', 'GitLab: You are not allowed to push code to protected branches on this project.'],
    ['BRANCH_PROTECTED', 'Gitea: Not allowed to push to protected branch main'],
    ['REPOSITORY_ARCHIVED', 'This repository was archived so it is read-only.'],
    ['COMMIT_REJECTED', 'every commit needs a ticket'],
  ])('%s: %s', async (code, words) => {
    const origin = await makeOrigin()
    await hook(origin, `echo '${words}' >&2; exit 1`)
    const { host } = await openGit(`file://${origin.path}`)
    const base = await tipOf(host)

    await expect(host.commit(changeA(base), { signal: unaborted() })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words),
    })

    expect(await origin.head()).toBe(base)
  })

  test('a branch that moves while the server looks at the commit is not overwritten', async () => {
    const origin = await makeOrigin()
    const base = await origin.head()
    const foreign = await origin.commit({ 'b.yaml': 'b: 1\n' })
    await origin.git(['update-ref', 'refs/heads/main', String(base)])
    await hook(origin, `env -u GIT_QUARANTINE_PATH git update-ref refs/heads/main ${foreign}`)
    const { host } = await openGit(`file://${origin.path}`)
    const sha = await tipOf(host)

    await expect(host.commit(changeA(sha), { signal: unaborted() })).rejects.toMatchObject({ code: 'BRANCH_MOVED' })

    expect(await origin.head()).toBe(foreign)
  })

  test('an edit of what is missing, a link or a folder is refused', async () => {
    const origin = await makeOrigin({
      'a.yaml': 'a: 1\n',
      'dir/b.yaml': 'b: 1\n',
      'link.yaml': { content: 'a.yaml', mode: '120000' },
    })
    const { host } = await openGit(`file://${origin.path}`)
    const baseSha = await tipOf(host)
    const editing = (path: string, before: string) =>
      host.commit(
        { baseSha, message: 'x\n', edits: [{ path, before, after: 'x', mode: '100644' }] },
        { signal: unaborted() },
      )

    await expect(editing('missing.yaml', '')).rejects.toMatchObject({ code: 'MANIFEST_MISSING' })
    await expect(editing('link.yaml', 'a.yaml')).rejects.toMatchObject({ code: 'MANIFEST_NOT_A_FILE' })
    await expect(editing('dir', '')).rejects.toMatchObject({ code: 'MANIFEST_NOT_A_FILE' })

    expect(await origin.head()).toBe(baseSha)
  })

  test('a base that another process has read is fetched first', async () => {
    const origin = await makeOrigin()
    const { host } = await openGit(`file://${origin.path}`)

    const { sha } = await host.commit(changeA(String(await origin.head())), { signal: unaborted() })

    expect(await origin.head()).toBe(sha)
    await expect(host.commit(changeA('--all'), { signal: unaborted() })).rejects.toMatchObject({ code: 'BRANCH_MOVED' })
  })
})

describe('where there is no repository', () => {
  test('a folder that is missing is no repository', async () => {
    const { host } = await openGit(`file://${join(await makeFolder(), 'nothing.git')}`)

    await expect(tipOf(host)).rejects.toMatchObject({ code: 'REPOSITORY_NOT_FOUND', retryable: false })
  })

  test('a machine without git says so', async () => {
    const { host } = await openGit(`file://${(await makeOrigin()).path}`)
    vi.stubEnv('PATH', await makeFolder())
    onTestFinished(() => void vi.unstubAllEnvs())

    await expect(tipOf(host)).rejects.toMatchObject({
      code: 'REPOSITORY_UNAVAILABLE',
      message: expect.stringContaining('not installed'),
    })
  })
})

describe('what is read', () => {
  test('a repository with SHA-256 ids is read and written as any other', async () => {
    const origin = await makeOrigin({})
    await rm(origin.path, { recursive: true })
    await execa('git', ['init', '--quiet', '--bare', '--object-format=sha256', '--initial-branch=main', origin.path])
    await origin.commit({ 'a.yaml': 'a: 1\n' })
    const { host } = await openGit(`file://${origin.path}`)
    const base = await tipOf(host)

    const { sha } = await host.commit(changeA(base), { signal: unaborted() })

    expect(sha).toMatch(/^[0-9a-f]{64}$/u)
    expect(await origin.log()).toEqual([sha, base])
    const cached = await host.read({ freshness: 'cached', signal: unaborted() })
    expect(cached.tree.files.get('a.yaml')?.oid).toBe((await origin.git(['rev-parse', 'main:a.yaml'])).trim())
  })

  test('UTF-16 is not text, nor is a file too large for a manifest', async () => {
    const origin = await makeOrigin({
      'wide.yaml': Buffer.from('a: 1\n', 'utf16le'),
      'large.yaml': `# ${'x'.repeat(8_000_000)}\n`,
    })
    const { host } = await openGit(`file://${origin.path}`)

    const { tree } = await host.read({ freshness: 'current', signal: unaborted() })

    expect([...tree.files.keys()].toSorted()).toEqual(['large.yaml', 'wide.yaml'])
    for (const file of tree.files.values()) expect(file).not.toHaveProperty('text')
  })
})

describe('the local copy', () => {
  test('is for us alone, and gone after closing', async () => {
    const dataDir = join(await makeFolder(), 'data')
    const { host } = await openGit(`file://${(await makeOrigin()).path}`, { dataDir })
    await tipOf(host)

    expect((await stat(dataDir)).mode & 0o777).toBe(0o700)
    await host.close()

    expect(await readdir(join(dataDir, 'git'))).toEqual([])
  })

  test.each([
    ['was removed', (cache: string) => rm(join(cache, '..'), { recursive: true })],
    ['has a lock left by a killed program', (cache: string) => writeFile(join(cache, 'shallow.lock'), '')],
    ['lost its objects', (cache: string) => rm(join(cache, 'objects'), { recursive: true })],
    ['has empty objects, as after a power cut', truncateObjects],
  ])('is made anew when it %s', async (_, harm) => {
    const origin = await makeOrigin()
    const { host, dataDir } = await openGit(`file://${origin.path}`)
    await tipOf(host)
    await harm(await cacheOf(dataDir))
    const foreign = await origin.commit({ 'b.yaml': 'b: 1\n' })

    const head = await host.read({ freshness: 'current', past: 2, signal: unaborted() })

    expect(head.past.map(({ sha }) => sha)).toEqual(await origin.log())
    expect(head.tree.files.get('b.yaml')?.text).toBe('b: 1\n')
    await harm(await cacheOf(dataDir))
    const { sha } = await host.commit(changeA(foreign), { signal: unaborted() })
    expect(await origin.head()).toBe(sha)
  })
})

async function truncateObjects(cache: string): Promise<void> {
  for (const entry of await readdir(join(cache, 'objects'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    await chmod(path, 0o600)
    await truncate(path, 0)
  }
}
