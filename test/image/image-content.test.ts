import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { builtImage, NO_IMAGE } from './image-root.ts'

const MANIFEST = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8')) as {
  readonly version: string
  readonly devDependencies: Readonly<Record<string, string>>
}

/** Most that the files of the image may be together, in bytes. */
const MOST_BYTES = 200e6

interface Entry {
  readonly path: string
  readonly mode: number
  readonly uid: number
  readonly size: number
  readonly isFile: boolean
  readonly isLink: boolean
}

function* entriesUnder(root: string, folder = root): Generator<Entry> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const stats = lstatSync(path)
    const { mode, uid, size } = stats
    yield { path: relative(root, path), mode, uid, size, isFile: stats.isFile(), isLink: stats.isSymbolicLink() }
    if (stats.isDirectory()) yield* entriesUnder(root, path)
  }
}

interface Sbom {
  readonly bomFormat: string
  readonly components: readonly { readonly purl: string; readonly version: string }[]
}

describe.skipIf(NO_IMAGE !== '')(`the content of the image${NO_IMAGE}`, () => {
  const { root, config } = NO_IMAGE === '' ? builtImage() : { root: '', config: undefined }
  const entries = NO_IMAGE === '' ? [...entriesUnder(root)] : []
  const pathsOf = (fits: (entry: Entry) => boolean): readonly string[] => entries.filter(fits).map(({ path }) => path)

  /** Folders of the virtual store, such as `@octokit+rest@22.0.1`, as `@octokit/rest@22.0.1`. */
  const installed = (): readonly string[] =>
    readdirSync(join(root, 'opt/saker/node_modules/.pnpm'))
      .filter((name) => name !== 'node_modules')
      .map((name) => /^(?:@[^+]+\+)?[^@]+@[^_(]+/u.exec(name)?.[0].replace('+', '/') ?? name)

  it('is less than 200 MB, unpacked', () => {
    const bytes = entries.filter(({ isFile }) => isFile).reduce((sum, { size }) => sum + size, 0)

    expect(bytes).toBeGreaterThan(100e6)
    expect(bytes).toBeLessThan(MOST_BYTES)
  })

  it('lets nobody become another user, and nobody but root change it', () => {
    expect(pathsOf(({ mode, isLink }) => !isLink && (mode & 0o6000) !== 0)).toEqual([])
    expect(pathsOf(({ mode, isLink }) => !isLink && (mode & 0o002) !== 0)).toEqual(['tmp', 'var/tmp'])
    expect(pathsOf(({ uid }) => uid !== 0)).toEqual(['var/lib/saker'])
    expect(lstatSync(join(root, 'var/lib/saker')).uid).toBe(65_532)
  })

  it('has no compiler, no package manager, no sources and nothing for development', () => {
    const names = new Set(installed().map((name) => name.slice(0, name.lastIndexOf('@'))))

    expect(Object.keys(MANIFEST.devDependencies).filter((name) => names.has(name))).toEqual(['yaml'])
    expect([...names].filter((name) => name.startsWith('@types/'))).toEqual([])
    expect(pathsOf(({ path }) => /^opt\/saker\/.*\.(?:[cm]?ts|map)$/u.test(path))).toEqual([])
    expect(pathsOf(({ path }) => /^opt\/saker\/(?:test|tools)(?:\/|$)/u.test(path))).toEqual([])
    expect(readdirSync(join(root, 'usr/local/bin'))).toEqual(['node', 'saker'])
    expect(readdirSync(join(root, 'usr/bin'))).toEqual([
      'dash',
      'git',
      'git-receive-pack',
      'git-upload-archive',
      'git-upload-pack',
      'sh',
      'ssh',
      'tini',
      'valkey-check-rdb',
      'valkey-cli',
      'valkey-server',
    ])
  })

  it('has what its programs and libraries are linked to', () => {
    const loader = pathsOf(({ path }) => /^usr\/lib(?:64)?\/(?:[^/]+\/)?ld-linux[^/]*\.so\.\d$/u.test(path)).at(0) ?? ''
    const linked = pathsOf(
      ({ path, isFile }) => isFile && path !== loader && isElf(join(root, path)) && !path.endsWith(`/${loader}`),
    )

    const problems = linked
      .map((path) =>
        execFileSync('sh', ['-c', 'chroot "$0" "$1" --list "$2" 2>&1 || :', root, `/${loader}`, `/${path}`], {
          encoding: 'utf8',
        }),
      )
      .filter((said) => /not found|cannot open|error/u.test(said))

    expect(linked.length).toBeGreaterThan(40)
    expect(problems).toEqual([])
  })

  it('has no link that leads nowhere', () => {
    const dangling = pathsOf(({ isLink }) => isLink).filter((path) => {
      const target = readlinkSync(join(root, path))
      return !existsSync(target.startsWith('/') ? join(root, target) : resolve(root, path, '..', target))
    })

    expect(dangling).toEqual([])
  })

  it('says in its SBOM every npm and Debian package that is in it, and Node', () => {
    const sbom = JSON.parse(readFileSync(join(root, 'usr/share/saker/sbom.json'), 'utf8')) as Sbom
    const told = new Set(sbom.components.map(({ purl }) => decodeURIComponent(purl.split('?')[0] ?? '')))
    const debian = readdirSync(join(root, 'var/lib/dpkg/status.d'))

    expect(sbom.bomFormat).toBe('CycloneDX')
    expect(installed().length).toBeGreaterThan(100)
    expect(installed().filter((name) => !told.has(`pkg:npm/${name}`))).toEqual([])
    expect(debian).toEqual(expect.arrayContaining(['git', 'libc6', 'openssh-client', 'valkey-server']))
    expect(debian.filter((name) => ![...told].some((purl) => purl.startsWith(`pkg:deb/debian/${name}@`)))).toEqual([])
    expect([...told].filter((purl) => purl.startsWith('pkg:generic/node@'))).toHaveLength(1)
  })

  it('keeps the licences of what is in it', () => {
    const debian = readdirSync(join(root, 'var/lib/dpkg/status.d'))
    const unlicensed = debian.filter((name) => !existsSync(join(root, 'usr/share/doc', name, 'copyright')))

    expect(existsSync(join(root, 'opt/saker/LICENSE'))).toBe(true)
    expect(pathsOf(({ path }) => /^opt\/saker\/node_modules\/.*licen[cs]e/iu.test(path)).length).toBeGreaterThan(100)
    expect(unlicensed).toEqual([])
  })

  it('says its version, title and licence in the labels of OCI', () => {
    expect(config?.labels).toMatchObject({
      'org.opencontainers.image.title': 'saker',
      'org.opencontainers.image.version': MANIFEST.version,
      'org.opencontainers.image.licenses': 'Apache-2.0',
    })
  })
})

function isElf(path: string): boolean {
  return readFileSync(path).subarray(0, 4).toString('latin1') === '\u007FELF'
}
