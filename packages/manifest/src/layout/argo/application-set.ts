import { leadValue } from '../discovery.ts'
import {
  copyOf,
  fieldAt,
  fieldOf,
  isObject,
  listAt,
  setField,
  textAt,
  type JsonObject,
  type JsonValue,
  type MutableJson,
  textsAt,
  plainText,
} from '../json-value.ts'
import type { BuiltObject } from '../layout-model.ts'
import { folderOf, type RepositoryFiles } from '../repository-files.ts'
import { matchesFolder } from './glob.ts'

/** What an ApplicationSet makes, as far as it can be told from the repositories. */
export interface MadeApplications {
  readonly applications: readonly BuiltObject[]
  readonly problems: readonly string[]
}

/** So many applications one set makes at most. */
const MAX_APPLICATIONS = 2_000

/** Files of a repository that a generator reads; undefined where it is not one of the configured. */
export type FilesOfSource = (url: string, revision: string) => RepositoryFiles | undefined

/** Values that a generator gives to the template, by name; names with dots lead into objects. */
type Parameters = JsonObject

/** Applications that generators of lists and of folders in Git make; any other generator is named as a problem. */
export function applicationsOf(set: BuiltObject, filesOf: FilesOfSource): MadeApplications {
  const spec = fieldOf(leadValue(set), 'spec') ?? null
  const template = fieldOf(spec, 'template')
  const problems: string[] = []
  const parameters = listAt(spec, ['generators']).flatMap((generator): readonly Parameters[] => {
    const made = parametersOf(generator, filesOf)
    if (made !== undefined) return made
    const kind = isObject(generator) ? Object.keys(generator).join(', ') : ''
    problems.push(`ApplicationSet ${set.identity.name} has a generator that is not followed (${kind})`)
    return []
  })
  if (!isObject(template)) return { applications: [], problems }
  const isGo = fieldOf(spec, 'goTemplate') === true
  const applications = parameters
    .slice(0, MAX_APPLICATIONS)
    .map((values) => applicationOf(set, filledIn(copyOf(template), values, isGo)))
  return { applications: applications.flatMap((one) => one ?? []), problems }
}

function parametersOf(generator: JsonValue, filesOf: FilesOfSource): readonly Parameters[] | undefined {
  const elements = fieldAt(generator, ['list', 'elements'])
  if (Array.isArray(elements)) return (elements as readonly JsonValue[]).filter((element) => isObject(element))
  const directories = listAt(generator, ['git', 'directories'])
  if (directories.length === 0) return undefined
  const files = filesOf(textAt(generator, ['git', 'repoURL']) ?? '', textAt(generator, ['git', 'revision']) ?? '')
  return files === undefined ? undefined : foldersOf(files, directories).map(folderParameters)
}

function foldersOf(files: RepositoryFiles, directories: readonly JsonValue[]): readonly string[] {
  const folders = new Set<string>()
  for (const path of files.paths) {
    for (let folder = folderOf(path); folder !== '' && !folders.has(folder); folder = folderOf(folder))
      folders.add(folder)
  }
  const fits = (entry: JsonValue, folder: string): boolean => matchesFolder(textAt(entry, ['path']) ?? '', folder)
  const [left, wanted] = [true, false].map((out) =>
    directories.filter((one) => (fieldOf(one, 'exclude') === true) === out),
  )
  return [...folders]
    .filter((folder) => wanted?.some((entry) => fits(entry, folder)) === true)
    .filter((folder) => left?.some((entry) => fits(entry, folder)) !== true)
    .filter((folder) => !folder.split('/').some((step) => step.startsWith('.')))
    .toSorted()
}

function folderParameters(folder: string): Parameters {
  const segments = folder.split('/')
  const basename = segments.at(-1) ?? ''
  const basenameNormalized = basename.toLowerCase().replaceAll(/[^a-z0-9.-]/gu, '-')
  return { path: { path: folder, basename, basenameNormalized, segments } }
}

/** An Application has no manifest of its own: it is written where its set is. */
function applicationOf(set: BuiltObject, template: MutableJson): BuiltObject | undefined {
  const name = textAt(template, ['metadata', 'name'])
  if (name === undefined || name === '' || !isObject(template)) return undefined
  const namespace = textAt(template, ['metadata', 'namespace']) ?? set.identity.namespace
  const identity = {
    apiVersion: set.identity.apiVersion,
    kind: 'Application',
    name,
    ...(namespace === undefined ? {} : { namespace }),
  }
  const { repository, path } = set.origin
  const value: JsonObject = {
    apiVersion: set.identity.apiVersion,
    kind: 'Application',
    ...template,
    metadata: { ...(fieldOf(template, 'metadata') as JsonObject), ...(namespace === undefined ? {} : { namespace }) },
  }
  const origin = { repository, path, remote: `ApplicationSet ${set.identity.name}` }
  return { ...set, identity, origin, value: () => value, uncertain: set.uncertain }
}

function filledIn(template: MutableJson, values: Parameters, isGo: boolean): MutableJson {
  if (typeof template === 'string') return isGo ? filledByGo(template, values) : filledByName(template, values)
  if (Array.isArray(template)) return template.map((item) => filledIn(item, values, isGo))
  if (typeof template !== 'object' || template === null) return template
  for (const [key, entry] of Object.entries(template)) setField(template, key, filledIn(entry, values, isGo))
  return template
}

/** `{{path}}`, `{{path.basename}}`, `{{path[1]}}`, `{{name}}`. */
function filledByName(text: string, values: Parameters): string {
  return text.replaceAll(/\{\{\s*([^{}\s]+)\s*\}\}/gu, (whole, name: string) => {
    const [, first = '', index] = /^([^[\]]+)(?:\[([0-9]+)\])?$/u.exec(name) ?? []
    if (index !== undefined) return textsAt(values, [first, 'segments'])[Number(index)] ?? whole
    const value =
      first === 'path'
        ? (textAt(values, ['path', 'path']) ?? fieldOf(values, first))
        : fieldAt(values, first.split('.'))
    return plainText(value ?? fieldOf(values, first)) ?? whole
  })
}

/** `{{.name}}`, `{{ .path.path }}`, `{{index .path.segments 1}}`; what else Go's templates can do stays as it is. */
function filledByGo(text: string, values: Parameters): string {
  return text.replaceAll(
    /\{\{-?\s*(?:index\s+)?\.([A-Za-z0-9_.-]+)(?:\s+([0-9]+))?\s*-?\}\}/gu,
    (whole, name: string, index) => {
      const keys = name.split('.')
      if (typeof index === 'string') return textsAt(values, keys)[Number(index)] ?? whole
      return plainText(fieldAt(values, keys)) ?? whole
    },
  )
}
