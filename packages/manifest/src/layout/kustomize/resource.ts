import { identityOf } from '../file-facts.ts'
import { copyOf, isMutableObject, type JsonValue, type MutableObject } from '../json-value.ts'
import type { Layer, ObjectIdentity, ObjectOrigin } from '../layout-model.ts'
import { groupVersionOf, isClusterScoped } from './cluster-scope.ts'

/** What a transformer does to a value. It may change its argument and return it, or return another. */
export type Change = (value: MutableObject) => MutableObject

/** A name that an object has or had during a build. */
export interface ResourceId {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly name: string
  /** `default` for none, and a word of its own for kinds without namespaces. */
  readonly effectiveNamespace: string
}

/** Where a resource comes from. */
export interface ResourceSource {
  readonly identity: ObjectIdentity
  readonly origin: ObjectOrigin
  /** The value as written; read each time, and never changed. */
  readonly read: () => JsonValue
}

const NO_NAMESPACE = '_non_namespaceable_'

/**
 * An object on its way through a build. Its identity is kept exactly at each step; what transformers do to its value is
 * noted, and done only when the value is asked for.
 */
export class Resource {
  apiVersion: string
  kind: string
  /** Empty for none. */
  namespace: string
  name: string
  /** Ids before each change of name or namespace, oldest first. */
  readonly previous: ResourceId[] = []
  readonly prefixes: string[] = []
  readonly suffixes: string[] = []
  readonly layers: Layer[] = []
  readonly uncertain: string[] = []
  readonly origin: ObjectOrigin
  /**
   * Labels and annotations that a transformer has set, with their values. Kustomize puts one node into all the places where
   * it makes one, so that whoever changes it in one of them later changes it in all.
   */
  readonly sharedPairs = new Map<string, string>()
  /** Whether Flux fills in variables that only the cluster knows. */
  isFilledInLater = false
  /** How a generated object joins one of the same id; absent for all others. */
  behavior?: 'create' | 'replace' | 'merge'
  /** Whether it is annotated as being for tools alone; kustomize leaves it out of what it builds. */
  isLocal = false
  /** Whether a hash of its content is added to its name at the end. */
  needsHash = false
  readonly #read: () => JsonValue
  readonly #changes: Change[] = []
  #value: MutableObject | undefined
  #applied = 0

  constructor({ identity, origin, read }: ResourceSource) {
    this.apiVersion = identity.apiVersion
    this.kind = identity.kind
    this.namespace = identity.namespace ?? ''
    this.name = identity.name
    this.origin = origin
    this.#read = read
  }

  get isClusterScoped(): boolean {
    return isClusterScoped(this.apiVersion, this.kind)
  }

  get id(): ResourceId {
    const effectiveNamespace = this.isClusterScoped ? NO_NAMESPACE : this.namespace || 'default'
    return { ...groupVersionOf(this.apiVersion), kind: this.kind, name: this.name, effectiveNamespace }
  }

  get originalId(): ResourceId {
    return this.previous[0] ?? this.id
  }

  get identity(): ObjectIdentity {
    const { apiVersion, kind, namespace, name } = this
    return { apiVersion, kind, name, ...(namespace === '' ? {} : { namespace }) }
  }

  /** All ids it has or had, the current one last. */
  get ids(): readonly ResourceId[] {
    return [...this.previous, this.id]
  }

  /** Remembers the current id, before the name or namespace changes. */
  storeId(): void {
    this.previous.push(this.id)
  }

  /** Notes what a transformer does to the value. */
  change(change: Change): void {
    this.#changes.push(change)
  }

  /** The value at this point of the build; kept until {@link release}. Never to be changed by the caller. */
  current(): MutableObject {
    this.#value ??= freshCopy(this.#read())
    for (; this.#applied < this.#changes.length; this.#applied += 1) {
      const change = this.#changes[this.#applied]
      if (change !== undefined) this.#value = change(this.#value)
    }
    return this.#value
  }

  /** Takes the identity from the value, after a change that may touch it. */
  rereadIdentity(): void {
    const identity = identityOf(this.current())
    if (identity === undefined) return
    this.apiVersion = identity.apiVersion
    this.kind = identity.kind
    this.namespace = identity.namespace ?? ''
    this.name = identity.name
  }

  /** Forgets the value; it can be made again. */
  release(): void {
    this.#value = undefined
    this.#applied = 0
  }

  /** A new copy of the value, as the build leaves it. */
  render(): MutableObject {
    let value = freshCopy(this.#read())
    for (const change of this.#changes) value = change(value)
    return value
  }
}

function freshCopy(value: JsonValue): MutableObject {
  const copy = copyOf(value)
  return isMutableObject(copy) ? copy : {}
}

/** A text that is equal for equal ids. */
export function keyOfId({ group, version, kind, name, effectiveNamespace }: ResourceId): string {
  return `${group}/${version}/${kind}/${effectiveNamespace}/${name}`
}

/** Selects by group, version and kind; what is absent or empty fits all. */
export interface KindSelector {
  readonly group?: string
  readonly version?: string
  readonly kind?: string
}

/** Whether an id has the group, version and kind that a selector asks for. */
export function isOfKind(id: Pick<ResourceId, 'group' | 'version' | 'kind'>, selector: KindSelector): boolean {
  return (
    (!selector.group || selector.group === id.group) &&
    (!selector.version || selector.version === id.version) &&
    (!selector.kind || selector.kind === id.kind)
  )
}
