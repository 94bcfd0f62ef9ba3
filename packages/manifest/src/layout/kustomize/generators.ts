import { createHash } from 'node:crypto'
import type { BuildReads } from '../build-reads.ts'
import {
  fieldOf,
  isObject,
  textAt,
  type JsonObject,
  type JsonValue,
  type MutableObject,
  textsAt,
} from '../json-value.ts'
import { resolvePath } from '../repository-files.ts'
import { BuildFault } from './build-fault.ts'
import type { LocatedKustomization } from './build-kustomization.ts'
import { pairsOf, type GeneratorEntry } from './kustomization-file.ts'
import { rename } from './name-transforms.ts'
import { Resource } from './resource.ts'
import type { ResourceSet } from './resource-set.ts'

/**
 * `configMapGenerator` and `secretGenerator`. Where a file that goes into one is not known (only manifests are), its
 * content and with it the hash in its name are uncertain. Charts and plugins make objects that nobody knows here.
 */
export function runGenerators(reads: BuildReads, located: LocatedKustomization, set: ResourceSet): void {
  const path = located.path ?? located.folder
  for (const { kind, entry } of located.file.generated) {
    absorb(set, generated(reads, located, { kind, entry }), path)
  }
  const { charts, plugins } = located.file
  if (!charts && !plugins) return
  set.unknown = true
  reads.report('LAYOUT_UNSUPPORTED', path, charts ? 'makes objects from Helm charts' : 'makes objects with plugins')
}

function generated(reads: BuildReads, located: LocatedKustomization, generator: GeneratorEntry): Resource {
  const { kind, entry } = generator
  const path = located.path ?? located.folder
  const name = textAt(entry, ['name'])
  if (name === undefined || name === '') throw new BuildFault(path, 'a generator has no name')
  const namespace = textAt(entry, ['namespace'])
  const options = optionsOf(entry, located.file.generatorOptions)
  const data = dataOf(reads, located, entry)
  const value = valueOf({ kind, name, namespace, entry, options, data: data.pairs })
  const resource = new Resource({
    identity: { apiVersion: 'v1', kind, name, ...(namespace === undefined ? {} : { namespace }) },
    origin: { repository: reads.repository, path, remote: 'a generator' },
    read: () => value,
  })
  resource.needsHash = !options.disableNameSuffixHash
  resource.behavior = behaviorOf(entry)
  if (!data.isKnown) resource.uncertain.push(`${path} makes it from files that are no manifests`)
  return resource
}

interface Options {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly disableNameSuffixHash: boolean
  readonly immutable: boolean
}

/** The entry's own labels and annotations win; switches of either hold. */
function optionsOf(entry: JsonObject, all: JsonObject): Options {
  const own = fieldOf(entry, 'options')
  const isOn = (name: string): boolean => fieldOf(own, name) === true || fieldOf(all, name) === true
  return {
    labels: { ...pairsOf(fieldOf(all, 'labels')), ...pairsOf(fieldOf(own, 'labels')) },
    annotations: { ...pairsOf(fieldOf(all, 'annotations')), ...pairsOf(fieldOf(own, 'annotations')) },
    disableNameSuffixHash: isOn('disableNameSuffixHash'),
    immutable: isOn('immutable'),
  }
}

function behaviorOf(entry: JsonObject): 'create' | 'replace' | 'merge' {
  const behavior = textAt(entry, ['behavior'])
  return behavior === 'replace' || behavior === 'merge' ? behavior : 'create'
}

interface Data {
  readonly pairs: Readonly<Record<string, string>>
  readonly isKnown: boolean
}

function dataOf(reads: BuildReads, { folder }: LocatedKustomization, entry: JsonObject): Data {
  const pairs: Record<string, string> = {}
  let isKnown = true
  const textOf = (relative: string): string => {
    const path = resolvePath(folder, relative)
    const content = path === undefined ? undefined : reads.read(path)
    if (content === undefined || 'fault' in content) isKnown = false
    return content !== undefined && 'text' in content ? content.text : ''
  }
  const envs = [
    ...textsAt(entry, ['envs']),
    ...(textAt(entry, ['env']) === undefined ? [] : [textAt(entry, ['env']) ?? '']),
  ]
  for (const file of envs) Object.assign(pairs, linesOf(textOf(file)))
  for (const literal of textsAt(entry, ['literals'])) {
    const equals = literal.indexOf('=')
    if (equals > 0) pairs[literal.slice(0, equals)] = withoutQuotes(literal.slice(equals + 1))
  }
  for (const source of textsAt(entry, ['files'])) {
    const [key, file] = source.includes('=') ? source.split('=', 2) : [source.split('/').at(-1), source]
    pairs[key ?? ''] = textOf(file ?? '')
  }
  return { pairs, isKnown }
}

function linesOf(text: string): Readonly<Record<string, string>> {
  const pairs: Record<string, string> = {}
  for (const line of text.replace(/^\uFEFF/u, '').split(/\r?\n/u)) {
    const trimmed = line.trimStart()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const [, key = '', value = ''] = /^([^=]*)=?(.*)$/su.exec(trimmed) ?? []
    pairs[key] = value
  }
  return pairs
}

