import { isMap, isScalar, isSeq, type ParsedNode } from 'yaml'
import type { Json } from './change.ts'
import { keyText, MERGE_KEY } from './parse-manifest.ts'

/** A node as a plain value. Undefined where aliases, merge keys or values that JSON does not have are in it. */
export function jsonOf(node: ParsedNode | null): Json | undefined {
  if (node === null) return null
  if (isScalar(node)) return scalarOf(node.value)
  if (isSeq(node)) {
    const items = node.items.map((item) => jsonOf(item)).filter((item) => item !== undefined)
    return items.length === node.items.length ? items : undefined
  }
  if (!isMap(node)) return undefined
  const entries = node.items.flatMap(({ key, value }) => {
    const plain = keyText(key) === MERGE_KEY ? undefined : jsonOf(value)
    return plain === undefined ? [] : [[keyText(key), plain] as const]
  })
  return entries.length === node.items.length ? Object.fromEntries(entries) : undefined
}

function scalarOf(value: unknown): Json | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
