import { ResponseError } from '@saker/core'
import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type Scalar, type YAMLMap } from 'yaml'
import { resolveAlias } from '../yaml/look-up.ts'
import { keyText, MERGE_KEY, type ManifestDocument } from '../yaml/parse-manifest.ts'
import { setField, type MutableJson, type MutableObject } from './json-value.ts'

/** So many nodes a document may have once its aliases are written out; etcd would refuse an object of that size. */
const MAX_NODES = 200_000

/**
 * A document as JSON, read as the Go parser of the cluster's tools reads it: aliases and merge keys written out, plain
 * scalars resolved by its rules (`0644` is octal, `yes` is text, `2020-01-01` is a time).
 *
 * Throws `MANIFEST_UNPARSEABLE` for aliases into themselves, and for documents that are very large without them.
 */
export function jsonOfDocument(document: ManifestDocument, path: string): MutableJson {
  return new Conversion(document, path).of(document.contents)
}

class Conversion {
  readonly #document: ManifestDocument
  readonly #path: string
  /** Collections around the one under way: an alias may not lead to one of them. */
  readonly #around = new Set<ParsedNode>()
  #nodes = 0

  constructor(document: ManifestDocument, path: string) {
    this.#document = document
    this.#path = path
  }

  of(node: ParsedNode | null): MutableJson {
    this.#nodes += 1
    if (this.#nodes > MAX_NODES) throw this.#fault('grows too large when its aliases are written out')
    const target = resolveAlias(this.#document, node)
    if (target === null || isAlias(target)) return null
    if (isScalar(target)) return valueOfScalar(target)
    if (this.#around.has(target)) throw this.#fault('has an alias of something that it stands in')
    this.#around.add(target)
    const value = isSeq(target) ? target.items.map((item) => this.of(item)) : this.#ofMap(target)
    this.#around.delete(target)
    return value
  }

  #ofMap(map: YAMLMap.Parsed): MutableObject {
    const value: MutableObject = {}
    const merged = new Set<string>()
    for (const { key, value: node } of map.items) {
      if (isMergeKey(key)) this.#merge(value, node, merged)
      else {
        const name = keyText(key)
        merged.delete(name)
        setField(value, name, this.of(node))
      }
    }
    return value
  }

  /** What stands in the map itself wins, wherever the merge key stands; of several merged maps the first wins. */
  #merge(into: MutableObject, node: ParsedNode | null, merged: Set<string>): void {
    const source = resolveAlias(this.#document, node)
    const maps = isSeq(source) ? source.items.map((item) => resolveAlias(this.#document, item)) : [source]
    for (const map of maps) {
      if (!isMap(map)) continue
      const value = this.of(map)
      for (const [name, entry] of Object.entries(value as MutableObject)) {
        if (Object.hasOwn(into, name)) continue
        merged.add(name)
        setField(into, name, entry)
      }
    }
  }

  #fault(what: string): ResponseError {
    return new ResponseError('MANIFEST_UNPARSEABLE', `${this.#path} ${what}`, { details: { path: this.#path } })
  }
}

function isMergeKey(key: ParsedNode): boolean {
  return isScalar(key) && key.type === 'PLAIN' && keyText(key) === MERGE_KEY
}

function valueOfScalar(node: Scalar.Parsed): MutableJson {
  if (node.tag === 'tag:yaml.org,2002:str' || node.tag === '!')
    return typeof node.source === 'string' ? node.source : ''
  if (node.type === 'PLAIN') return valueOfPlain(node.source)
  return node.source
}

const NULLS = new Set(['', '~', 'null', 'Null', 'NULL'])
const TRUES = new Set(['true', 'True', 'TRUE'])
const FALSES = new Set(['false', 'False', 'FALSE'])

/**
 * What go-yaml v3 makes of a plain scalar on its way into an `interface{}`, and that as JSON:
 * https://github.com/go-yaml/yaml/blob/v3.0.1/resolve.go
 */
export function valueOfPlain(text: string): null | boolean | number | string {
  if (NULLS.has(text)) return null
  if (TRUES.has(text)) return true
  if (FALSES.has(text)) return false
  const first = text.charCodeAt(0)
  // '+' , '-', '.' and digits; everything else is text
  if (first !== 43 && first !== 45 && first !== 46 && (first < 48 || first > 57)) return text
  return timeOf(text) ?? numberOf(text.replaceAll('_', '')) ?? text
}

function numberOf(text: string): number | undefined {
  const [, sign = '', digits = ''] = /^([-+]?)(.*)$/u.exec(text) ?? []
  const whole = wholeNumberOf(digits)
  if (whole !== undefined) return sign === '-' ? -whole : whole
  return /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/u.test(text) ? Number(text) : undefined
}

function wholeNumberOf(digits: string): number | undefined {
  if (/^0[xX][0-9a-fA-F]+$/u.test(digits) || /^0[bB][01]+$/u.test(digits)) return Number(digits.toLowerCase())
  if (/^0[oO]?[0-7]+$/u.test(digits)) return Number.parseInt(digits.replace(/^0[oO]?/u, ''), 8)
  return /^(?:0|[1-9][0-9]*)$/u.test(digits) ? Number(digits) : undefined
}

/** Times become texts in one form; the fraction of a second keeps its digits without final zeros. */
function timeOf(text: string): string | undefined {
  const [, date, time, fraction = '', zone = ''] =
    /^([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})(?:(?:[tT]|[ ]+)([0-9]{1,2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?[ ]*(Z|[-+][0-9]{1,2}(?::?[0-9]{2})?)?)?$/u.exec(
      text,
    ) ?? []
  if (date === undefined) return undefined
  const padded = date.replaceAll(/-([0-9])(?![0-9])/gu, '-0$1')
  if (Number.isNaN(Date.parse(`${padded}T00:00:00Z`))) return undefined
  const rest = fraction.replace(/\.?0+$/u, '')
  return `${padded}T${(time ?? '00:00:00').padStart(8, '0')}${rest}${zone === '' ? 'Z' : zone}`
}
