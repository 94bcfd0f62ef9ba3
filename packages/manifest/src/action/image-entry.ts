import { textAt, type JsonValue } from '../layout/json-value.ts'
import { splitImage } from '../layout/kustomize/field-transforms.ts'

/** One change of an entry of `images`. */
export type ImageEntryChange =
  | { readonly op: 'set'; readonly key: string; readonly value: string }
  | { readonly op: 'remove'; readonly key: string }

/**
 * How an entry of a kustomization's `images` comes to give the wanted image, when it is the one that gives the present one.
 * None when it is not, or nothing of it differs.
 */
export function imageEntryChanges(
  entry: JsonValue,
  images: { readonly present: JsonValue | undefined; readonly wanted: string },
): readonly ImageEntryChange[] {
  const name = textAt(entry, ['name'])
  const result = textAt(entry, ['newName']) ?? name
  const present = typeof images.present === 'string' ? splitImage(images.present) : undefined
  if (name === undefined || present?.name !== result) return []
  const wanted = splitImage(images.wanted)
  return [
    ...(wanted.name === result ? [] : [{ op: 'set', key: 'newName', value: wanted.name } as const]),
    ...part(entry, 'newTag', wanted.tag),
    ...part(entry, 'digest', wanted.digest),
  ]
}

function part(entry: JsonValue, key: string, value: string): readonly ImageEntryChange[] {
  if ((textAt(entry, [key]) ?? '') === value) return []
  return value === '' ? [{ op: 'remove', key }] : [{ op: 'set', key, value }]
}
