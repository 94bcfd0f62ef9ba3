import { isMutableObject, setField, textAt, type MutableJson, type MutableObject } from '../json-value.ts'
import { visitField, type Slot } from './field-spec.ts'
import { NAME_REFERENCES, type NameReference } from './name-reference-specs.ts'
import { isOfKind, type KindSelector, type Resource } from './resource.ts'
import type { ResourceSet } from './resource-set.ts'

/**
 * At the end of a build, fields that name an object by a name that it had before follow to the one that it has now.
 * Source: kustomize's api/filters/nameref.
 */
export function followNames(set: ResourceSet): void {
  const candidates = new Map<string, Resource[]>()
  for (const resource of set.all) {
    for (const name of new Set(resource.previous.map((id) => id.name))) {
      candidates.set(name, [...(candidates.get(name) ?? []), resource])
    }
  }
  if (candidates.size === 0) return
  for (const resource of set.all) {
    const fields = REFERENCES.get(resource.originalId.kind)?.filter((reference) =>
      isOfKind(resource.originalId, reference.spec),
    )
    if (fields === undefined || fields.length === 0) continue
    resource.change((value) => {
      for (const { spec, target } of fields) {
        const referral = { candidates, referrer: resource, target, isRole: spec.path.endsWith('roleRef/name') }
        const own = { path: spec.path }
        visitField(value, { spec: own, creation: 'none' }, (slot) => follow(slot, referral, value))
      }
      return value
    })
  }
}

interface FieldReference {
  readonly spec: NameReference['fields'][number]
  readonly target: KindSelector
}

/** By kind of the object that has the field. */
const REFERENCES: ReadonlyMap<string, readonly FieldReference[]> = Map.groupBy(
  NAME_REFERENCES.flatMap(({ target, fields }) => fields.map((spec) => ({ spec, target }))),
  ({ spec }) => spec.kind ?? '',
)

interface Referral {
  readonly candidates: ReadonlyMap<string, readonly Resource[]>
  readonly referrer: Resource
  readonly target: KindSelector
  readonly isRole: boolean
}

function follow(slot: Slot, referral: Referral, object: MutableObject): void {
  const { value } = slot
  if (typeof value === 'string') {
    const found = select(value, referral, { object, isSame: (a, b) => a.name === b.name })
    if (found !== undefined && found.name !== value) slot.put(found.name)
  } else if (isMutableObject(value)) followInto(value, referral, object)
  else if (Array.isArray(value)) {
    value.forEach((item, index) =>
      follow({ value: item, put: (changed) => void (value[index] = changed) }, referral, object),
    )
  }
}

/** An object with a name, and perhaps a namespace that says which object of that name is meant. */
function followInto(target: MutableObject, referral: Referral, object: MutableObject): void {
  const { name } = target
  if (typeof name !== 'string') return
  const inNamespace = textOf(target['namespace'])
  const found = select(name, referral, {
    object,
    ...(inNamespace === undefined ? {} : { inNamespace }),
    isSame: (a, b) => a.name === b.name && a.namespace === b.namespace,
  })
  if (found === undefined || (found.name === name && found.namespace === '')) return
  setField(target, 'name', found.name)
  if (found.namespace !== '') setField(target, 'namespace', found.namespace)
}

function textOf(value: MutableJson | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

interface Choice {
  readonly object: MutableObject
  readonly inNamespace?: string
  readonly isSame: (a: Resource, b: Resource) => boolean
}

/** The one object that a name means; none where that is not clear, as nothing is changed by guess. */
function select(
  name: string,
  { candidates, referrer, target, isRole }: Referral,
  choice: Choice,
): Resource | undefined {
  const named = (candidates.get(name) ?? []).filter(
    (resource) =>
      isReachable(resource, referrer, choice.object) && resource.previous.some((id) => isOfKind(id, target)),
  )
  const [group, kind] = [textAt(choice.object, ['roleRef', 'apiGroup']), textAt(choice.object, ['roleRef', 'kind'])]
  const role = isRole && group !== undefined && kind !== undefined ? { group, kind } : {}
  const fitting = inNamespaceOf(named, choice.inNamespace).filter(
    (resource) => resource.previous.some((id) => isOfKind(id, role)) && isNear(resource, referrer),
  )
  if (fitting.length <= 1) return fitting[0]
  const related = fitting.filter((resource) => haveSameAffixes(resource, referrer, true))
  const closest = related.length > 1 ? related.filter((one) => haveSameAffixes(one, referrer, false)) : related
  const [first] = closest
  return first !== undefined && closest.every((one) => choice.isSame(first, one)) ? first : undefined
}

function isReachable(resource: Resource, referrer: Resource, object: MutableObject): boolean {
  if (referrer.isClusterScoped || resource.isClusterScoped) return true
  if (resource.id.effectiveNamespace === referrer.id.effectiveNamespace) return true
  const subjects = referrer.kind === 'RoleBinding' && Array.isArray(object['subjects']) ? object['subjects'] : []
  return subjects.some(
    (subject) =>
      textAt(subject, ['kind']) === 'ServiceAccount' && textAt(subject, ['namespace']) === resource.namespace,
  )
}

function isNear(resource: Resource, referrer: Resource): boolean {
  if (referrer.isClusterScoped || resource.isClusterScoped || resource.kind === 'ServiceAccount') return true
  return resource.id.effectiveNamespace === referrer.id.effectiveNamespace
}

function inNamespaceOf(resources: readonly Resource[], namespace: string | undefined): readonly Resource[] {
  if (namespace === undefined) return resources
  const original = resources.filter((resource) => resource.originalId.effectiveNamespace === namespace)
  return original.length > 0 ? original : resources.filter((one) => one.id.effectiveNamespace === namespace)
}

/** One list ends like the other; with `allowEmpty` an empty one fits any. Source: `utils.SameEndingSubSlice`. */
function haveSameAffixes(a: Resource, b: Resource, allowEmpty: boolean): boolean {
  return sameEnding(a.prefixes, b.prefixes, allowEmpty) && sameEnding(a.suffixes, b.suffixes, allowEmpty)
}

function sameEnding(a: readonly string[], b: readonly string[], allowEmpty: boolean): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  if (short.length === 0) return allowEmpty || long.length === 0
  return long.slice(long.length - short.length).every((affix, index) => affix === short[index])
}
