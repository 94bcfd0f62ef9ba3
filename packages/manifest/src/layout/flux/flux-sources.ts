import { normalisedUrl } from '@saker/core'
import { groupOf, type Lead, leadValue } from '../discovery.ts'
import { normalisedPath } from '../argo/argo-source.ts'
import { fieldAt, listAt, textAt, type JsonObject } from '../json-value.ts'
import type { BuiltObject, LayoutSource } from '../layout-model.ts'
import { FLUX_KUSTOMIZE } from './flux-fields.ts'

const FLUX_SOURCE = 'source.toolkit.fluxcd.io'
const FLUX_EXTENSIONS = 'source.extensions.fluxcd.io'

/** Where what a Flux Kustomization reads lies in the repositories. */
export interface FluxSource {
  readonly repository: string
  /** Turns a path in the source into one of the repository; undefined where it has none. */
  pathOf(path: string): string | undefined
  readonly pinned?: string
  readonly object?: BuiltObject
}

/** Why a source leads nowhere. */
export interface UnknownSource {
  readonly reason: string
  readonly object?: BuiltObject
}

/** Whether an object is a source, or makes one. */
export function isFluxSource({ object }: Lead): boolean {
  const group = groupOf(object.identity.apiVersion)
  return group === FLUX_SOURCE || (group === FLUX_EXTENSIONS && object.identity.kind === 'ArtifactGenerator')
}

/** A reference to a source. */
export interface SourceRef {
  readonly kind: string
  readonly name: string
  readonly namespace: string
}

/** The source that a Flux Kustomization names. */
export function sourceRefOf(value: JsonObject, namespace: string): SourceRef {
  const field = (name: string): string | undefined => textAt(value, ['spec', 'sourceRef', name])
  return { kind: field('kind') ?? '', name: field('name') ?? '', namespace: field('namespace') ?? namespace }
}

/** Resolves references to sources among what was found. */
export class FluxSources {
  readonly #sources: readonly LayoutSource[]
  readonly #declared: Lead[] = []
  /** Repositories that a source turned out to be by the Kustomization that applies its own folder from it. */
  readonly #selves = new Map<string, string>()

  constructor(sources: readonly LayoutSource[]) {
    this.#sources = sources
  }

  add(lead: Lead): void {
    this.#declared.push(lead)
  }

  /**
   * Learns from a Kustomization that lies in the very folder which it applies: its source is the repository it was found
   * in, by whatever URL. Nothing is learned from one that applies a whole repository, as those are many.
   */
  learn({ object, root }: Lead): void {
    const value = leadValue(object)
    const path = normalisedPath(textAt(value, ['spec', 'path']) ?? '')
    if (path === '') return
    const { origin } = object
    if (root.path !== path && !origin.path.startsWith(`${path}/`)) return
    this.#selves.set(keyOf(sourceRefOf(value, object.identity.namespace ?? '')), origin.repository)
  }

  /** Where a reference leads from an object of a repository. */
  resolve(ref: SourceRef, from: Lead, depth = 0): FluxSource | UnknownSource {
    const { kind, name } = ref
    if (kind === 'ExternalArtifact')
      return depth > 4 ? { reason: 'leads in circles' } : this.#resolveArtifact(ref, from, depth)
    const [declared, second] = this.#find(ref, from)
    if (second !== undefined) return { reason: `${kind} ${name} is declared several times` }
    const self = this.#selves.get(keyOf(ref))
    if (declared === undefined) return this.#undeclared(ref, from, self)
    if (kind !== 'GitRepository') return { reason: `${kind} ${name} is not in Git`, object: declared.object }
    return this.#repositoryOf(declared.object, self)
  }

