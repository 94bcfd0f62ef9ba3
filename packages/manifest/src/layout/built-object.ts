import { hasVariable } from './flux/substitution.ts'
import type { JsonObject, JsonValue } from './json-value.ts'
import { fieldOf } from './json-value.ts'
import type { BuiltObject, Root } from './layout-model.ts'
import type { Resource } from './kustomize/resource.ts'

/** So many values are kept; making one again costs a parse of its file. */
const MAX_KEPT = 256
const kept = new Map<Resource, JsonObject>()

/** A resource at the end of its build. */
export function builtObject(root: Root, resource: Resource): BuiltObject {
  return {
    root,
    identity: resource.identity,
    origin: resource.origin,
    layers: resource.layers,
    uncertain: [...new Set(resource.uncertain)],
    value: () => valueOf(resource),
  }
}

function valueOf(resource: Resource): JsonObject {
  const value = kept.get(resource) ?? resource.render()
  kept.delete(resource)
  kept.set(resource, value)
  for (const oldest of kept.keys()) {
    if (kept.size <= MAX_KEPT) break
    kept.delete(oldest)
  }
  return value
}

/** Pointers of all texts of a value that still wait for Flux to fill them in. */
export function openVariables(
  value: JsonValue,
  at: readonly (string | number)[] = [],
): readonly (readonly (string | number)[])[] {
  if (typeof value === 'string') return hasVariable(value) ? [at] : []
  if (Array.isArray(value)) {
    return (value as readonly JsonValue[]).flatMap((item, index) => openVariables(item, [...at, index]))
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.keys(value).flatMap((key) => openVariables(fieldOf(value, key) ?? null, [...at, key]))
}
