import { BuildFault } from './build-fault.ts'
import { keyOfId, type Resource, type ResourceId } from './resource.ts'

/** The objects of a build, in kustomize's order. */
export class ResourceSet {
  #resources: Resource[] = []
  /** Keys of all current ids; absent when they may have changed. */
  #taken: Set<string> | undefined
  /** Set where some of the objects are not known: from a remote base, a chart, or a file that cannot be read. */
  unknown = false

  get all(): readonly Resource[] {
    return this.#resources
  }

  /** Adds resources; two of one id cannot be in a build. */
  addAll(resources: readonly Resource[], path: string): void {
    const taken = (this.#taken ??= new Set(this.#resources.map((resource) => keyOfId(resource.id))))
    for (const resource of resources) {
      const key = keyOfId(resource.id)
      if (taken.has(key)) throw new BuildFault(path, `${describeId(resource)} is declared twice`)
      taken.add(key)
      this.#resources.push(resource)
    }
  }

  /** Adds resources that nobody builds together; of two of one id both stay. */
  addLoose(resources: readonly Resource[]): void {
    this.#resources.push(...resources)
    this.#taken = undefined
  }

  /** Adds all of another set. */
  merge(other: ResourceSet, path: string): void {
    this.addAll(other.all, path)
    this.unknown ||= other.unknown
  }

  /** To be called when names have changed. */
  forgetIds(): void {
    this.#taken = undefined
  }

  remove(resource: Resource): void {
    this.#resources = this.#resources.filter((one) => one !== resource)
    this.#taken = undefined
  }

  replace(old: Resource, by: Resource): void {
    this.#resources = this.#resources.map((one) => (one === old ? by : one))
    this.#taken = undefined
  }

  /** Those that have, or had, exactly this id. */
  withId(id: ResourceId): readonly Resource[] {
    const key = keyOfId(id)
    return this.#resources.filter((resource) =>
      resource.ids.some((one) => one.name === id.name && one.kind === id.kind && keyOfId(one) === key),
    )
  }

  /** To be called when ids have changed. Throws where two resources have come to one id. */
  refuseConflicts(path: string): void {
    const taken = new Set<string>()
    for (const resource of this.#resources) {
      const key = keyOfId(resource.id)
      if (taken.has(key)) throw new BuildFault(path, `two objects come to be ${describeId(resource)}`)
      taken.add(key)
    }
    this.#taken = taken
  }
}

/** `namespace/Kind/name`, for messages. */
function describeId({ namespace, kind, name }: Resource): string {
  return `${namespace || '(no namespace)'}/${kind}/${name}`
}
