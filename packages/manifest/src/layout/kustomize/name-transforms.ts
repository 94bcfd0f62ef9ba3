import { isMutableObject, setField, type MutableObject } from '../json-value.ts'
import { visitField } from './field-spec.ts'
import { NAMESPACES } from './field-specs.ts'
import type { ResourceSet } from './resource-set.ts'
import type { Resource } from './resource.ts'

/**
 * `namespace`: every object of a kind that may have one gets it, whatever it had. Subjects called `default` of role
 * bindings too. An object `Namespace` gets it as its name. Source: api/filters/namespace.
 */
export function setNamespace(set: ResourceSet, namespace: string, path: string): void {
  for (const resource of set.all) {
    resource.storeId()
    if (!resource.isClusterScoped) resource.namespace = namespace
    if (resource.kind === 'Namespace' && resource.apiVersion === 'v1') resource.name = namespace
    resource.change((value) => withNamespace(value, namespace, resource.isClusterScoped))
  }
  set.refuseConflicts(path)
}

function withNamespace(value: MutableObject, namespace: string, isClusterScoped: boolean): MutableObject {
  const put = { creation: 'text' } as const
  if (!isClusterScoped) setMetadata(value, 'namespace', namespace)
  if (value['kind'] === 'Namespace' && value['apiVersion'] === 'v1') setMetadata(value, 'name', namespace)
  if (value['kind'] === 'RoleBinding' || value['kind'] === 'ClusterRoleBinding') setSubjects(value, namespace)
  for (const spec of NAMESPACES) visitField(value, { spec, ...put }, (slot) => slot.put(namespace))
  return value
}

function setSubjects(value: MutableObject, namespace: string): void {
  const subjects = value['subjects']
  if (!Array.isArray(subjects)) return
  for (const subject of subjects) {
    if (isMutableObject(subject) && subject['name'] === 'default') setField(subject, 'namespace', namespace)
  }
}

/** Sets a field of an object's metadata. */
export function setMetadata(value: MutableObject, field: string, text: string): void {
  const metadata = value['metadata']
  if (isMutableObject(metadata)) setField(metadata, field, text)
  else setField(value, 'metadata', { [field]: text })
}

/** `namePrefix`. Definitions, API services and namespaces keep their names. */
export function addPrefix(set: ResourceSet, prefix: string): void {
  for (const resource of set.all) {
    if (keepsName(resource)) continue
    resource.prefixes.push(prefix)
    rename(resource, `${prefix}${resource.name}`)
  }
}

/** `nameSuffix`. Definitions, API services and namespaces keep their names. */
export function addSuffix(set: ResourceSet, suffix: string): void {
  for (const resource of set.all) {
    if (keepsName(resource)) continue
    resource.suffixes.push(suffix)
    rename(resource, `${resource.name}${suffix}`)
  }
}

/** Gives a resource another name; the old one stays among its ids. */
export function rename(resource: Resource, name: string): void {
  resource.storeId()
  resource.name = name
  resource.change((value) => {
    setMetadata(value, 'name', name)
    return value
  })
}

function keepsName(resource: Resource): boolean {
  const { group, kind } = resource.originalId
  return (
    kind === 'CustomResourceDefinition' ||
    kind === 'Namespace' ||
    (kind === 'APIService' && group === 'apiregistration.k8s.io')
  )
}
