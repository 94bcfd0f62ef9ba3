import type { ChangedPlace } from '@saker/core'
import type { DeclaredWorkload } from '../workload/declared-workload.ts'
import { applyChanges } from '../yaml/apply-changes.ts'
import { openManifest } from '../yaml/open-manifest.ts'
import { planContain } from './plan-contain.ts'

/** The whole new text of a file in which one workload is stopped, or `unchanged`. */
export type ContainedText =
  | { readonly kind: 'edit'; readonly text: string; readonly place: ChangedPlace }
  | { readonly kind: 'unchanged'; readonly place: ChangedPlace }

/** Contains one workload of a text, from opening to the proven result. Ends as `openManifest`, `planContain` and `applyChanges` do. */
export function containAlone(text: string, manifest: DeclaredWorkload): ContainedText {
  const file = openManifest(text, manifest.path)
  const { place, change } = planContain(file, manifest)
  if (change === undefined) return { kind: 'unchanged', place }
  return { kind: 'edit', text: applyChanges(file, [change]).text, place }
}
