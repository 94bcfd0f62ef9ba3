import { isMap, isScalar, isSeq, type CST, type ParsedNode, type YAMLSeq } from 'yaml'
import type { ManifestPair } from './look-up.ts'

/** Where an entry begins, its `?`, anchor and tag included. */
export function startOfPair(pair: ManifestPair): number {
  return firstOf(pair.srcToken?.start) ?? pair.key.range[0]
}

/** Offset of the colon of an entry. Undefined for a key alone. */
export function colonOf(pair: ManifestPair): number | undefined {
  return pair.srcToken?.sep?.find(({ type }) => type === 'map-value-ind')?.offset
}

/** Where an item begins: its dash in a block list, its anchor, tag or value in a flow list. */
export function startOfItem(list: YAMLSeq.Parsed, index: number): number {
  return firstOf(itemTokens(list)[index]?.start) ?? list.items[index]?.range[0] ?? list.range[0]
}

/** Offset of the dash of an item of a block list. */
export function dashOf(list: YAMLSeq.Parsed, index: number): number | undefined {
  return itemTokens(list)[index]?.start.find(({ type }) => type === 'seq-item-ind')?.offset
}

/** Where the last character of a value stands that is no blank, comment or line end; exclusive. */
export function endOfValue(text: string, node: ParsedNode): number {
  const [start, end] = node.range
  if (isScalar(node) && isBlockScalar(node)) return start + text.slice(start, end).trimEnd().length
  if (isSeq(node) && node.flow !== true && node.items.length > 0) return endOfItem(text, node, node.items.length - 1)
  const last = isMap(node) && node.flow !== true ? node.items.at(-1) : undefined
  return last === undefined ? end : endOfPair(text, last)
}

/** The same for an entry. */
export function endOfPair(text: string, pair: ManifestPair): number {
  const { value, key, srcToken } = pair
  if (value !== null && isWritten(value)) return endOfValue(text, value)
  return lastOf(srcToken?.sep) ?? key.range[1]
}

/** The same for an item of a list. */
export function endOfItem(text: string, list: YAMLSeq.Parsed, index: number): number {
  const node = list.items[index]
  if (node !== undefined && isWritten(node)) return endOfValue(text, node)
  return lastOf(itemTokens(list)[index]?.start) ?? list.range[0]
}

/** Whether anything stands there for a value; `key:` alone reads as null. */
export function isWritten(node: ParsedNode): boolean {
  return node.range[0] < node.range[1]
}

/** The last scalar, alias or flow collection in a value. */
export function lastLeaf(node: ParsedNode | null): ParsedNode | null {
  if (isSeq(node) && node.flow !== true) return lastLeaf(node.items.at(-1) ?? null)
  if (isMap(node) && node.flow !== true) return lastLeaf(node.items.at(-1)?.value ?? null)
  return node
}

/** Whether a node is a literal or folded scalar. */
export function isBlockScalar(node: ParsedNode | null): boolean {
  return isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED')
}

/** What a block scalar does with the line ends behind it. */
export function chompOf(text: string, node: ParsedNode): 'strip' | 'keep' | 'clip' {
  const [header = ''] = /^[|>][-+0-9]*/u.exec(text.slice(node.range[0], node.range[0] + 8)) ?? []
  if (header.includes('+')) return 'keep'
  return header.includes('-') ? 'strip' : 'clip'
}

type Tokens = readonly CST.SourceToken[]

type Items = readonly { readonly start: Tokens }[]

const itemsOf = new WeakMap<YAMLSeq.Parsed, Items>()

function itemTokens(list: YAMLSeq.Parsed): Items {
  const known = itemsOf.get(list) ?? readItems(list)
  itemsOf.set(list, known)
  return known
}

function readItems(list: YAMLSeq.Parsed): Items {
  const token = list.srcToken
  if (token?.type === 'flow-collection') return token.items
  // A comment behind the last item is an item of its own for the parser.
  return token?.type === 'block-seq'
    ? token.items.filter(({ start }) => start.some(({ type }) => type === 'seq-item-ind'))
    : []
}

const LAYOUT: ReadonlySet<string> = new Set(['space', 'newline', 'comment', 'comma'])

function firstOf(tokens: Tokens | undefined): number | undefined {
  return tokens?.find(({ type }) => !LAYOUT.has(type))?.offset
}

function lastOf(tokens: Tokens | undefined): number | undefined {
  const last = tokens?.findLast(({ type }) => !LAYOUT.has(type))
  return last && last.offset + last.source.length
}
