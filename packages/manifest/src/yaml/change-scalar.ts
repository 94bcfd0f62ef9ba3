import { ResponseError } from '@saker/core'
import { isAlias, isMap, isScalar, visit, type ParsedNode, type Scalar, type YAMLMap } from 'yaml'
import type { EditTarget, PlainValue } from './edit-target.ts'
import { insertEntry } from './insert-entry.ts'
import { lookUp, type ManifestPair } from './look-up.ts'
import type { OpenManifest } from './open-manifest.ts'
import type { ManifestDocument } from './parse-manifest.ts'
import type { ScalarChange } from './scalar-changes.ts'
import type { Splice } from './splice.ts'

/**
 * How one value of one document is set, every other byte of the file staying as it is. Undefined when the value already is
 * what is asked for.
 *
 * An existing scalar of whatever style is replaced as a whole; an entry that is missing becomes the first of its map, in
 * the map's own layout. `applyChanges` makes the change and proves it.
 *
 * Ends in `MANIFEST_SHARED_VALUE` (anchors, aliases or merge keys make other places depend on the value),
 * `MANIFEST_TEMPLATED`, or `MANIFEST_EDIT_UNSAFE` for every layout in which it is not certain that only this value would
 * change.
 */
export function changeScalar(file: OpenManifest, target: EditTarget, value: PlainValue): ScalarChange | undefined {
  const splice = spliceFor({ text: file.text, target, value }, file.documents)
  // A value with a tag in front of it is written anew even when it is right; the same bytes again are no change.
  if (splice === undefined || file.text.slice(splice.start, splice.end) === splice.insert) return undefined
  return { target, value, splice }
}

interface Request {
  readonly text: string
  readonly target: EditTarget
  readonly value: PlainValue
}

function spliceFor(request: Request, documents: readonly ManifestDocument[]): Splice | undefined {
  const { target } = request
  const { documentIndex, keys } = target
  const document = documents[documentIndex]
  if (document === undefined) throw unsafe(target, 'is not in the file')
  const last = keys.at(-1)
  if (last === undefined) throw unsafe(target, 'cannot be replaced as a whole')
  let parent: ManifestPair | undefined
  let map = mapIn(document, document.contents, { target, name: 'its content' })
  for (const key of keys.slice(0, -1)) {
    parent = entryOf(document, map, { target, key })
    if (parent === undefined) throw unsafe(target, `has no ${key}`)
    map = mapIn(document, parent.value, { target, name: key })
  }
  const pair = entryOf(document, map, { target, key: last })
  if (pair !== undefined) return replaceValue(request, map, pair)
  const splice = insertEntry(request.text, { map, parent, key: last, literal: String(request.value) })
  if (splice === undefined) throw unsafe(target, `has no safe place to add ${last}`)
  return splice
}

function entryOf(
  document: ManifestDocument,
  map: YAMLMap.Parsed,
  { target, key }: { target: EditTarget; key: string },
): ManifestPair | undefined {
  const found = lookUp(document, map, key)
  if (found?.shared === true) throw sharedValue(target, key)
  return found?.pair
}

/** The map that an edit leads through. One that other places of the document refer to would take them along. */
function mapIn(
  document: ManifestDocument,
  node: ParsedNode | null,
  { target, name }: { target: EditTarget; name: string },
): YAMLMap.Parsed {
  if (isAlias(node)) throw sharedValue(target, name)
  if (!isMap(node)) throw unsafe(target, `has no map at ${name}`)
  if (node.anchor !== undefined && hasAliasTo(document, node.anchor)) throw sharedValue(target, name)
  return node
}

function hasAliasTo(document: ManifestDocument, anchor: string): boolean {
  let found = false
  visit(document, {
    Alias: (_key, alias) => {
      found ||= alias.source === anchor
      return found ? visit.BREAK : undefined
    },
  })
  return found
}

function replaceValue({ text, target, value }: Request, map: YAMLMap.Parsed, pair: ManifestPair): Splice | undefined {
  const literal = String(value)
  const key = target.keys.at(-1) ?? ''
  const node = pair.value
  if (node === null) {
    // A key alone. In a flow map the rest of the entry can follow it; `? key` in a block map needs a line of its own.
    if (map.flow !== true) throw unsafe(target, `has ${key} without a value`)
    return { start: pair.key.range[1], end: pair.key.range[1], insert: `: ${literal}` }
  }
  if (isAlias(node) || node.anchor !== undefined) throw sharedValue(target, key)
  if (!isScalar(node)) throw unsafe(target, `has no scalar at ${key}`)
  if (alreadyIs(node, value)) return undefined
  if (text.slice(node.range[0], node.range[1]).includes('{{')) {
    throw new ResponseError('MANIFEST_TEMPLATED', `${whereOf(target)} has a template at ${key}`, {
      details: { path: target.path },
    })
  }
  if (node.tag !== undefined && node.tag !== tagOf(value)) throw unsafe(target, `has an explicit type at ${key}`)
  if (node.range[0] < node.range[1]) return replaceWritten(text, node, { literal, target })
  const colon = pair.srcToken?.sep?.find(({ type }) => type === 'map-value-ind')
  if (colon === undefined || node.tag !== undefined) throw unsafe(target, `has ${key} without a value`)
  return { start: colon.offset + 1, end: colon.offset + 1, insert: ` ${literal}` }
}

function replaceWritten(
  text: string,
  node: Scalar.Parsed,
  { literal, target }: { literal: string; target: EditTarget },
): Splice {
  const [start, end] = node.range
  const written = text.slice(start, end)
  if (node.type !== 'BLOCK_LITERAL' && node.type !== 'BLOCK_FOLDED') return { start, end, insert: literal }
  if (/^[^\n]*#/u.test(written)) throw unsafe(target, 'has a comment inside the value')
  // The range of a block scalar includes the line ends behind it.
  return { start, end: start + written.trimEnd().length, insert: literal }
}

/** Only spellings that every parser reads alike count; `yes` or `0.0` are written anew. */
function alreadyIs(node: Scalar.Parsed, value: PlainValue): boolean {
  if (node.type !== 'PLAIN' || node.tag !== undefined) return false
  if (value === 0) return /^(?:[-+]?0+|0[xo]0+)$/u.test(node.source)
  return node.value === value
}

function tagOf(value: PlainValue): string {
  return typeof value === 'number' ? 'tag:yaml.org,2002:int' : 'tag:yaml.org,2002:bool'
}

function sharedValue(target: EditTarget, key: string): ResponseError {
  const message = `${whereOf(target)} shares ${key} with other places through an anchor`
  return new ResponseError('MANIFEST_SHARED_VALUE', message, { details: { path: target.path } })
}

function unsafe(target: EditTarget, what: string): ResponseError {
  return new ResponseError('MANIFEST_EDIT_UNSAFE', `${whereOf(target)} ${what}`, { details: { path: target.path } })
}

function whereOf({ path, documentIndex }: EditTarget): string {
  return `${path} (document ${documentIndex + 1})`
}
