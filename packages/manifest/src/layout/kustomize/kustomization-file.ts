import { fieldOf, isObject, listAt, plainText, textAt, type JsonObject, type JsonValue } from '../json-value.ts'
import { TextMemo } from '../text-memo.ts'
import { documentsOf } from '../file-facts.ts'
import type { FieldSpec } from './field-spec.ts'

/** Names that kustomize looks for, in its order; a folder may hold one of them only. */
export const KUSTOMIZATION_NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'] as const

/** Which objects a patch is for; group, version, kind, name and namespace are regular expressions, fully anchored. */
export interface PatchTarget {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly name: string
  readonly namespace: string
  readonly labelSelector: string
  readonly annotationSelector: string
}

/** An entry of `patches` or `patchesJson6902`. */
export interface PatchEntry {
  readonly path: string
  readonly patch: string
  readonly target?: PatchTarget
  readonly allowNameChange: boolean
  readonly allowKindChange: boolean
}

/** An entry of `labels`. */
export interface LabelsEntry {
  readonly pairs: Readonly<Record<string, string>>
  readonly includeSelectors: boolean
  readonly includeTemplates: boolean
  readonly fields: readonly FieldSpec[]
}

/** An entry of `replicas`. */
export interface ReplicasEntry {
  readonly name: string
  readonly count: number
}

/** An entry of `images`; empty texts for what it leaves alone. */
export interface ImageChange {
  readonly name: string
  readonly newName: string
  readonly newTag: string
  readonly digest: string
  readonly tagSuffix: string
}

/** An entry of `configMapGenerator` or `secretGenerator`. */
export interface GeneratorEntry {
  readonly kind: 'ConfigMap' | 'Secret'
  readonly entry: JsonObject
}

/** What a kustomization file says, with deprecated fields under their new names. */
export interface KustomizationFile {
  readonly kind: 'Kustomization' | 'Component'
  /** A key that kustomize takes for another, which is the second. */
  readonly misspelt?: readonly [written: string, meant: string]
  /** With `bases`. */
  readonly resources: readonly string[]
  readonly components: readonly string[]
  readonly namespace: string
  readonly namePrefix: string
  readonly nameSuffix: string
  readonly commonLabels: Readonly<Record<string, string>>
  readonly labels: readonly LabelsEntry[]
  readonly commonAnnotations: Readonly<Record<string, string>>
  readonly patchesStrategicMerge: readonly string[]
  readonly patches: readonly PatchEntry[]
  readonly patchesJson6902: readonly PatchEntry[]
  readonly replicas: readonly ReplicasEntry[]
  readonly images: readonly ImageChange[]
  readonly replacements: readonly JsonValue[]
  readonly generated: readonly GeneratorEntry[]
  readonly generatorOptions: JsonObject
  /** Files, folders or texts that configure transformers. */
  readonly transformers: readonly string[]
  /** Whether it fills in `$(NAME)` where that stands. */
  readonly vars: boolean
  /** Whether it makes objects by charts or plugins. */
  readonly charts: boolean
  readonly plugins: boolean
  /** Fields of it that change objects in ways that are not followed here. */
  readonly unfollowed: readonly string[]
}

const files = new TextMemo<KustomizationFile | undefined>({ maxTexts: 20_000, maxLength: 16 * 1024 * 1024 })

/** Reads the text of a kustomization file. Undefined when it is none; throws as `parseManifest` does. */
export function kustomizationInText(text: string, path: string): KustomizationFile | undefined {
  return files.get(text, () => kustomizationOf(documentsOf(text, path)[0] ?? null))
}

/** Fields by which objects change in ways that are not followed. */
const UNFOLLOWED = ['configurations', 'openapi'] as const

/** Keys whose other spellings kustomize takes too, though only these are looked for here. */
const KEYS = `apiVersion kind resources bases components namespace namePrefix nameSuffix commonLabels labels
  commonAnnotations patchesStrategicMerge patches patchesJson6902 replicas images imageTags replacements
  configMapGenerator secretGenerator generatorOptions generators transformers validators helmCharts helmGlobals
  helmChartInflationGenerator vars configurations openapi crds buildMetadata metadata sortOptions`.split(/\s+/u)

const BY_LOWER_CASE = new Map(KEYS.map((key) => [key.toLowerCase(), key]))

/** Kustomize's JSON reader does not mind the case of keys. */
function misspeltKeyIn(value: JsonObject): readonly [written: string, meant: string] | undefined {
  for (const written of Object.keys(value)) {
    const meant = BY_LOWER_CASE.get(written.toLowerCase())
    if (meant !== undefined && meant !== written) return [written, meant]
  }
  return undefined
}

