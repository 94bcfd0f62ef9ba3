import type { JsonObject } from './json-value.ts'
import type { RootBuild, RootPlan } from './build-root.ts'
import type { BuiltObject, LayoutPlace, LayoutProblem, LayoutSource, Root } from './layout-model.ts'
import type { RepositoryFiles } from './repository-files.ts'

/** What following Flux and Argo CD objects needs of a layout. */
export interface LayoutAccess {
  readonly sources: readonly LayoutSource[]
  filesOf(repository: string): RepositoryFiles
  build(plan: RootPlan): RootBuild
}

/** Roots that were reached, and what could not be followed. */
export interface Discovered {
  readonly plans: readonly RootPlan[]
  readonly problems: readonly LayoutProblem[]
}

/** An object that may lead on, with the root it was found in. */
export interface Lead {
  readonly object: BuiltObject
  readonly root: Root
}

/** Group of an API version; empty for the core group. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
}

/** Where an object is written or named. */
export function placeOf({ origin }: BuiltObject): LayoutPlace {
  return { repository: origin.repository, path: origin.path }
}

/** A stable part of the id of a root that an object applies. */
export function applierId(object: BuiltObject, type: 'flux' | 'argo'): string {
  const { repository, path } = object.origin
  const { namespace = '', name } = object.identity
  return `${type}:${repository}:${path}#${namespace}/${name}`
}

const values = new WeakMap<BuiltObject, JsonObject>()

/** The value of an object that leads on. There are few of those, and they are asked again and again, so it is kept. */
export function leadValue(object: BuiltObject): JsonObject {
  const value = values.get(object) ?? object.value()
  values.set(object, value)
  return value
}
