import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

/**
 * The rules of docs/architecture.md and CONTRIBUTING.md that a machine can hold. Each test collects all that breaks its
 * rule, so that one run shows everything; the linter says the same about imports, while the file is being written.
 */

const ROOT = resolve(import.meta.dirname, '..')

/** What each room may import of ours. Arrows point inward; ingest and worker never meet. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  'packages/core': [],
  'packages/manifest': ['core'],
  'packages/engine': ['core', 'manifest'],
  'packages/queue': ['core'],
  'packages/repository': ['core', 'manifest', 'engine'],
  'packages/cluster': ['core', 'engine'],
  'packages/service': ['core', 'manifest'],
  'apps/ingest': ['core', 'manifest', 'engine', 'queue', 'repository', 'cluster', 'service'],
  'apps/worker': ['core', 'manifest', 'engine', 'queue', 'repository', 'cluster', 'service'],
  'apps/cli': ['core', 'manifest', 'engine', 'queue', 'repository', 'cluster', 'service', 'ingest', 'worker'],
  'apps/demo': ['core', 'manifest', 'engine', 'queue', 'repository', 'cluster', 'service', 'ingest', 'worker'],
}

/** Libraries that stand for an outside system, and the one room that speaks to it. */
const OWNERS: readonly (readonly [library: RegExp, room: string])[] = [
  [/^yaml$/u, 'packages/manifest'],
  [/^(?:bullmq|ioredis|js-redis-server|@bull-board\/.*)$/u, 'packages/queue'],
  [/^(?:@octokit\/.*|execa)$/u, 'packages/repository'],
  [/^(?:pino|prom-client)$/u, 'packages/service'],
  [/^cloudevents$/u, 'apps/ingest'],
]

const LEFT_OUT = new Set([
  'node_modules',
  'dist',
  'coverage',
  'alerts',
  'manifests',
  'layouts',
  'fixtures',
  '.git',
  '.saker',
])
const ROOMS = Object.keys(ARROWS)

function filesUnder(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter(({ name }) => !LEFT_OUT.has(name))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? filesUnder(path) : [path]
    })
    .toSorted()
}

const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const isTest = (path: string): boolean => path.endsWith('.test.ts')

const FILES = filesUnder('.')
const CODE = FILES.filter((path) => /\.(?:ts|mjs)$/u.test(path))
const INSIDE_ROOMS = CODE.filter((path) => roomOf(path) !== undefined)

function roomOf(path: string): string | undefined {
  return ROOMS.find((room) => path.startsWith(`${room}/`))
}

/** Module specifiers of static and dynamic imports and of re-exports. */
function importsOf(path: string): readonly string[] {
  const pattern = /(?:^|[\s;}])(?:from|import)\s*\(?\s*'([^'\n]+)'/gu
  return Array.from(textOf(path).matchAll(pattern), ([, specifier = '']) => specifier)
}

/** `@octokit/rest/x` is of `@octokit/rest`, `yaml/y` of `yaml`. */
function libraryOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function dependenciesOf(room: string): readonly string[] {
  const manifest = JSON.parse(textOf(`${room}/package.json`)) as Readonly<
    Record<string, Readonly<Record<string, string>>>
  >
  const fields = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']
  return fields.flatMap((field) => Object.keys(manifest[field] ?? {}))
}

/** All that a room uses, with where it says so: its package.json, and every import in its files. */
function usesOf(room: string): readonly { readonly from: string; readonly library: string }[] {
  const declared = dependenciesOf(room).map((library) => ({ from: `${room}/package.json`, library }))
  const imported = INSIDE_ROOMS.filter((path) => roomOf(path) === room).flatMap((path) =>
    importsOf(path)
      .filter((specifier) => !specifier.startsWith('.'))
      .map((specifier) => ({ from: path, library: libraryOf(specifier) })),
  )
  return [...declared, ...imported]
}

describe('the rooms', () => {
  it('are all on the map', () => {
    const folders = ['packages', 'apps'].flatMap((parent) =>
      readdirSync(join(ROOT, parent)).map((name) => `${parent}/${name}`),
    )

    expect(folders.toSorted()).toEqual(ROOMS.toSorted())
  })

  it('have an entry each in the linter’s configuration', () => {
    const config = JSON.parse(textOf('.oxlintrc.json')) as {
      readonly overrides: readonly { files: readonly string[] }[]
    }

    expect(config.overrides.flatMap(({ files }) => files)).toEqual(
      expect.arrayContaining(ROOMS.map((room) => `${room}/**`)),
    )
  })

  it.each(ROOMS)('%s depends only on what its arrows lead to', (room) => {
    const allowed = new Set(ARROWS[room]?.map((name) => `@saker/${name}`))
    const wrong = usesOf(room)
      .filter(({ library }) => library.startsWith('@saker/') && !allowed.has(library))
      .map(({ from, library }) => `${from} -> ${library}`)

    expect(wrong).toEqual([])
  })

  it.each(ROOMS)('%s leaves the libraries of others alone', (room) => {
    const wrong = usesOf(room).flatMap(({ from, library }) => {
      const owner = OWNERS.find(([owned]) => owned.test(library))?.[1]
      return owner === undefined || owner === room ? [] : [`${from} -> ${library}, which only ${owner} may use`]
    })

    expect(wrong).toEqual([])
  })

  it('are entered through their front doors', () => {
    const wrong = CODE.flatMap((path) =>
      importsOf(path)
        .filter((specifier) => !isThroughDoor(path, specifier))
        .map((specifier) => `${path} -> ${specifier}`),
    )

    expect(wrong).toEqual([])
  })

  it('have front doors that only re-export, by name', () => {
    const doors = INSIDE_ROOMS.filter((path) => /^(?:apps|packages)\/[^/]+\/src\/index\.ts$/u.test(path))
    const wrong = doors.filter((path) => {
      const rest = textOf(path)
        .replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gmu, '')
        .replaceAll(/^export (?:type )?\{[^}*]*\} from '\.\/[^']+'$/gmu, '')
      return rest.trim() !== ''
    })

    expect(doors.length).toBeGreaterThan(0)
    expect(wrong).toEqual([])
  })
})

