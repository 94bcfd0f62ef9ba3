import type { BuiltObject, Layout, Root } from '@saker/manifest'
import { titleOf, type JsonObject } from './json-object.ts'
import type { RenderedRoot } from './render-world.ts'
import { renderedDifference, type ObjectDifference } from './rendered-difference.ts'

/**
 * Objects that Saker renders otherwise than the real kustomize does, though it calls itself certain: `from` is kustomize's
 * value, `to` is Saker's. Roots that kustomize does not build are left out, and so are objects that no tree holds.
 */
export function renderingFaults(
  layout: Layout,
  rendered: ReadonlyMap<string, RenderedRoot>,
): readonly ObjectDifference[] {
  return layout.roots.flatMap((root) => {
    const real = realOf(root, rendered)
    if (real === undefined || real.error !== undefined) return []
    const built = layout.objectsOf(root)
    const certain = built.objects.filter((one) => one.uncertain.length === 0 && !('remote' in one.origin))
    const own = new Map(certain.map((one) => [titleOf(one.value() as JsonObject), one.value() as JsonObject] as const))
    const skipped = new Set(built.objects.filter((one) => !certain.includes(one)).map(titleOfBuilt))
    const theirs = new Map([...real.objects].filter(([title]) => !skipped.has(title)))
    const { id } = real
    const sides = [theirs, own].map((objects) => new Map([[id, { id, objects }]]))
    const differences = sides[0] === undefined || sides[1] === undefined ? [] : renderedDifference(sides[0], sides[1])
    const isPartial = built.problems.length > 0 || built.objects.some(({ origin }) => 'remote' in origin)
    return differences.map(withoutKnown).filter((one) => one !== undefined && !(isPartial && one.removed === true))
  })
}

/** Placeholders that Flux fills in later, and the hashes in the names of generated objects, need not be the same. */
function withoutKnown(difference: ObjectDifference): ObjectDifference | undefined {
  if (difference.changes === undefined) return difference
  const stem = (value: unknown): unknown => (typeof value === 'string' ? value.replace(/-[a-z0-9]{10}$/u, '') : value)
  const changes = Object.entries(difference.changes).filter(
    ([, { from, to }]) =>
      !(typeof from === 'string' && from.includes('${')) && (from === undefined || stem(from) !== stem(to)),
  )
  return changes.length === 0 ? undefined : { ...difference, changes: Object.fromEntries(changes) }
}

function titleOfBuilt({ identity: { namespace, kind, name } }: BuiltObject): string {
  return `${namespace ?? '-'}/${kind}/${name}`
}

/** The real root that a root of ours stands for: the same path and the same applier. Undefined where that is not certain. */
function realOf({ path, applier, kind }: Root, rendered: ReadonlyMap<string, RenderedRoot>): RenderedRoot | undefined {
  if (kind === 'helm' || kind === 'remote' || kind === 'loose') return undefined
  const place = path === '' ? '.' : path
  if (applier === undefined) return rendered.get(place)
  const { namespace = '-', name } = applier.object.identity
  const own = applier.object.root.path === path ? rendered.get(place) : undefined
  return (
    own ??
    rendered.get(`${place} (${namespace}/${name})`) ??
    rendered.get(`${place} (${namespace}/${name} of ${applier.object.root.path})`)
  )
}
