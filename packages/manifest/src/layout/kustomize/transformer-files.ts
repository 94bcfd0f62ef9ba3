import type { BuildReads } from '../build-reads.ts'
import { documentsOf } from '../file-facts.ts'
import { fieldOf, isObject, listAt, type JsonObject, type JsonValue } from '../json-value.ts'
import { resolvePath } from '../repository-files.ts'
import type { LocatedKustomization } from './build-kustomization.ts'
import { setPairs } from './field-transforms.ts'
import { fieldSpecOf, pairsOf } from './kustomization-file.ts'
import type { ResourceSet } from './resource-set.ts'

/** Built-in transformers that set entries in maps, and the field that holds the entries. */
const ENTRIES: Readonly<Record<string, string>> = { LabelTransformer: 'labels', AnnotationsTransformer: 'annotations' }

/**
 * `transformers`: those in files that set labels or annotations are carried out. With any other, what becomes of the
 * objects is uncertain.
 */
export function runTransformerFiles(reads: BuildReads, located: LocatedKustomization, set: ResourceSet): void {
  const where = located.path ?? located.folder
  for (const written of located.file.transformers) {
    const configured = configurationsIn(reads, located, written)
    const isKnown = configured?.every((one) => entriesFieldOf(one) !== undefined) === true
    if (configured === undefined || !isKnown) {
      for (const resource of set.all) resource.uncertain.push(`${where} has transformers that are not followed`)
    } else for (const one of configured) setEntries(set, one)
  }
}

/** Undefined where the entry is no readable file. */
function configurationsIn(
  reads: BuildReads,
  { folder }: LocatedKustomization,
  written: string,
): readonly JsonObject[] | undefined {
  const path = written.includes('\n') ? undefined : resolvePath(folder, written)
  const content = path === undefined || reads.isFolder(path) ? undefined : reads.read(path)
  if (path === undefined || content === undefined || 'fault' in content || reads.facts(path)?.fault !== undefined) {
    return undefined
  }
  const documents = documentsOf(content.text, path).filter((document) => document !== null)
  return documents.every(isObject) ? documents : undefined
}

function entriesFieldOf(configured: JsonObject): string | undefined {
  const kind = fieldOf(configured, 'kind')
  const isBuiltin = fieldOf(configured, 'apiVersion') === 'builtin'
  return isBuiltin && typeof kind === 'string' && Object.hasOwn(ENTRIES, kind) ? ENTRIES[kind] : undefined
}

function setEntries(set: ResourceSet, configured: JsonObject): void {
  const entries: JsonValue | undefined = fieldOf(configured, entriesFieldOf(configured) ?? '')
  setPairs(set, pairsOf(entries), listAt(configured, ['fieldSpecs']).map(fieldSpecOf))
}
