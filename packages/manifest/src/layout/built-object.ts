import { hasVariable } from './flux/substitution.ts'
import type { JsonObject, JsonValue } from './json-value.ts'
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
    get uncertain() {
      return uncertaintyOf(resource)
    },
    value: () => valueOf(resource),
  }
}

/** What the cluster alone knows is looked for only when somebody asks. */
function uncertaintyOf(resource: Resource): readonly string[] {
  const known = [...new Set(resource.uncertain)]
  if (!resource.isFilledInLater || !hasOpenVariables(valueOf(resource))) return known
  return [...known, 'Flux fills in variables of it that only the cluster knows']
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

function hasOpenVariables(value: JsonValue): boolean {
  if (typeof value === 'string') return hasVariable(value)
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some((entry) => hasOpenVariables(entry))
}
