import { isAlias, isMap, isScalar, isSeq, type Pair, type ParsedNode, type YAMLMap } from 'yaml'
import { keyText, MERGE_KEY, type ManifestDocument } from './parse-manifest.ts'

/** A mapping entry as parsed. */
export type ManifestPair = Pair<ParsedNode, ParsedNode | null>

/** What a map says under a key. */
interface LookedUp {
  readonly pair: ManifestPair
  /** Whether the entry stands in another map that is merged into this one, or may be overridden by such a map. */
  readonly shared: boolean
}

/**
 * Finds an entry of a map, merge keys included. An entry of the map itself wins, but one in front of a merge key that
 * supplies it too counts as shared: parsers differ in which of the two holds (go-yaml v2 takes the later).
 */
function lookUp(document: ManifestDocument, map: YAMLMap.Parsed, key: string): LookedUp | undefined {
  return lookUpIn({ document, key, seen: new Set() }, map)
}

/** Where a map has a key: as an entry of its own, and through merge keys. */
export interface FoundKey {
  /** Index of its own entry; -1 when it has none. */
  readonly own: number
  /** Whether a merged map supplies the key too. */
  readonly merged: boolean
  /** Whether one does whose merge key stands behind the own entry. */
  readonly mergedBehind: boolean
}

/** Finds a key of a map, and whether merge keys supply it too. */
export function lookUpAll(document: ManifestDocument, map: YAMLMap.Parsed, key: string): FoundKey {
  const { indexes, merges } = keysOf(map)
  const own = indexes.get(key) ?? -1
  const merging = merges.filter((index) => {
    const search = { document, key, seen: new Set([map]) }
    return mergedMaps(document, map.items[index]?.value ?? null).some((source) => lookUpIn(search, source))
  })
  return { own, merged: merging.length > 0, mergedBehind: merging.some((index) => index > own) }
}

interface Keys {
  readonly indexes: ReadonlyMap<string, number>
  readonly merges: readonly number[]
}

const keys = new WeakMap<YAMLMap.Parsed, Keys>()

/** Many changes may ask for keys of one large map. */
function keysOf(map: YAMLMap.Parsed): Keys {
  const known = keys.get(map)
  if (known !== undefined) return known
  const names = map.items.map((pair) => keyText(pair.key))
  const read = {
    indexes: new Map(names.map((name, index) => [name, index])),
    merges: names.flatMap((name, index) => (name === MERGE_KEY ? [index] : [])),
  }
  keys.set(map, read)
  return read
}

interface Search {
  readonly document: ManifestDocument
  readonly key: string
  /** Maps already looked into; an alias may lead back to a map that it stands in. */
  readonly seen: Set<YAMLMap.Parsed>
}

function lookUpIn(search: Search, map: YAMLMap.Parsed): LookedUp | undefined {
  if (search.seen.has(map)) return undefined
  search.seen.add(map)
  const own = map.items.findIndex((pair) => keyText(pair.key) === search.key)
  const merges = map.items.flatMap((pair, index) => {
    if (keyText(pair.key) !== MERGE_KEY || index < own) return []
    return mergedMaps(search.document, pair.value).flatMap((source) => lookUpIn(search, source) ?? [])
  })
  const pair = map.items[own] ?? merges[0]?.pair
  return pair === undefined ? undefined : { pair, shared: merges.length > 0 }
}

function mergedMaps(document: ManifestDocument, value: ParsedNode | null): readonly YAMLMap.Parsed[] {
  const source = resolveAlias(document, value)
  const sources = isSeq(source) ? source.items.map((item) => resolveAlias(document, item)) : [source]
  return sources.filter((map) => isMap(map))
}

/** The node that an alias stands for; any other node is itself. */
export function resolveAlias(document: ManifestDocument, node: ParsedNode | null): ParsedNode | null {
  return isAlias(node) ? ((node.resolve(document) as ParsedNode | undefined) ?? null) : node
}

/** The node under a key, aliases resolved. Undefined when the key is absent. */
export function nodeAt(
  document: ManifestDocument,
  node: ParsedNode | null,
  key: string,
): ParsedNode | null | undefined {
  const map = resolveAlias(document, node)
  const found = isMap(map) ? lookUp(document, map, key) : undefined
  return found === undefined ? undefined : resolveAlias(document, found.pair.value)
}

/** The value of the scalar under a key. Undefined when the key is absent or no scalar stands there. */
export function scalarAt(document: ManifestDocument, node: ParsedNode | null, key: string): unknown {
  const found = nodeAt(document, node, key)
  if (found === null) return null
  return isScalar(found) ? found.value : undefined
}
