import { ResponseError } from '@saker/core'
import { visit, type ParsedNode, type YAMLMap, type YAMLSeq } from 'yaml'
import type { FileStyle } from './file-style.ts'
import type { ManifestPair } from './look-up.ts'
import type { ManifestDocument } from './parse-manifest.ts'
import type { Splice } from './splice.ts'

/** One document that is being edited. */
export interface Editing {
  readonly path: string
  readonly text: string
  readonly document: ManifestDocument
  readonly documentIndex: number
  readonly style: FileStyle
  /** What is to be done to the text, so far; of two insertions at one offset the first comes first. */
  readonly splices: Splice[]
}

/** A map or list in its block or flow style. */
export type Collection = YAMLMap.Parsed | YAMLSeq.Parsed

/** What a value belongs to. */
type Holder =
  | { readonly type: 'document' }
  | { readonly type: 'entry'; readonly map: YAMLMap.Parsed; readonly pair: ManifestPair }
  | { readonly type: 'item'; readonly list: YAMLSeq.Parsed; readonly index: number }

/** A value in a document, and its surroundings. */
export interface Spot {
  readonly editing: Editing
  readonly node: ParsedNode | null
  readonly holder: Holder
  /** For messages: its key, or `item n`. */
  readonly name: string
  /** Whether it stands in a part of the document that is JSON. */
  readonly json: boolean
  /** Whether that JSON is written without spaces. */
  readonly compact: boolean
}

/** Whether a value stands in brackets, or is the whole document. */
export function isInFlow({ holder }: Pick<Spot, 'holder'>): boolean {
  if (holder.type === 'document') return true
  return (holder.type === 'entry' ? holder.map : holder.list).flow === true
}

/** An edit that would reach other places through an anchor. */
export function sharedValue(editing: Editing, name: string): ResponseError {
  const message = `${whereOf(editing)} shares ${name} with other places through an anchor`
  return new ResponseError('MANIFEST_SHARED_VALUE', message, { details: { path: editing.path } })
}

/** An edit that is not certain to change only what it is to. */
export function unsafe(editing: Pick<Editing, 'path' | 'documentIndex'>, what: string): ResponseError {
  return new ResponseError('MANIFEST_EDIT_UNSAFE', `${whereOf(editing)} ${what}`, { details: { path: editing.path } })
}

/** A value that a template engine fills in. */
export function templatedValue(editing: Editing, name: string): ResponseError {
  return new ResponseError('MANIFEST_TEMPLATED', `${whereOf(editing)} has a template at ${name}`, {
    details: { path: editing.path },
  })
}

function whereOf({ path, documentIndex }: Pick<Editing, 'path' | 'documentIndex'>): string {
  return `${path} (document ${documentIndex + 1})`
}

const aliasNames = new WeakMap<ManifestDocument, ReadonlySet<string>>()

/** Whether something in a document refers to an anchor. */
export function hasAliasTo(document: ManifestDocument, anchor: string): boolean {
  let names = aliasNames.get(document)
  if (names === undefined) {
    const seen = new Set<string>()
    visit(document, {
      Alias: (_key, alias) => {
        seen.add(alias.source)
      },
    })
    aliasNames.set(document, seen)
    names = seen
  }
  return names.has(anchor)
}

/** Whether a value, or anything in it, carries an anchor that something in the document refers to. */
export function isReferredTo(document: ManifestDocument, node: ParsedNode | null): boolean {
  if (node === null) return false
  let found = false
  visit(node, {
    Node: (_key, one) => {
      found ||= 'anchor' in one && typeof one.anchor === 'string' && hasAliasTo(document, one.anchor)
      return found ? visit.BREAK : undefined
    },
  })
  return found
}
