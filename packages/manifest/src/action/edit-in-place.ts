import type { JsonValue } from '../layout/json-value.ts'
import type { BuiltObject, Layout, WrittenOrigin } from '../layout/layout-model.ts'
import type { Change } from '../yaml/change.ts'
import type { Candidate } from './candidate.ts'
import { documentsAt } from './file-changes.ts'
import { stepsIn, valueAt, type Wanted } from './wanted.ts'

/** The edit of the object where it is written down. None for objects that no file declares. */
export function editInPlace(layout: Layout, object: BuiltObject, wanted: readonly Wanted[]): readonly Candidate[] {
  const { origin } = object
  if ('remote' in origin) return []
  const written = writtenValue(layout, origin)
  if (written === undefined) return []
  const changes = wanted.map((one) => changeOf(one, origin, written))
  if (changes.some((change) => change === undefined)) return []
  const { repository, path } = origin
  const edits = [{ repository, path, changes: changes.filter((change) => change !== undefined) }]
  return [{ layer: 'in-place', path, edits }]
}

/** The object as its file writes it. */
export function writtenValue(layout: Layout, origin: WrittenOrigin): JsonValue | undefined {
  const document = documentsAt(layout, origin)[origin.documentIndex]
  return document === undefined ? undefined : valueAt(document, origin.steps)
}

function changeOf(wanted: Wanted, origin: WrittenOrigin, written: JsonValue): Change | undefined {
  const steps = stepsIn(written, wanted.at)
  if (steps === undefined) return undefined
  const at = { documentIndex: origin.documentIndex, steps: [...origin.steps, ...steps] }
  if (wanted.op !== 'remove') return { op: wanted.op, at, value: wanted.value }
  return valueAt(written, wanted.at) === undefined ? undefined : { op: 'remove', at }
}
