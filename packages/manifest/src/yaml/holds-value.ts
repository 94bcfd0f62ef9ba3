import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type Scalar } from 'yaml'
import { isJsonList, isJsonMap, type Json } from './change.ts'
import { keyText } from './parse-manifest.ts'
import { readsAsText } from './write-scalar.ts'

/**
 * Whether a node is a plain value in a spelling that every parser reads alike; `yes` or `0.0` are not. The order of keys
 * does not count. Anchors, aliases and tags make it false, a tag of the value's own type excepted.
 */
export function holdsValue(node: ParsedNode | null, value: Json): boolean {
  if (node === null) return value === null
  if (isAlias(node) || node.anchor !== undefined) return false
  if (isScalar(node)) return scalarHolds(node, value)
  if (node.tag !== undefined) return false
  if (isSeq(node)) {
    return (
      isJsonList(value) &&
      node.items.length === value.length &&
      node.items.every((item, index) => holdsValue(item, value[index] ?? null))
    )
  }
  if (!isMap(node) || !isJsonMap(value) || node.items.length !== Object.keys(value).length) return false
  return node.items.every((pair) => {
    const key = keyText(pair.key)
    const wanted = Object.hasOwn(value, key) ? value[key] : undefined
    return wanted !== undefined && isPlainKey(pair.key) && holdsValue(pair.value, wanted)
  })
}

/** No anchor, no tag, no merge: `<<` in quotes is a key, without them it is none. */
function isPlainKey(key: ParsedNode): boolean {
  return (
    isScalar(key) &&
    key.anchor === undefined &&
    key.tag === undefined &&
    (key.type !== 'PLAIN' || readsAsText(key.source))
  )
}

function scalarHolds(node: Scalar.Parsed, value: Json): boolean {
  if (node.tag !== undefined && node.tag !== tagOfValue(value)) return false
  if (typeof value === 'string') return node.value === value && (node.type !== 'PLAIN' || readsAsText(node.source))
  if (node.type !== 'PLAIN') return false
  if (value === 0) return /^(?:[-+]?0+|0[xo]0+)$/u.test(node.source)
  if (!Object.is(node.value, value)) return false
  return typeof value !== 'number' || /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/u.test(node.source)
}

/** The tag that a scalar of this value may carry without changing what it is. Undefined for maps, lists and null. */
export function tagOfValue(value: Json): string | undefined {
  if (typeof value === 'string') return 'tag:yaml.org,2002:str'
  if (typeof value === 'boolean') return 'tag:yaml.org,2002:bool'
  if (typeof value !== 'number') return undefined
  return Number.isInteger(value) ? 'tag:yaml.org,2002:int' : 'tag:yaml.org,2002:float'
}
