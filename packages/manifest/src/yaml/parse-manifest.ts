import { ResponseError, type ErrorCode } from '@saker/core'
import { isAlias, isMap, isScalar, isSeq, parseAllDocuments, type Document, type ParsedNode } from 'yaml'

/** One parsed YAML document; `range` and `srcToken` of its nodes point into the text it came from. */
export type ManifestDocument = Document.Parsed

/** Above this many UTF-16 code units a file is no manifest; etcd would refuse an object of that size. */
const MAX_LENGTH = 1024 * 1024

/**
 * Parses every document of a manifest, for finding things in it. Aliases and merge keys are left as they stand.
 *
 * Stricter than the YAML library where clusters are stricter: duplicate keys, keys that are not scalars and aliases
 * without an anchor are refused. Ends in `MANIFEST_TEMPLATED` (unquoted `{{`), `MANIFEST_SHARED_VALUE` (an alias as a
 * key) or `MANIFEST_UNPARSEABLE` (anything else, files above 1 MiB included). Messages name lines, never content.
 */
export function parseManifest(text: string, path: string): readonly ManifestDocument[] {
  if (text.length > MAX_LENGTH) {
    throw new ResponseError('MANIFEST_UNPARSEABLE', `${path} is too large to be a manifest`, { details: { path } })
  }
  const fault = guardStack(path, () => {
    const documents = parseAllDocuments(text, {
      keepSourceTokens: true,
      prettyErrors: false,
      logLevel: 'silent',
      // Checked below with a set: the library compares every key with every other, which takes minutes for a hostile map.
      uniqueKeys: false,
    })
    return firstFault(documents, text) ?? { documents }
  })
  if ('documents' in fault) return fault.documents
  const where = fault.offset === undefined ? '' : ` at line ${lineOf(text, fault.offset)}`
  throw new ResponseError(fault.code, `${path} ${fault.what}${where}`, { details: { path } })
}

interface Fault {
  readonly code: ErrorCode
  readonly what: string
  readonly offset?: number
}

/**
 * Runs something that walks through a file. Very deep nesting overflows the stack, in the library or here; such a file is
 * refused like any other that cannot be read.
 */
export function guardStack<T>(path: string, walk: () => T): T {
  try {
    return walk()
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new ResponseError('MANIFEST_UNPARSEABLE', `${path} is nested too deeply`, { cause, details: { path } })
  }
}

function firstFault(documents: readonly ManifestDocument[], text: string): Fault | undefined {
  for (const document of documents) {
    const [error] = document.errors
    if (error !== undefined && text.includes('{{')) return templated(error.pos[0])
    if (error !== undefined) {
      return { code: 'MANIFEST_UNPARSEABLE', what: `is not valid YAML (${error.code})`, offset: error.pos[0] }
    }
    const fault = faultIn(document.contents, new Set())
    if (fault !== undefined) return fault
  }
  return undefined
}

function templated(offset: number): Fault {
  return { code: 'MANIFEST_TEMPLATED', what: 'is a template', offset }
}

/** Walks in the order of the text, so that `anchors` holds what an alias can refer to. */
function faultIn(node: ParsedNode | null, anchors: Set<string>): Fault | undefined {
  if (node === null) return undefined
  if (isAlias(node)) {
    if (anchors.has(node.source)) return undefined
    return { code: 'MANIFEST_UNPARSEABLE', what: 'has an alias without an anchor', offset: node.range[0] }
  }
  if (node.anchor !== undefined) anchors.add(node.anchor)
  if (isSeq(node)) return firstIn(node.items, (item) => faultIn(item, anchors))
  if (!isMap(node)) return undefined
  const keys = new Set<string>()
  return firstIn(
    node.items,
    ({ key, value }) => keyFault(key, keys) ?? faultIn(key, anchors) ?? faultIn(value, anchors),
  )
}

function firstIn<T>(items: readonly T[], faultOf: (item: T) => Fault | undefined): Fault | undefined {
  for (const item of items) {
    const fault = faultOf(item)
    if (fault !== undefined) return fault
  }
  return undefined
}

function keyFault(key: ParsedNode, seen: Set<string>): Fault | undefined {
  const [offset] = key.range
  if (isAlias(key)) return { code: 'MANIFEST_SHARED_VALUE', what: 'has an alias as a key', offset }
  // `{{ .Values.x }}` reads as a flow map whose key is a flow map.
  if (isMap(key) && key.flow === true) return templated(offset)
  if (!isScalar(key)) return { code: 'MANIFEST_UNPARSEABLE', what: 'has a key that is not a scalar', offset }
  const name = keyText(key)
  if (seen.has(name) && name !== MERGE_KEY) {
    return { code: 'MANIFEST_UNPARSEABLE', what: 'has a key twice in one map', offset }
  }
  seen.add(name)
  return undefined
}

/** Merges other maps into its own: https://yaml.org/type/merge.html */
export const MERGE_KEY = '<<'

/** The text of a key as Kubernetes sees it after the way through JSON, where every key is a string. */
export function keyText(key: ParsedNode): string {
  if (!isScalar(key)) return ''
  return typeof key.value === 'string' ? key.value : key.source
}

/** 1-based line of an offset. */
function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}