/** Reads the value of a kustomization file. Undefined when it is none; fields of a wrong form count as absent. */
export function kustomizationOf(value: JsonValue): KustomizationFile | undefined {
  if (!isObject(value)) return undefined
  const kind = textOr(fieldOf(value, 'kind')) || 'Kustomization'
  if (kind !== 'Kustomization' && kind !== 'Component') return undefined
  const misspelt = misspeltKeyIn(value)
  return {
    kind,
    ...(misspelt === undefined ? {} : { misspelt }),
    resources: [...texts(value, 'resources'), ...texts(value, 'bases')],
    components: texts(value, 'components'),
    namespace: textOr(fieldOf(value, 'namespace')),
    namePrefix: textOr(fieldOf(value, 'namePrefix')),
    nameSuffix: textOr(fieldOf(value, 'nameSuffix')),
    commonLabels: pairsOf(fieldOf(value, 'commonLabels')),
    labels: listAt(value, ['labels']).map(labelsOf),
    commonAnnotations: pairsOf(fieldOf(value, 'commonAnnotations')),
    patchesStrategicMerge: texts(value, 'patchesStrategicMerge'),
    patches: listAt(value, ['patches']).map(patchOf),
    patchesJson6902: listAt(value, ['patchesJson6902']).map(patchOf),
    replicas: listAt(value, ['replicas']).map(replicasOf),
    images: [...listAt(value, ['images']), ...listAt(value, ['imageTags'])].map(imageOf),
    replacements: listAt(value, ['replacements']),
    ...makersOf(value),
    transformers: texts(value, 'transformers'),
    vars: !isEmpty(fieldOf(value, 'vars')),
    unfollowed: UNFOLLOWED.filter((field) => !isEmpty(fieldOf(value, field))),
  }
}

type Makers = Pick<KustomizationFile, 'generated' | 'generatorOptions' | 'charts' | 'plugins'>

function makersOf(value: JsonObject): Makers {
  const generated = (field: string, kind: GeneratorEntry['kind']): readonly GeneratorEntry[] =>
    listAt(value, [field]).flatMap((entry) => (isObject(entry) ? [{ kind, entry }] : []))
  const options = fieldOf(value, 'generatorOptions')
  return {
    generated: [...generated('configMapGenerator', 'ConfigMap'), ...generated('secretGenerator', 'Secret')],
    generatorOptions: isObject(options) ? options : {},
    charts: !isEmpty(fieldOf(value, 'helmCharts')) || !isEmpty(fieldOf(value, 'helmChartInflationGenerator')),
    plugins: !isEmpty(fieldOf(value, 'generators')),
  }
}

function isEmpty(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null) return true
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0
}

/** Go's YAML reader takes a number or a boolean for a text where a text is wanted. */
function textOr(value: JsonValue | undefined): string {
  return plainText(value) ?? ''
}

function texts(value: JsonObject, field: string): readonly string[] {
  return listAt(value, [field]).map(textOr)
}

/** Entries whose values are texts. */
export function pairsOf(value: JsonValue | undefined): Readonly<Record<string, string>> {
  if (!isObject(value)) return {}
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, textOr(entry)]))
}

function labelsOf(value: JsonValue): LabelsEntry {
  return {
    pairs: pairsOf(fieldOf(value, 'pairs')),
    includeSelectors: fieldOf(value, 'includeSelectors') === true,
    includeTemplates: fieldOf(value, 'includeTemplates') === true,
    fields: listAt(value, ['fields']).map(fieldSpecOf),
  }
}

/** Reads where a transformer writes. */
export function fieldSpecOf(value: JsonValue): FieldSpec {
  return {
    path: textAt(value, ['path']) ?? '',
    create: fieldOf(value, 'create') === true,
    group: textAt(value, ['group']) ?? '',
    version: textAt(value, ['version']) ?? '',
    kind: textAt(value, ['kind']) ?? '',
  }
}

/** Reads an entry of `patches`, in a kustomization file or in a Flux Kustomization. */
export function patchOf(value: JsonValue): PatchEntry {
  const target = fieldOf(value, 'target')
  const options = fieldOf(value, 'options')
  return {
    path: textOr(fieldOf(value, 'path')),
    patch: textOr(fieldOf(value, 'patch')),
    ...(isObject(target) ? { target: targetOf(target) } : {}),
    allowNameChange: fieldOf(options, 'allowNameChange') === true,
    allowKindChange: fieldOf(options, 'allowKindChange') === true,
  }
}

/** Reads a selector of a patch or replacement. */
export function targetOf(value: JsonValue): PatchTarget {
  const field = (name: string): string => textOr(fieldOf(value, name))
  return {
    group: field('group'),
    version: field('version'),
    kind: field('kind'),
    name: field('name'),
    namespace: field('namespace'),
    labelSelector: field('labelSelector'),
    annotationSelector: field('annotationSelector'),
  }
}

/** Reads an entry of `replicas`. */
export function replicasOf(value: JsonValue): ReplicasEntry {
  return { name: textOr(fieldOf(value, 'name')), count: Number(fieldOf(value, 'count') ?? 0) }
}

/** Reads an entry of `images`. */
export function imageOf(value: JsonValue): ImageChange {
  const field = (name: string): string => textOr(fieldOf(value, name))
  return {
    name: field('name'),
    newName: field('newName'),
    newTag: field('newTag'),
    digest: field('digest'),
    tagSuffix: field('tagSuffix'),
  }
}
