import { asResponseError } from '@saker/core'
import type { BuildReads } from '../build-reads.ts'
import { documentsOf } from '../file-facts.ts'
import { fieldAt, fieldOf, isObject, listAt, textAt, type JsonObject, type JsonValue } from '../json-value.ts'
import { BuildFault } from '../kustomize/build-fault.ts'
import { pathIn } from '../repository-files.ts'

/** Fields that an override file cannot change. */
const FIXED = ['repoURL', 'path', 'targetRevision', 'chart'] as const

/** The sources of an application; `sources` wins over `source`. */
export function argoSourcesOf(application: JsonObject): readonly JsonObject[] {
  const several = listAt(application, ['spec', 'sources']).filter((source) => isObject(source))
  const one = fieldAt(application, ['spec', 'source'])
  return several.length > 0 ? several : isObject(one) ? [one] : []
}

/** Names of the files beside an application's manifests that change how it is built, in the order they count. */
function overrideFilesOf(application: JsonObject): readonly string[] {
  const name = textAt(application, ['metadata', 'name']) ?? ''
  const namespace = textAt(application, ['metadata', 'namespace']) ?? ''
  const full = namespace === '' || namespace === 'argocd' ? name : `${namespace}_${name}`
  return ['.argocd-source.yaml', `.argocd-source-${full}.yaml`]
}

/**
 * The source of an application at a path, with the override files there merged in by the rules of a JSON merge patch.
 * Empty where the application has no source of that path.
 */
export function argoSourceOf(
  application: JsonObject,
  { reads, path }: { reads: BuildReads; path: string },
): JsonObject {
  const source = argoSourcesOf(application).find((one) => normalisedPath(textAt(one, ['path']) ?? '') === path) ?? {}
  const merged = overrideFilesOf(application).reduce<JsonValue>((value, file) => {
    const override = readOverride(reads, pathIn(path, file))
    return override === undefined ? value : mergePatch(value, override)
  }, source)
  if (!isObject(merged)) return source
  const fixed = FIXED.flatMap((field) => {
    const value = fieldOf(source, field)
    return value === undefined ? [] : [[field, value] as const]
  })
  return { ...merged, ...Object.fromEntries(fixed) }
}

function readOverride(reads: BuildReads, path: string): JsonValue | undefined {
  const content = reads.read(path)
  if (content === undefined) return undefined
  if ('fault' in content) throw new BuildFault(path, content.fault.message, content.fault.code)
  try {
    return documentsOf(content.text, path)[0] ?? undefined
  } catch (thrown) {
    const { code, message } = asResponseError(thrown)
    throw new BuildFault(path, message, code)
  }
}

/** RFC 7396: objects merge, null deletes, everything else replaces. */
function mergePatch(target: JsonValue, patch: JsonValue): JsonValue {
  if (!isObject(patch)) return patch
  const merged = new Map(isObject(target) ? Object.entries(target) : [])
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key)
    else merged.set(key, mergePatch(merged.get(key) ?? null, value))
  }
  return Object.fromEntries(merged)
}

/** A path of an application as a folder of the repository. */
export function normalisedPath(path: string): string {
  const steps: string[] = []
  for (const step of path.split('/')) {
    if (step === '..') steps.pop()
    else if (step !== '' && step !== '.') steps.push(step)
  }
  return steps.join('/')
}
