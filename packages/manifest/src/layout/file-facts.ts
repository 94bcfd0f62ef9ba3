import { asResponseError, ResponseError, type ErrorCode } from '@saker/core'
import { isMap, isScalar, isSeq, type ParsedNode } from 'yaml'
import { TextMemo } from './text-memo.ts'
import { nodeAt, resolveAlias, scalarAt } from '../yaml/look-up.ts'
import { parseManifest, type ManifestDocument } from '../yaml/parse-manifest.ts'
import { jsonOfDocument } from './json-of-document.ts'
import { fieldOf, isObject, type JsonObject, type JsonValue } from './json-value.ts'
import type { ObjectIdentity } from './layout-model.ts'

/** An object that a file declares: a document, or an item of a list. */
export interface DeclaredObject {
  readonly documentIndex: number
  /** Into the document; empty unless it is an item of a list. */
  readonly steps: readonly (string | number)[]
  readonly identity: ObjectIdentity
  /** Annotated with `config.kubernetes.io/local-config`: for tools alone, never applied by kustomize. */
  readonly isLocal: boolean
}

/** Why a text cannot be read. */
interface FileFault {
  readonly code: ErrorCode
  readonly message: string
}

/** What is remembered of a text: no syntax tree, no values. */
export interface FileFacts {
  readonly objects: readonly DeclaredObject[]
  /** Whether a document of it is SOPS-encrypted. */
  readonly encrypted: boolean
  /** Whether it holds a document that is no Kubernetes object; kustomize refuses to take such a file as a resource. */
  readonly stray: boolean
  /** It could not be read at all; it then declares nothing. */
  readonly fault?: FileFault
}

const facts = new TextMemo<FileFacts>({ maxTexts: 60_000, maxLength: 64 * 1024 * 1024 })
const values = new TextMemo<readonly JsonValue[]>({ maxTexts: 512, maxLength: 4 * 1024 * 1024 })

/** The documents of a text as values, remembered for a while; never to be changed. Throws as `parseManifest` does. */
export function documentsOf(text: string, path: string): readonly JsonValue[] {
  return values.get(text, () => {
    const parsed = parseManifest(text, path)
    return guardDepth(() => parsed.map((document) => jsonOfDocument(document, path)))
  })
}

/** The value of one declared object; null when the text does not have it. */
export function declaredValue(text: string, path: string, { documentIndex, steps }: DeclaredObject): JsonValue {
  let value: JsonValue | undefined = documentsOf(text, path)[documentIndex]
  for (const step of steps) {
    value = typeof step === 'number' ? (value as readonly JsonValue[] | undefined)?.[step] : fieldOf(value, step)
  }
  return value ?? null
}

/** What a text declares. Never throws; messages name no path, as the same text may lie in several places. */
export function factsOf(text: string): FileFacts {
  return facts.get(text, () => readFacts(text))
}

/** Whether {@link factsOf} has to parse the text, which takes a while. */
export function isIndexed(text: string): boolean {
  return facts.has(text)
}

const FAULTY = { objects: [], encrypted: false, stray: false } as const

/** https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md#the-pointer */
const LFS_POINTER = 'version https://git-lfs.github.com/spec/'

function readFacts(text: string): FileFacts {
  if (text.startsWith(LFS_POINTER)) {
    return { ...FAULTY, fault: { code: 'MANIFEST_NOT_TEXT', message: 'is kept in Git LFS' } }
  }
  try {
    const documents = parseManifest(text, '')
    return guardDepth(() => factsOfDocuments(documents))
  } catch (thrown) {
    const { code, message } = asResponseError(thrown)
    return { ...FAULTY, fault: { code, message: message.trim() } }
  }
}

function factsOfDocuments(documents: readonly ManifestDocument[]): FileFacts {
  const objects: DeclaredObject[] = []
  let stray = false
  let encrypted = false
  documents.forEach((document, documentIndex) => {
    const root = document.contents
    if (isMap(nodeAt(document, root, 'sops'))) encrypted = true
    const found = objectsIn(document, root, [])
    if (found === undefined) stray = true
    else for (const one of found) objects.push({ documentIndex, ...one })
  })
  return { objects, encrypted, stray }
}

type Found = Omit<DeclaredObject, 'documentIndex'>

/** Undefined when it is no object; kinds that end in `List` and have `items` are taken apart, as kustomize does. */
function objectsIn(
  document: ManifestDocument,
  node: ParsedNode | null,
  steps: readonly (string | number)[],
): readonly Found[] | undefined {
  const map = resolveAlias(document, node)
  if (map === null || (isMap(map) && map.items.length === 0)) return []
  if (isScalar(map) && map.value === null) return []
  if (!isMap(map)) return undefined
  const kind = scalarAt(document, map, 'kind')
  if (typeof kind === 'string' && kind.endsWith('List') && steps.length < 8) {
    const items = nodeAt(document, map, 'items')
    if (isSeq(items)) {
      const found = items.items.map((item, index) => objectsIn(document, item, [...steps, 'items', index]))
      return found.includes(undefined) ? undefined : found.flatMap((one) => one ?? [])
    }
    if (items === null) return []
  }
  const identity = identityIn(document, map)
  return identity === undefined ? undefined : [{ steps, identity, isLocal: isLocalIn(document, map) }]
}

function identityIn(document: ManifestDocument, map: ParsedNode): ObjectIdentity | undefined {
  const apiVersion = scalarAt(document, map, 'apiVersion')
  const kind = scalarAt(document, map, 'kind')
  const metadata = nodeAt(document, map, 'metadata') ?? null
  const name = scalarAt(document, metadata, 'name')
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || typeof name !== 'string' || name === '')
    return undefined
  return { apiVersion, kind, name, ...namespaceIn(scalarAt(document, metadata, 'namespace')) }
}

function isLocalIn(document: ManifestDocument, map: ParsedNode): boolean {
  const annotations = nodeAt(document, nodeAt(document, map, 'metadata') ?? null, 'annotations') ?? null
  const value = scalarAt(document, annotations, 'config.kubernetes.io/local-config')
  return value !== undefined && value !== null && value !== false && value !== 'false'
}

/** The API server takes an empty namespace, or null, for none. */
function namespaceIn(namespace: unknown): { readonly namespace?: string } {
  return typeof namespace === 'string' && namespace !== '' ? { namespace } : {}
}

/** The identity of a value. Undefined when it is no object of Kubernetes. */
export function identityOf(value: JsonValue): ObjectIdentity | undefined {
  const metadata = fieldOf(value, 'metadata')
  const [apiVersion, kind, name] = [fieldOf(value, 'apiVersion'), fieldOf(value, 'kind'), fieldOf(metadata, 'name')]
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || typeof name !== 'string' || name === '')
    return undefined
  return { apiVersion, kind, name, ...namespaceIn(fieldOf(metadata, 'namespace')) }
}

/** Objects among the documents of a text, lists taken apart. */
export function objectValuesOf(documents: readonly JsonValue[]): readonly JsonObject[] {
  return documents.flatMap((document): readonly JsonObject[] => {
    if (!isObject(document)) return []
    const kind = fieldOf(document, 'kind')
    const items = fieldOf(document, 'items')
    if (typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)) {
      return objectValuesOf(items as readonly JsonValue[])
    }
    return [document]
  })
}

/** Very deep nesting overflows the stack; such a file is refused like any other that cannot be read. */
function guardDepth<T>(read: () => T): T {
  try {
    return read()
  } catch (thrown) {
    if (thrown instanceof RangeError) throw new ResponseError('MANIFEST_UNPARSEABLE', 'is nested too deeply')
    throw thrown
  }
}
