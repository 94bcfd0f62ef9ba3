import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { isJsonObject, valueAt, type JsonObject } from './json-object.ts'
import {
  isKustomizationFile,
  readRepositoryFiles,
  textOf,
  type RepositoryFile,
  type RepositoryFiles,
} from './repository-files.ts'
import type { ObjectDifference } from './rendered-difference.ts'
import type { World, WorldRepository } from './world.ts'

/** What the config says of one cluster's place in a repository. */
export interface CasePlace {
  readonly paths?: readonly string[]
  readonly file?: string
  readonly pins?: readonly {
    readonly namespace: string
    readonly kind: string
    readonly name: string
    readonly file: string
  }[]
}

/** How a target is expected to end. */
interface Expected {
  /** The code of the refusal, or several where any of them is right. */
  readonly refused?: string | readonly string[]
  /** What the message of the refusal has in it. */
  readonly message?: string
  readonly unchanged?: boolean
  readonly layer?: string
  readonly consumers?: number
  /** Each stands in some warning. */
  readonly warnings?: readonly string[]
  /** All that differs between the renderings, and nothing else. */
  readonly rendered?: readonly ObjectDifference[]
}

/** One thing that is asked of a layout. */
export interface CaseTarget {
  readonly name: string
  readonly cluster?: string
  /** `namespace/Kind/name`, as it is to be found. */
  readonly workload?: string
  /** `namespace/name` of the pod that was seen; derived from the workload where left out. */
  readonly pod?: string
  /** `Kind/name`, where the alert names the owner. */
  readonly owner?: string
  readonly actions: readonly JsonObject[]
  readonly expected: Expected
}

interface CaseRepository {
  readonly folder: string
  readonly url: string
  readonly branch: string
  readonly clusters?: Readonly<Record<string, CasePlace>>
}

/** `case.yaml` of a layout. */
interface CaseFile {
  readonly about: string
  readonly clusters?: Readonly<Record<string, CasePlace>>
  readonly repositories?: Readonly<Record<string, CaseRepository>>
  readonly submodules?: readonly string[]
  /** URLs of remote bases, and the folder that stands for each. */
  readonly remotes?: Readonly<Record<string, string>>
  readonly artifacts?: Readonly<Record<string, string>>
  readonly charts?: Readonly<Record<string, string>>
  readonly targets: readonly CaseTarget[]
}

/** A layout of the corpus as read from its folder. */
export interface LayoutCase {
  readonly name: string
  readonly about: string
  readonly folder: string
  readonly repositories: readonly (CaseRepository & { readonly name: string; readonly files: RepositoryFiles })[]
  readonly submodules: readonly string[]
  readonly targets: readonly CaseTarget[]
  /** What the real tools get, with these files instead of the ones in the folder. */
  worldWith(files?: ReadonlyMap<string, RepositoryFiles>): World
}

const LAYOUTS = join(import.meta.dirname, '../../corpus/layouts')

/** Every layout of the corpus. */
export function readLayoutCases(): readonly LayoutCase[] {
  return readdirSync(LAYOUTS)
    .filter((name) => existsSync(join(LAYOUTS, name, 'case.yaml')))
    .map(readLayoutCase)
}

function readLayoutCase(name: string): LayoutCase {
  const folder = join(LAYOUTS, name)
  const file = parse(readFileSync(join(folder, 'case.yaml'), 'utf8')) as CaseFile
  const only = { folder: 'repository', url: 'https://git.example/acme/fleet', branch: 'main' }
  const named = file.repositories ?? { fleet: { ...only, clusters: file.clusters ?? { default: {} } } }
  const repositories = Object.entries(named).map(([repository, one]) => ({
    ...one,
    name: repository,
    files: readRepositoryFiles(join(folder, one.folder)),
  }))
  const outside = { artifacts: artifactsOf(folder, file), charts: chartsOf(folder, file) }
  const remotes = Object.entries(file.remotes ?? {}).map(
    ([url, path]) => [url, readRepositoryFiles(join(folder, path))] as const,
  )
  return {
    name,
    about: file.about,
    folder,
    repositories,
    submodules: file.submodules ?? [],
    targets: file.targets,
    worldWith: (files) => ({
      ...outside,
      repositories: repositories.map((one): WorldRepository => {
        const paths = Object.values(one.clusters ?? {}).flatMap((place) => rootsOf(place))
        return {
          name: one.name,
          url: one.url,
          branch: one.branch,
          paths,
          files: withRemotes(files?.get(one.name) ?? one.files, remotes),
        }
      }),
    }),
  }
}

function rootsOf({ file, paths = [''] }: CasePlace): readonly string[] {
  return file === undefined ? paths : [file]
}

function artifactsOf(folder: string, { artifacts = {} }: CaseFile): World['artifacts'] {
  return new Map(
    Object.entries(artifacts).map(([title, path]) => {
      const files = readRepositoryFiles(join(folder, path))
      return [title, { name: path, branch: '', files, paths: [] }] as const
    }),
  )
}

function chartsOf(folder: string, { charts = {} }: CaseFile): World['charts'] {
  return new Map(
    Object.entries(charts).map(([release, label]) => {
      const documents = [...parseAllDocuments(readFileSync(join(folder, label), 'utf8'))]
      const objects = documents.map((document): unknown => document.toJS()).filter(isJsonObject)
      return [release, { label, objects }] as const
    }),
  )
}

/** The real kustomize has no network here: a remote base becomes a folder beside the others. */
function withRemotes(
  files: RepositoryFiles,
  remotes: readonly (readonly [url: string, files: RepositoryFiles])[],
): RepositoryFiles {
  if (remotes.length === 0) return files
  const all = new Map<string, RepositoryFile>(files)
  remotes.forEach(([url, remote], index) => {
    for (const [path, file] of remote) all.set(`.remotes/${index}/${path}`, file)
    for (const [path, file] of files) {
      const text = isKustomizationFile(path) ? textOf(file) : undefined
      if (text?.includes(url) !== true) continue
      const content = Buffer.from(text.replaceAll(url, posix.relative(posix.dirname(path), `.remotes/${index}`)))
      all.set(path, { mode: file.mode, content })
    }
  })
  return all
}

/** Whether a rendered difference is the expected one: `any` for a value fits all, `*` in a name fits any. */
export function fitsDifference(expected: ObjectDifference, actual: ObjectDifference): boolean {
  const [name, actualName] = [expected.object, actual.object]
  const isNamed = name.endsWith('*') ? actualName.startsWith(name.slice(0, -1)) : name === actualName
  return isNamed && expected.root === actual.root && fitsChange(expected, actual)
}

function fitsChange(expected: ObjectDifference, actual: ObjectDifference): boolean {
  if (expected.added !== undefined) return actual.added !== undefined && holdsPointers(actual.added, expected.added)
  if (expected.removed === true) return actual.removed === true
  const [wanted, changes] = [expected.changes ?? {}, actual.changes ?? {}]
  const pointers = Object.keys(changes)
  return (
    pointers.length === Object.keys(wanted).length &&
    pointers.every((pointer) => {
      const want: unknown = wanted[pointer]
      return want === 'any' || (want !== undefined && same(want, changes[pointer]))
    })
  )
}

function holdsPointers(object: unknown, pointers: unknown): boolean {
  return Object.entries(isJsonObject(pointers) ? pointers : {}).every(([pointer, value]) =>
    same(
      valueAt(
        object,
        ...pointer
          .split('/')
          .slice(1)
          .map((one) => one.replaceAll('~1', '/').replaceAll('~0', '~')),
      ),
      value,
    ),
  )
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}
