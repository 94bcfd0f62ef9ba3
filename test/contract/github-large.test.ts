import { createHash } from 'node:crypto'
import { readFile as readBytes } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { execa } from 'execa'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { BareRepository } from '../support/bare-repository.ts'
import { bulkPath, bulkText, createBulkRepository } from '../support/bulk-repository.ts'
import { DOUBLE_TOKEN, startGitHubDouble, type GitHubDouble } from '../support/github-double/github-double.ts'
import type { HostedRepository, RepositoryTraits } from '../support/github-double/hosted-repository.ts'
import { asked, failureOf, forget, hostRepository, openOn } from './github-setup.ts'
import { cached, commit, current, edit, FILES, read, scaleWeb, WEB, webText } from './repository-host-setup.ts'

let double: GitHubDouble

beforeAll(async () => {
  double = await startGitHubDouble()
})

beforeEach(() => {
  forget(double)
  double.faults.length = 0
  double.downloads.downloads.length = 0
})

afterAll(() => double.close())

const LISTING: unknown = expect.stringMatching(/^GET \/git\/trees\/[0-9a-f]{40}\?recursive=1$/u)
const TARBALL: unknown = expect.stringMatching(/^GET \/tarball\/[0-9a-f]{40}$/u)

/** Four megabytes in ten manifests: more than is taken of one answer. */
const MANY = Object.fromEntries(
  Array.from({ length: 10 }, (_, n) => [`crds/${n}.yaml`, `# ${n}\n${`# "words" and ${n}\n`.repeat(24_000)}`]),
)
const LARGE = { ...FILES, ...MANY }

async function hostLarge(
  files: Parameters<typeof hostRepository>[1] = LARGE,
  traits: Partial<RepositoryTraits> = {},
): Promise<HostedRepository> {
  return hostRepository(double, files, traits)
}

describe('a repository whose answer is longer than is taken', () => {
  test('is read in two requests, every byte of it, and committed to in one', async () => {
    const repository = await hostLarge()
    const host = openOn(double, repository)

    const { tree, past } = await read(host, { ...current, past: 3 })
    await commit(host, scaleWeb(tree.sha))

    expect(asked(double)).toEqual(['ReadHead', TARBALL, 'CreateCommit'])
    expect(tree.files.size).toBe(13)
    for (const [path, text] of Object.entries(MANY)) expect(tree.files.get(path)?.text).toBe(text)
    expect(past).toHaveLength(1)
    expect(await repository.origin.read(WEB)).toBe(webText(0))
  })

  test('does not send the credential to the host that archives come from', async () => {
    const host = openOn(double, await hostLarge())

    await read(host)

    expect(double.downloads.downloads).toEqual([
      { path: expect.stringContaining('/legacy.tar.gz/'), authorization: undefined },
    ])
    expect(double.requests.every(({ authorization }) => authorization === `token ${DOUBLE_TOKEN}`)).toBe(true)
  })

  test('costs one request to look at while nobody commits, past commits included', async () => {
    const host = openOn(double, await hostLarge())
    const first = await read(host)
    const own = await commit(host, scaleWeb(first.tree.sha))
    forget(double)

    const again = await read(host)
    const withPast = await read(host, { ...cached, past: 5 })

    expect(asked(double)).toEqual(['ReadTip', 'ReadTip'])
    expect(again.tree.sha).toBe(own.sha)
    expect(again.current).toBe(true)
    expect(again.tree.files.get(WEB)?.text).toBe(webText(0))
    expect(withPast.past.map(({ sha }) => sha)).toEqual([own.sha, first.tree.sha])
  })

  test('costs three requests after a foreign commit, which brings only what that changed', async () => {
    const repository = await hostLarge()
    const host = openOn(double, repository)
    const first = await read(host)
    const before = { [WEB]: webText(5), 'apps/new.yaml': 'n: 1\n', 'crds/0.yaml': null }
    const foreign = await repository.origin.commit({ ...before, 'run.yaml': { content: 'r: 1\n', mode: '100755' } })
    forget(double)

    const { tree } = await read(host)

    expect(asked(double)).toEqual(['ReadTip', LISTING, 'ReadBlobs'])
    expect(tree.sha).toBe(foreign)
    expect(tree.files.get(WEB)?.text).toBe(webText(5))
    expect(tree.files.get('apps/new.yaml')?.text).toBe('n: 1\n')
    expect(tree.files.get('run.yaml')).toMatchObject({ mode: '100755', text: 'r: 1\n' })
    expect(tree.files.has('crds/0.yaml')).toBe(false)
    expect(tree.files.get('crds/1.yaml')).toEqual(first.tree.files.get('crds/1.yaml'))
  })

  test('costs no more after a foreign commit that changed nearly everything', async () => {
    const repository = await hostLarge()
    const host = openOn(double, repository)
    await read(host)
    const changed = Object.fromEntries(Object.entries(MANY).map(([path, text]) => [path, `${text}# more\n`]))
    await repository.origin.commit(changed)
    forget(double)

    const { tree } = await read(host)

    expect(asked(double)).toEqual(['ReadTip', LISTING, TARBALL])
    for (const [path, text] of Object.entries(changed)) expect(tree.files.get(path)?.text).toBe(text)
  })
})

describe('a repository that is too much for a query', () => {
  beforeEach(() => {
    double.faults.push({ match: { operation: 'ReadHead' }, kind: 'status', status: 502, body: '<html>Bad</html>' })
  })

  test('is read in three requests', async () => {
    const host = openOn(double, await hostLarge())

    const { tree } = await read(host)

    expect(asked(double)).toEqual(['ReadHead', 'ReadTip', TARBALL])
    expect(tree.files.size).toBe(13)
  })

  test('is read with what an archive leaves out or changes fetched singly', async () => {
    const attributes = '*.secret.yaml export-ignore\nversion.yaml export-subst\n'
    const files = { '.gitattributes': attributes, 'a.secret.yaml': 'a: 1\n', 'version.yaml': '# $Format:%H$\n' }
    const host = openOn(double, await hostLarge({ ...FILES, ...files }))

    const { tree } = await read(host)

    expect(asked(double)).toEqual(['ReadHead', 'ReadTip', TARBALL, LISTING, 'ReadBlobs'])
    expect(tree.files.get('a.secret.yaml')?.text).toBe('a: 1\n')
    expect(tree.files.get('version.yaml')?.text).toBe('# $Format:%H$\n')
  })

  test('is listed where it holds submodules, which no archive shows', async () => {
    const submodule = { content: '1'.repeat(40), mode: '160000' } as const
    const host = openOn(double, await hostLarge({ ...FILES, 'vendor/charts': submodule }))

    const { tree } = await read(host)

    expect(asked(double)).toEqual(['ReadHead', 'ReadTip', TARBALL, LISTING])
    expect(tree.files.get('vendor/charts')).toEqual({ path: 'vendor/charts', mode: '160000', oid: '1'.repeat(40) })
  })

  test('is read without archives where those cannot be had', async () => {
    const host = openOn(double, await hostLarge(FILES))
    double.downloads.instead.push(undefined)

    const { tree } = await read(host)

    expect(asked(double)).toEqual(['ReadHead', 'ReadTip', TARBALL, LISTING, 'ReadBlobs'])
    expect(tree.files.get(WEB)?.text).toBe(webText(3))
  })

  test.each([
    ['something else', () => gzipSync(Buffer.alloc(20_000, 'x'))],
    ['a bomb', () => gzipSync(Buffer.alloc(400_000_000))],
    ['a page', () => Buffer.from('<html>Log in to the hotel</html>')],
  ])('is read as it is when the archive turns out to be %s', async (_, archive) => {
    const host = openOn(double, await hostLarge(FILES))
    double.downloads.instead.push(archive())

    const { tree } = await read(host)

    expect(tree.files.get(WEB)?.text).toBe(webText(3))
  })

  test('is read as it is when the archive is that of another commit', async () => {
    const repository = await hostLarge(FILES)
    const sha = await repository.origin.head()
    const other = await repository.origin.git([
      'archive',
      '--format=tar',
      '--prefix=x/',
      `${sha}^{tree}:apps`,
      '-o',
      'other.tar',
    ])
    const host = openOn(double, repository)
    expect(other).toBe('')
    double.downloads.instead.push(gzipSync(await readBytes(`${repository.origin.path}/other.tar`)))

    const { tree } = await read(host)

    expect([...tree.files.keys()].toSorted()).toEqual(Object.keys(FILES).toSorted())
    expect(tree.files.get(WEB)?.text).toBe(webText(3))
  })
})

describe('a repository of more entries than are listed at once', () => {
  test('is read as an archive each time', async () => {
    const repository = await hostLarge(LARGE, { listingLimit: 5 })
    const host = openOn(double, repository)
    await read(host)
    await repository.origin.commit({ [WEB]: webText(5) })
    forget(double)

    const { tree } = await read(host)

    expect(asked(double)).toEqual(['ReadTip', LISTING, TARBALL])
    expect(tree.files.get(WEB)?.text).toBe(webText(5))
  })

  test('is refused where an archive does not show all of it', async () => {
    const files = { ...LARGE, '.gitattributes': 'README.md export-ignore\n' }
    const host = openOn(double, await hostLarge(files, { listingLimit: 5 }))

    const failure = await failureOf(read(host))

    expect(failure.code).toBe('TREE_TOO_LARGE')
    expect(asked(double)).toEqual(['ReadHead', TARBALL, LISTING])
  })
})

test('a listing is understood whatever names are in it', async () => {
  const tricky = 'apps/},{"path":"x","mode":"040000"},{"path":"/\\"},{"path":"b.yaml'
  const repository = await hostLarge({ ...LARGE, [tricky]: 't: 1\n' })
  await addPages(repository.origin, 3000)
  const host = openOn(double, repository)
  await read(host)
  await repository.origin.commit({ [WEB]: webText(5) })
  forget(double)

  const { tree } = await read(host)

  expect(asked(double)).toEqual(['ReadTip', LISTING, 'ReadBlobs'])
  expect(tree.files.get(tricky)?.text).toBe('t: 1\n')
  expect(tree.files.get(WEB)?.text).toBe(webText(5))
  expect(tree.files.size).toBe(3014)
})

/** Files in one folder, whose listing is longer than what is parsed at once. */
async function addPages(origin: BareRepository, count: number): Promise<void> {
  const blob = (await origin.git(['rev-parse', 'main:README.md'])).trim()
  const pages = Array.from({ length: count }, (_, n) => `100644 blob ${blob}\tpage-${n}.md\n`)
  const docs = (await origin.git(['mktree'], pages.join(''))).trim()
  const root = await origin.git(['ls-tree', '-z', 'main'])
  const tree = (await origin.git(['mktree', '-z'], `${root}040000 tree ${docs}\tdocs\0`)).trim()
  const sha = (await origin.git(['commit-tree', tree, '-p', 'main', '-m', 'pages'])).trim()
  await origin.git(['update-ref', 'refs/heads/main', sha])
}

test('ten thousand manifests of 25 MB are read in little memory, and then at the price of what changed', async () => {
  const size = { manifests: 10_000, bytes: 25_000_000 }
  const origin = await createBulkRepository(size)
  onTestFinished(() => origin.remove())
  const { nameWithOwner } = double.host('acme/bulk', origin)
  const program = new URL('../support/read-repository-process.ts', import.meta.url)

  const reader = execa({ ipc: true, reject: false, stderr: 'inherit' })(process.execPath, [
    '--conditions=saker-source',
    '--max-old-space-size=100',
    program.pathname,
    'github',
    double.apiUrl,
    nameWithOwner,
  ])
  const cold = await reader.getOneMessage()
  await origin.commit({ [bulkPath(17)]: 'changed: true\n' })
  const [warm] = await Promise.all([reader.getOneMessage(), reader.sendMessage('again')])
  await reader.sendMessage('end')
  const { exitCode } = await reader

  const hash = createHash('sha256')
  for (let index = 0; index < size.manifests; index += 1) hash.update(bulkText(index, size))
  expect(cold).toMatchObject({ files: 10_000, requests: ['readHead', 'getTarball'], digest: hash.digest('hex') })
  expect(warm).toMatchObject({ files: 10_000, requests: ['readTip', 'listTree', 'readBlobs'] })
  expect(warm).toHaveProperty('changed', 'changed: true\n')
  expect(exitCode).toBe(0)
}, 300_000)

test('a large repository can be edited where GitHub shows no text at all', async () => {
  const latin = new Uint8Array([0x6b, 0x3a, 0x20, 0xfc, 0x0a])
  const repository = await hostLarge({ ...LARGE, 'latin.yaml': latin })
  const host = openOn(double, repository)
  const { tree } = await read(host)

  const refused = commit(host, { baseSha: tree.sha, message: 'x\n', edits: [edit('latin.yaml', 'k: ü\n', 'k: u\n')] })

  expect(tree.files.get('latin.yaml')).not.toHaveProperty('text')
  expect((await failureOf(refused)).code).toBe('MANIFEST_NOT_TEXT')
})
