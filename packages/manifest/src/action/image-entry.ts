import { textAt, type JsonValue } from '../layout/json-value.ts'

/** An image reference in its parts. */
export interface ImageReference {
  readonly name: string
  readonly tag?: string
  readonly digest?: string
}

/** Takes an image reference apart: `host:5000/app:1.2@sha256:…`. A colon in front of a slash belongs to a port. */
export function imageReferenceOf(image: string): ImageReference {
  const [, name = image, tag, digest] = /^(.*?)(?::([\w][\w.-]{0,127}))?(?:@(.+))?$/u.exec(image) ?? []
  return { name, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) }
}

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
  const present = typeof images.present === 'string' ? imageReferenceOf(images.present) : undefined
  if (name === undefined || present?.name !== result) return []
  const wanted = imageReferenceOf(images.wanted)
  return [
    ...(wanted.name === result ? [] : [{ op: 'set', key: 'newName', value: wanted.name } as const]),
    ...part(entry, 'newTag', wanted.tag),
    ...part(entry, 'digest', wanted.digest),
  ]
}

function part(entry: JsonValue, key: string, value: string | undefined): readonly ImageEntryChange[] {
  const there = textAt(entry, [key])
  if (there === value) return []
  return value === undefined ? [{ op: 'remove', key }] : [{ op: 'set', key, value }]
}
