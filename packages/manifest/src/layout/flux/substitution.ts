import { pairsOf } from '../kustomize/kustomization-file.ts'
import {
  fieldAt,
  fieldOf,
  isMutableObject,
  listAt,
  setField,
  textAt,
  type JsonObject,
  type MutableJson,
  type MutableObject,
} from '../json-value.ts'
import { valueOfPlain } from '../json-of-document.ts'

/** What Flux fills in after a build. */
export interface Substitution {
  readonly variables: Readonly<Record<string, string>>
  /** Whether more variables come from objects in the cluster, which are not looked at. */
  readonly hasMore: boolean
}

const SWITCH = 'kustomize.toolkit.fluxcd.io/substitute'

/** `spec.postBuild` of a Flux Kustomization. Undefined where nothing is filled in. */
export function substitutionOf(flux: JsonObject): Substitution | undefined {
  const postBuild = fieldAt(flux, ['spec', 'postBuild'])
  if (postBuild === undefined || postBuild === null) return undefined
  const variables = Object.entries(pairsOf(fieldOf(postBuild, 'substitute'))).map(
    ([name, value]) => [name, value.replaceAll('\n', '')] as const,
  )
  const hasMore = listAt(postBuild, ['substituteFrom']).length > 0
  const always =
    textAt(postBuild, ['substituteStrategy']) === 'Always' ||
    textAt(flux, ['spec', 'postBuild', 'substituteStrategy']) === 'Always'
  if (variables.length === 0 && !hasMore && !always) return undefined
  return { variables: Object.fromEntries(variables), hasMore }
}

/** Whether a text holds something for Flux to fill in. */
export function hasVariable(text: string): boolean {
  return text.includes('${')
}

/** Whether an object says that it is not to be touched. */
function refusesSubstitution(value: JsonObject): boolean {
  return ['labels', 'annotations'].some((field) => fieldAt(value, ['metadata', field, SWITCH]) === 'disabled')
}

/** Fills in what is known; the rest stays as it is written. The value is changed. */
export function substitute(value: MutableObject, substitution: Substitution): MutableObject {
  if (refusesSubstitution(value)) return value
  for (const [key, entry] of Object.entries(value)) setField(value, key, substituted(entry, substitution))
  return value
}

function substituted(value: MutableJson, substitution: Substitution): MutableJson {
  if (typeof value === 'string') return hasVariable(value) ? filledIn(value, substitution) : value
  if (Array.isArray(value)) return value.map((item) => substituted(item, substitution))
  if (!isMutableObject(value)) return value
  for (const [key, entry] of Object.entries(value)) setField(value, key, substituted(entry, substitution))
  return value
}

/** Flux works on YAML text, where a plain `${COUNT}` may become a number. */
function filledIn(text: string, { variables, hasMore }: Substitution): MutableJson {
  const filled = text.replaceAll(
    /(\$?)\$\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-=])([^{}]*))?\}/gu,
    (...found: readonly (string | undefined)[]) => {
      const [whole = '', escape = '', name = '', , fallback] = found
      if (escape !== '') return whole.slice(1)
      const known = Object.hasOwn(variables, name) ? variables[name] : undefined
      if (known !== undefined && known !== '') return known
      return hasMore && known === undefined ? whole : (fallback ?? (known === undefined ? whole : ''))
    },
  )
  return /^[A-Za-z0-9_$ {}:=.+-]*$/u.test(text) && !/: |^ | $/u.test(text) ? valueOfPlain(filled) : filled
}
