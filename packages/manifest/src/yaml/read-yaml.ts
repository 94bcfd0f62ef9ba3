import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
  type YAMLError,
} from 'yaml'

/** A place in a text: 1-based line, and 1-based column in UTF-16 code units. */
export interface TextPosition {
  readonly line: number
  readonly column: number
}

/** One thing wrong with a text as YAML. The message never holds any of the text. */
export type YamlFault = TextPosition & { readonly message: string }

/** A YAML document as plain values, with the way back to where each of them is written. */
export interface PositionedYaml {
  /** Undefined when there are faults. */
  readonly value: unknown
  readonly faults: readonly YamlFault[]
  /**
   * Where something is written: the key of a map's entry, the item of a list. A path that leads nowhere gives its nearest
   * parent. Undefined only for an empty text.
   */
  positionOf(path: readonly (string | number)[]): TextPosition | undefined
}

/**
 * Reads a text that is to be one YAML document, such as the config file. All syntax faults are collected; duplicate keys,
 * unknown tags, a second document and aliases that lead nowhere, into themselves or to very much are faults too.
 */
export function readYamlWithPositions(text: string): PositionedYaml {
  const source = text.replace(/^\uFEFF/u, '')
  const lines = new LineCounter()
  const document = parseDocument(source, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
    stringKeys: true,
  })
  const positionAt = (offset: number): TextPosition => {
    const { line, col } = lines.linePos(Math.max(0, offset))
    return { line, column: col }
  }
  const faults = [...document.errors, ...document.warnings].map((error) => ({
    ...positionAt(error.pos[0]),
    message: MESSAGES[error.code],
  }))
  const read = faults.length > 0 ? undefined : valueOf(document)
  if (read !== undefined && 'fault' in read) faults.push({ ...positionAt(read.offset), message: read.fault })
  return {
    value: read !== undefined && 'value' in read ? read.value : undefined,
    faults: faults.toSorted((a, b) => a.line - b.line || a.column - b.column),
    positionOf: (path) => {
      const offset = offsetOf(document.contents, path)
      return offset === undefined ? undefined : positionAt(offset)
    },
  }
}

type Read = { readonly value: unknown } | { readonly fault: string; readonly offset: number }

function valueOf(document: Document.Parsed): Read {
  const loop = aliasInItself(document)
  if (loop !== undefined) return { fault: 'is an alias of something that it stands in', offset: loop }
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) as unknown }
  } catch {
    // The library's own message names the alias.
    const fault = 'is the first alias of a file whose aliases lead nowhere or to too much'
    return { fault, offset: firstAlias(document) ?? 0 }
  }
}

function aliasInItself(document: Document.Parsed): number | undefined {
  let found: number | undefined
  visit(document, {
    Alias: (_key, alias, ancestors) => {
      const target = alias.resolve(document)
      if (target === undefined || !ancestors.includes(target)) return undefined
      found = alias.range?.[0]
      return visit.BREAK
    },
  })
  return found
}

function firstAlias(document: Document.Parsed): number | undefined {
  let found: number | undefined
  visit(document, {
    Alias: (_key, alias) => {
      found = alias.range?.[0]
      return visit.BREAK
    },
  })
  return found
}

function offsetOf(root: Node | null, path: readonly (string | number)[]): number | undefined {
  let offset = root?.range?.[0]
  let node: unknown = root
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === String(step))
      if (pair === undefined) return offset
      offset = (pair.key as Node).range?.[0] ?? offset
      node = pair.value
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(step)]
      if (item === undefined) return offset
      offset = (item as Node).range?.[0] ?? offset
      node = item
    } else return offset
  }
  return offset
}

/** Our words for the library's codes: its own messages quote the text, and a config holds what must not be repeated. */
const MESSAGES: Readonly<Record<YAMLError['code'], string>> = {
  ALIAS_PROPS: 'is an alias with an anchor or tag of its own',
  BAD_ALIAS: 'is not a usable anchor or alias name',
  BAD_COLLECTION_TYPE: 'has a tag that does not fit a map or list',
  BAD_DIRECTIVE: 'is not a known directive',
  BAD_DQ_ESCAPE: 'has an unknown escape sequence in double quotes',
  BAD_INDENT: 'is not indented like its neighbours, or a bracket before it is not closed',
  BAD_PROP_ORDER: 'has an anchor or tag in front of its indicator',
  BAD_SCALAR_START: 'starts with a character that needs quotes',
  BLOCK_AS_IMPLICIT_KEY: 'holds a map or list where only a key or a short value may stand',
  BLOCK_IN_FLOW: 'holds an indented map or list inside brackets',
  DUPLICATE_KEY: 'is a key that stands twice in this map',
  IMPOSSIBLE: 'cannot be read',
  KEY_OVER_1024_CHARS: 'is a key of more than 1024 characters',
  MISSING_CHAR: 'lacks a character (a colon, comma, quote, bracket or space)',
  MULTILINE_IMPLICIT_KEY: 'is a key on several lines',
  MULTIPLE_ANCHORS: 'has two anchors',
  MULTIPLE_DOCS: 'starts a second document',
  MULTIPLE_TAGS: 'has two tags',
  NON_STRING_KEY: 'is a key that is not a string',
  RESOURCE_EXHAUSTION: 'is nested too deeply',
  TAB_AS_INDENT: 'is indented with a tab',
  TAG_RESOLVE_FAILED: 'has a tag that does not fit or is not known',
  UNEXPECTED_TOKEN: 'is not expected here',
}
