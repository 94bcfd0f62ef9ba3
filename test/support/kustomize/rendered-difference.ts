import { isDeepStrictEqual } from 'node:util'
import { isJsonObject } from './json-object.ts'
import type { RenderedRoot } from './render-world.ts'

/** What became of one value: absent where it was, or is, not there. */
interface ValueChange {
  readonly from?: unknown
  readonly to?: unknown
}

/** What differs of one object between two renderings of all roots. */
export interface ObjectDifference {
  readonly root: string
  /** `namespace/Kind/name`. */
  readonly object: string
  readonly added?: unknown
  readonly removed?: boolean
  /** By JSON pointer. */
  readonly changes?: Readonly<Record<string, ValueChange>>
}

type Roots = ReadonlyMap<string, RenderedRoot>

/** All differences of objects, in the order of the roots. A root that does not build on either side has none. */
export function renderedDifference(before: Roots, after: Roots): readonly ObjectDifference[] {
  const roots = [...new Set([...before.keys(), ...after.keys()])].toSorted()
  return roots.flatMap((root) => {
    const [from, to] = [before, after].map((side) => side.get(root)?.objects ?? new Map<string, unknown>())
    if (from === undefined || to === undefined) return []
    const titles = [...new Set([...from.keys(), ...to.keys()])].toSorted()
    return titles.flatMap((object) => objectDifference({ root, object }, from.get(object), to.get(object)))
  })
}

/**
 * Roots that are gone, and roots that built before and do not any more. A root that has come, as a new file beside loose
 * manifests is one, shows as the objects that are new.
 */
export function brokenRoots(before: Roots, after: Roots): readonly string[] {
  const gone = [...before.keys()].filter((id) => !after.has(id)).map((id) => `${id} is no root any more`)
  const failed = [...after.values()]
    .filter(({ id, error }) => error !== undefined && before.has(id) && before.get(id)?.error === undefined)
    .map(({ id, error }) => `${id} does not build any more: ${error}`)
  return [...gone, ...failed]
}

function objectDifference(
  which: { readonly root: string; readonly object: string },
  from: unknown,
  to: unknown,
): readonly ObjectDifference[] {
  if (from === undefined) return [{ ...which, added: to }]
  if (to === undefined) return [{ ...which, removed: true }]
  const changes = Object.fromEntries(changesIn('', from, to))
  return Object.keys(changes).length === 0 ? [] : [{ ...which, changes }]
}

function changesIn(pointer: string, from: unknown, to: unknown): readonly (readonly [string, ValueChange])[] {
  if (isDeepStrictEqual(from, to)) return []
  const isSameShape =
    (isJsonObject(from) && isJsonObject(to)) || (Array.isArray(from) && Array.isArray(to) && from.length === to.length)
  if (!isSameShape) {
    return [[pointer, { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }]]
  }
  const [left, right] = [from, to] as readonly Readonly<Record<string, unknown>>[]
  return [...new Set([...Object.keys(left ?? {}), ...Object.keys(right ?? {})])].flatMap((key) => {
    const segment = key.replaceAll('~', '~0').replaceAll('/', '~1')
    return changesIn(`${pointer}/${segment}`, left?.[key], right?.[key])
  })
}
