import type { ErrorCode, PodOwnerKind } from '@saker/core'
import { isScalar, isSeq, type ParsedNode } from 'yaml'
import { nodeAt, resolveAlias, scalarAt } from '../yaml/look-up.ts'
import type { ManifestDocument } from '../yaml/parse-manifest.ts'
import type { DeclaredWorkload } from './declared-workload.ts'

/** API group of every kind that can own pods; the core group is empty. Any version of the group counts. */
const GROUPS: Readonly<Record<PodOwnerKind, string>> = {
  Deployment: 'apps',
  StatefulSet: 'apps',
  DaemonSet: 'apps',
  ReplicaSet: 'apps',
  Job: 'batch',
  CronJob: 'batch',
  Rollout: 'argoproj.io',
  Pod: '',
}

/** What one file declares; `hidden` says why some of it could not be told, when that is so. */
export interface FileWorkloads {
  readonly workloads: readonly Omit<DeclaredWorkload, 'path'>[]
  readonly hidden?: ErrorCode
}

/** Reads the workloads out of a file's documents. Names that only a template engine or Flux would fill in stay hidden. */
export function workloadsInFile(documents: readonly ManifestDocument[]): FileWorkloads {
  const found = documents.flatMap((document, documentIndex) =>
    workloadsIn(document).map((one) => (typeof one === 'string' ? one : { ...one, documentIndex })),
  )
  const workloads = found.filter((one) => typeof one === 'object')
  const hidden = found.find((one) => typeof one === 'string')
  return hidden === undefined ? { workloads } : { workloads, hidden }
}

/** Quick look at a text: false means that it declares no workload, whatever its form. */
export function mayDeclareWorkload(text: string): boolean {
  return /\bkind\b/u.test(text) && KIND_WORD.test(text)
}

const KIND_WORD = new RegExp(`\\b(?:${Object.keys(GROUPS).join('|')})(?:List)?\\b`, 'u')

type Identity = Omit<DeclaredWorkload, 'path' | 'documentIndex'>

/** The document's own workload, or, of a List, those of its items: kubectl and kustomize take lists apart. */
function workloadsIn(document: ManifestDocument): readonly (Identity | ErrorCode)[] {
  const items = listItemsOf(document)
  if (items === undefined) return [identityOf(document, document.contents) ?? []].flat()
  return items
    .map((item) => identityOf(document, item))
    .filter((one) => one !== undefined)
    .map((one) => (typeof one === 'string' ? one : { ...one, inList: true }))
}

function listItemsOf(document: ManifestDocument): readonly (ParsedNode | null)[] | undefined {
  const kind = scalarAt(document, document.contents, 'kind')
  if (typeof kind !== 'string' || !kind.endsWith('List')) return undefined
  const items = nodeAt(document, document.contents, 'items')
  return isSeq(items) ? items.items.map((item) => resolveAlias(document, item)) : undefined
}

function identityOf(document: ManifestDocument, root: ParsedNode | null): Identity | ErrorCode | undefined {
  const apiVersion = scalarAt(document, root, 'apiVersion')
  const kind = scalarAt(document, root, 'kind')
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return undefined
  if (!isWorkloadKind(kind) || GROUPS[kind] !== groupOf(apiVersion)) return undefined
  const metadata = nodeAt(document, root, 'metadata') ?? null
  const name = scalarAt(document, metadata, 'name')
  if (typeof name !== 'string' || name === '') return undefined
  if (/\{\{|\$\{/u.test(name)) return 'MANIFEST_TEMPLATED'
  const namespace = nodeAt(document, metadata, 'namespace') ?? undefined
  if (namespace === undefined) return { apiVersion, kind, name }
  if (!isScalar(namespace)) return undefined
  // The API server takes an empty namespace, or null, for none.
  if (namespace.value === null || namespace.value === '') return { apiVersion, kind, name }
  return typeof namespace.value === 'string' ? { apiVersion, kind, namespace: namespace.value, name } : undefined
}

function isWorkloadKind(kind: unknown): kind is PodOwnerKind {
  return typeof kind === 'string' && Object.hasOwn(GROUPS, kind)
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
}