  #undeclared({ kind, name }: SourceRef, from: Lead, self: string | undefined): FluxSource | UnknownSource {
    if (kind !== 'GitRepository') return { reason: `${kind} ${name} is not declared here` }
    if (self !== undefined) return here(self)
    return name === 'flux-system'
      ? here(from.object.origin.repository)
      : { reason: `${kind} ${name} is not declared here` }
  }

  #repositoryOf(object: BuiltObject, self: string | undefined): FluxSource | UnknownSource {
    const { name } = object.identity
    const value = leadValue(object)
    const ref = gitRefOf(value)
    const listed = this.#sources.filter(({ url }) => url === urlOf(value))
    const own = listed.length > 0 ? listed : this.#sources.filter(({ repository }) => repository === self)
    const [first] = own
    if (first === undefined) {
      const url = urlOf(value) ?? 'an unknown place'
      return { reason: `GitRepository ${name} (${url}) is none of the configured repositories`, object }
    }
    if (ref.pinned !== undefined) return { ...here(first.repository), pinned: ref.pinned, object }
    const branch = own.find((source) => source.branch === ref.branch)
    if (branch !== undefined) return { ...here(branch.repository), object }
    return { reason: `GitRepository ${name} follows another branch than the configured one`, object }
  }

  #find({ kind, name, namespace }: SourceRef, from: Lead): readonly Lead[] {
    const named = this.#declared.filter(
      ({ object: { identity } }) =>
        identity.kind === kind && identity.name === name && fits(identity.namespace ?? '', namespace),
    )
    const beside = named.filter(({ root }) => root.id === from.root.id && root.kind !== 'loose')
    const found = beside.length > 0 ? beside : nearest(named, from.object)
    const distinct = new Map(found.map((lead) => [JSON.stringify(leadValue(lead.object)['spec'] ?? null), lead]))
    return [...distinct.values()]
  }

  /** An ArtifactGenerator copies folders of sources together; where one copy alone makes a path, that can be turned around. */
  #resolveArtifact({ name, namespace }: SourceRef, from: Lead, depth: number): FluxSource | UnknownSource {
    const makers = this.#declared.filter(
      ({ object }) =>
        object.identity.kind === 'ArtifactGenerator' &&
        fits(object.identity.namespace ?? '', namespace) &&
        listAt(leadValue(object), ['spec', 'artifacts']).some((artifact) => textAt(artifact, ['name']) === name),
    )
    const [maker, second] = makers
    if (maker === undefined || second !== undefined)
      return { reason: `no one ArtifactGenerator makes ExternalArtifact ${name}` }
    const value = leadValue(maker.object)
    const artifact = listAt(value, ['spec', 'artifacts']).find((one) => textAt(one, ['name']) === name) ?? null
    const copies = listAt(artifact, ['copy']).map((copy) => copyOf(textAt(copy, ['from']), textAt(copy, ['to'])))
    const aliases = new Set(copies.map((copy) => copy?.alias))
    const [alias] = aliases
    if (alias === undefined || aliases.size > 1) return { reason: `${name} is copied together from several sources` }
    const source = listAt(value, ['spec', 'sources']).find((one) => textAt(one, ['alias']) === alias) ?? null
    const origin = this.resolve(
      {
        kind: textAt(source, ['kind']) ?? '',
        name: textAt(source, ['name']) ?? '',
        namespace: textAt(source, ['namespace']) ?? maker.object.identity.namespace ?? '',
      },
      from,
      depth + 1,
    )
    if ('reason' in origin) return origin
    return {
      ...origin,
      pathOf: (path) =>
        turnedAround(
          path,
          copies.flatMap((copy) => copy ?? []),
        ),
    }
  }
}

/** Those that share most folders with an object: clusters often declare sources of the same name, each in its own folder. */
function nearest(leads: readonly Lead[], object: BuiltObject): readonly Lead[] {
  const closeness = (lead: Lead): number => {
    const [a, b] = [lead.object.origin, object.origin]
    if (a.repository !== b.repository) return -1
    const [one, other] = [a.path.split('/').slice(0, -1), b.path.split('/').slice(0, -1)]
    const differs = one.findIndex((step, index) => step !== other[index])
    return differs < 0 ? one.length : differs
  }
  const most = Math.max(...leads.map(closeness))
  return leads.filter((lead) => closeness(lead) === most)
}

/** Whether a source lies where a reference looks; what a parent's namespace fills in is not known, and fits. */
function fits(declared: string, wanted: string): boolean {
  return declared === '' || wanted === '' || declared === wanted
}

function keyOf({ kind, name }: SourceRef): string {
  return `${kind}/${name}`
}

function here(repository: string): FluxSource {
  return { repository, pathOf: (path) => path }
}

function urlOf(value: JsonObject): string | undefined {
  const url = textAt(value, ['spec', 'url'])
  if (url === undefined) return undefined
  try {
    return normalisedUrl({ kind: 'git', url })
  } catch {
    return undefined
  }
}

/** The later of commit, name, semver, tag and branch wins, read backwards; Flux follows `master` where nothing is said. */
function gitRefOf(value: JsonObject): { readonly branch: string; readonly pinned?: string } {
  const field = (name: string): string | undefined => textAt(value, ['spec', 'ref', name]) || undefined
  const name = field('name')
  const branch = name?.startsWith('refs/heads/') === true ? name.slice('refs/heads/'.length) : undefined
  if (field('commit') !== undefined) return { branch: '', pinned: `commit ${field('commit')}` }
  if (branch !== undefined) return { branch }
  for (const pin of ['name', 'semver', 'tag']) {
    if (field(pin) !== undefined) return { branch: '', pinned: `${pin} ${field(pin)}` }
  }
  return { branch: field('branch') ?? 'master' }
}

interface Copy {
  readonly alias: string
  readonly from: string
  readonly to: string
}

/** `@alias/folder/**` to `@artifact/folder/`; other globs and single files are not turned around. */
function copyOf(from: string | undefined, to: string | undefined): Copy | undefined {
  const [, alias, source] = /^@([^/]+)\/(.*?)\/?\*\*$/u.exec(from ?? '') ?? []
  const [, target] = /^@artifact\/(.*)$/u.exec(to ?? '') ?? []
  if (alias === undefined || source === undefined || target === undefined || /[*?[{]/u.test(source)) return undefined
  return { alias, from: normalisedPath(source), to: normalisedPath(target) }
}

function turnedAround(path: string, copies: readonly Copy[]): string | undefined {
  const fitting = copies.filter(({ to }) => to === '' || path === to || path.startsWith(`${to}/`))
  const [copy, second] = fitting
  if (copy === undefined || second !== undefined) return undefined
  return normalisedPath(`${copy.from}/${path.slice(copy.to.length)}`)
}

/** Whether an object is a Flux Kustomization. */
export function isFluxKustomization({ object }: Lead): boolean {
  return object.identity.kind === 'Kustomization' && groupOf(object.identity.apiVersion) === FLUX_KUSTOMIZE
}

/** Whether a Flux Kustomization applies to another cluster than the one it lies in. */
export function isForOtherCluster(value: JsonObject): boolean {
  return fieldAt(value, ['spec', 'kubeConfig']) !== undefined
}