function withoutQuotes(text: string): string {
  return /^(?:".*"|'.*')$/su.test(text) && text.length > 1 ? text.slice(1, -1) : text
}

interface Made {
  readonly kind: 'ConfigMap' | 'Secret'
  readonly name: string
  readonly namespace: string | undefined
  readonly entry: JsonObject
  readonly options: Options
  readonly data: Readonly<Record<string, string>>
}

function valueOf({ kind, name, namespace, entry, options, data }: Made): JsonObject {
  const { labels, annotations, immutable } = options
  const encoded = (text: string): string => (kind === 'Secret' ? Buffer.from(text, 'utf8').toString('base64') : text)
  const content = Object.fromEntries(Object.entries(data).map(([key, text]) => [key, encoded(text)]))
  return {
    apiVersion: 'v1',
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
    ...(Object.keys(content).length === 0 ? {} : { data: content }),
    ...(kind === 'Secret' ? { type: textAt(entry, ['type']) ?? 'Opaque' } : {}),
    ...(immutable ? { immutable: true } : {}),
  }
}

/** A generated object joins one of the same id by its behavior. Source: `resWrangler.appendReplaceOrMerge`. */
function absorb(set: ResourceSet, resource: Resource, path: string): void {
  const [old, second] = set.withId(resource.id)
  const { name, behavior } = resource
  if (second !== undefined) throw new BuildFault(path, `several objects could be what generator ${name} changes`)
  if (old === undefined) {
    if (behavior !== 'create' && !set.unknown)
      throw new BuildFault(path, `there is no ${name} for a generator to change`)
    set.addAll([resource], path)
    return
  }
  if (behavior === 'create') throw new BuildFault(path, `generator ${name} makes something that is there already`)
  set.replace(old, joined(old, resource, behavior === 'merge'))
}

function joined(old: Resource, made: Resource, isMerge: boolean): Resource {
  const [before, after] = [old.current(), made.current()]
  const both = (field: string, from: JsonValue, to: JsonValue): MutableObject | undefined => {
    const merged = { ...pairsOf(fieldOf(from, field)), ...pairsOf(fieldOf(to, field)) }
    return Object.keys(merged).length === 0 ? undefined : merged
  }
  const present = (field: string, value: MutableObject | undefined): MutableObject =>
    value === undefined ? {} : { [field]: value }
  const [metaBefore, metaAfter] = [fieldOf(before, 'metadata') ?? null, fieldOf(after, 'metadata') ?? null]
  const value: JsonObject = {
    ...after,
    metadata: {
      name: old.name,
      ...(old.namespace === '' ? {} : { namespace: old.namespace }),
      ...present('labels', both('labels', metaBefore, metaAfter)),
      ...present('annotations', both('annotations', metaBefore, metaAfter)),
    },
    ...(isMerge ? present('data', both('data', before, after)) : {}),
    ...(isMerge ? present('binaryData', both('binaryData', before, after)) : {}),
  }
  const resource = new Resource({ identity: old.identity, origin: made.origin, read: () => value })
  resource.previous.push(...old.previous)
  resource.prefixes.push(...old.prefixes)
  resource.suffixes.push(...old.suffixes)
  resource.layers.push(...old.layers)
  resource.uncertain.push(...new Set([...old.uncertain, ...made.uncertain]))
  resource.needsHash = old.needsHash && made.needsHash
  resource.behavior = old.behavior ?? made.behavior ?? 'create'
  return resource
}

/** At the end of a build, generated objects get a hash of their content at the end of their names. */
export function addHashes(set: ResourceSet): void {
  for (const resource of set.all) {
    if (!resource.needsHash) continue
    rename(resource, `${resource.name}-${hashOf(resource.current())}`)
  }
}

function hashOf(value: MutableObject): string {
  const { data, binaryData, stringData, kind, type } = value
  const encoded: Record<string, JsonValue> = {
    ...(binaryData === undefined || kind !== 'ConfigMap' ? {} : { binaryData }),
    data: data ?? '',
    kind: kind ?? '',
    // kustomize means to take the name in, and looks for it where it is not
    name: '',
    ...(stringData === undefined || kind !== 'Secret' ? {} : { stringData }),
    ...(kind === 'Secret' ? { type: type ?? '' } : {}),
  }
  const digest = createHash('sha256').update(goJson(encoded)).digest('hex').slice(0, 10)
  return digest.replaceAll(/[013ae]/gu, (digit) => ENCODED[digit] ?? digit)
}

const ENCODED: Readonly<Record<string, string>> = { 0: 'g', 1: 'h', 3: 'k', a: 'm', e: 't' }

/** JSON as Go's encoder writes it: keys sorted by bytes, characters of HTML escaped. */
function goJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${(value as readonly JsonValue[]).map(goJson).join(',')}]`
  if (!isObject(value)) return goText(value)
  const entries = Object.entries(value).toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return `{${entries.map(([key, entry]) => `${goText(key)}:${goJson(entry)}`).join(',')}}`
}

function goText(value: JsonValue): string {
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/gu,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