/** Unit tests may borrow from test/support; nothing else of another room is reached by path. */
function isThroughDoor(path: string, specifier: string): boolean {
  if (specifier.startsWith('@saker/')) return specifier.split('/').length === 2
  if (!specifier.startsWith('.')) return true
  const target = relative(ROOT, resolve(ROOT, dirname(path), specifier))
  const room = roomOf(path)
  if (room === undefined) return roomOf(target) === undefined
  return target.startsWith(`${room}/`) || (isTest(path) && target.startsWith('test/support/'))
}

describe('the files', () => {
  it('have no name that says nothing', () => {
    const empty = new Set(['utils', 'util', 'common', 'helpers', 'helper', 'misc', 'types', 'type', 'shared', 'lib'])
    const wrong = CODE.filter((path) => path.split('/').some((part) => empty.has(part.split('.')[0] ?? '')))

    expect(wrong).toEqual([])
  })

  it('are named in kebab-case', () => {
    const folder = /^(?:\.ci|[a-z0-9]+(?:-[a-z0-9]+)*)$/u
    const file = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.config|(?:\.[a-z]+(?:-[a-z]+)*)?\.test)?\.(?:ts|mjs)$/u
    const wrong = CODE.filter(
      (path) =>
        !file.test(basename(path)) ||
        path
          .split('/')
          .slice(0, -1)
          .some((part) => !folder.test(part)),
    )

    expect(wrong).toEqual([])
  })

  it('are at most 400 lines long, tests at most 600', () => {
    const wrong = CODE.map((path) => ({ path, lines: textOf(path).split('\n').length - 1 }))
      .filter(({ path, lines }) => lines > (path.startsWith('test/') || isTest(path) ? 600 : 400))
      .map(({ path, lines }) => `${path}: ${lines} lines`)

    expect(wrong).toEqual([])
  })

  it('say what each export promises', () => {
    const wrong = CODE.filter((path) => !isTest(path)).flatMap((path) =>
      undocumentedExportsOf(textOf(path)).map((line) => `${path}: ${line}`),
    )

    expect(wrong).toEqual([])
  })

  it('export by name', () => {
    const wrong = CODE.filter((path) => !path.endsWith('.config.ts') && /^export default\b/mu.test(textOf(path)))

    expect(wrong).toEqual([])
  })

  it('leave nothing to be done later', () => {
    // written so that the pattern does not find itself
    const later = /\b(?:TO{1}DO|FIX{1}ME|XX{1}X)\b/u
    const wrong = FILES.filter((path) => /\.(?:ts|mjs|md|json|ya?ml)$/u.test(path) && path !== 'pnpm-lock.yaml')
      .flatMap((path) =>
        textOf(path)
          .split('\n')
          .map((line, index) => ({ where: `${path}:${index + 1}`, line })),
      )
      .filter(({ line }) => later.test(line))
      .map(({ where }) => where)

    expect(wrong).toEqual([])
  })
})

function undocumentedExportsOf(source: string): readonly string[] {
  const lines = source.split('\n')
  const exported = /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|let|class|interface|type) ?\w/u
  return lines.filter((line, index) => {
    if (!exported.test(line)) return false
    const above = lines.slice(0, index).findLast((earlier) => !earlier.startsWith('//'))
    return above?.trimEnd().endsWith('*/') !== true
  })
}

describe('the tests', () => {
  it('say in their titles what is, not what ought to be', () => {
    const title = /(?:\(|^\s*)(['"`])(?:(?!\1).)*\bshould\b(?:(?!\1).)*\1,/iu
    const wrong = CODE.filter(isTest)
      .flatMap((path) =>
        textOf(path)
          .split('\n')
          .map((line) => ({ path, line })),
      )
      .filter(({ line }) => title.test(line))
      .map(({ path, line }) => `${path}: ${line.trim()}`)

    expect(wrong).toEqual([])
  })

  it('do not replace our own modules', () => {
    const wrong = CODE.filter((path) => /\bvi\.(?:mock|doMock)\(\s*['"`](?:\.|@saker)/u.test(textOf(path)))

    expect(wrong).toEqual([])
  })
})

describe('the lockfile', () => {
  it('names no registry, so that every mirror serves it', () => {
    const urls = textOf('pnpm-lock.yaml')
      .split('\n')
      .filter((line) => /tarball:|https?:\/\//u.test(line) && !/^\s*deprecated:/u.test(line))

    expect(urls).toEqual([])
  })
})
