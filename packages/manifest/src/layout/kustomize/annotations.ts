import { isMutableObject, plainText, setField, type MutableObject } from '../json-value.ts'

/**
 * Kustomize keeps its own notes among the annotations. Whenever it takes them out it writes the rest anew: as texts, and
 * not at all when there is none. So it does at the end of a build, and after each JSON patch.
 */
export function writeAnnotationsAnew(value: MutableObject): MutableObject {
  const { metadata } = value
  if (!isMutableObject(metadata) || !Object.hasOwn(metadata, 'annotations')) return value
  const { annotations } = metadata
  const entries = isMutableObject(annotations) ? Object.entries(annotations) : []
  delete metadata['annotations']
  if (entries.length === 0) return value
  const written: MutableObject = {}
  for (const [key, text] of entries) setField(written, key, plainText(text) ?? '')
  metadata['annotations'] = written
  return value
}
