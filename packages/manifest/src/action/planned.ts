import { ResponseError } from '@saker/core'
import type { BuiltObject, FileEdit, Layout } from '../layout/layout-model.ts'
import type { ActionPlan } from './action-plan.ts'
import { placesOf } from './changed-places.ts'
import type { Progress } from './progress.ts'
import { stepsIn, type WantedStep } from './wanted.ts'

/** What a plan is made of beside its edits. */
export interface PlanParts {
  readonly object: BuiltObject
  /** Fields that the actions speak of, for a plan without edits. */
  readonly fields: readonly (readonly WantedStep[])[]
  readonly warnings: readonly string[]
}

/** The plan that comes of the steps: every file once, as it is to be at last. Ends in `EDIT_UNPROVEN` when they span repositories. */
export function planOf(before: Layout, { layout, steps }: Progress, parts: PlanParts): ActionPlan {
  const warnings = [...new Set(parts.warnings)]
  const [first] = steps
  if (first === undefined) return { kind: 'unchanged', places: fieldPlaces(before, parts), warnings }
  const edits = lastOf(steps.flatMap(({ files }) => files))
  refuseSeveral(edits)
  const { repository } = edits[0] ?? { repository: '' }
  const { layer: kind, path } = first.candidate
  const consumers = before.rootsReading({ repository, path }).length
  return {
    kind: 'edits',
    edits,
    layout,
    places: steps.flatMap(({ places }) => places),
    warnings,
    layer: { kind, path, consumers: Math.max(consumers, 1) },
  }
}

function lastOf(files: readonly FileEdit[]): readonly FileEdit[] {
  const byPlace = new Map(files.map((file) => [`${file.repository} ${file.path}`, file]))
  return [...byPlace.values()]
}

/** A plan lies in one repository: a commit cannot span two. */
function refuseSeveral(edits: readonly FileEdit[]): void {
  const names = [...new Set(edits.map(({ repository }) => repository))].toSorted()
  if (names.length <= 1) return
  throw new ResponseError('EDIT_UNPROVEN', `the edit would lie in several repositories: ${names.join(', ')}`, {
    details: { candidates: names },
  })
}

function fieldPlaces(layout: Layout, { object, fields }: PlanParts): ActionPlan['places'] {
  const { origin } = object
  if ('remote' in origin) return []
  const { repository, path, documentIndex } = origin
  const value = object.value()
  const changes = fields.flatMap((at) => {
    const steps = stepsIn(value, at)
    return steps === undefined
      ? []
      : [{ op: 'set' as const, at: { documentIndex, steps: [...origin.steps, ...steps] }, value: null }]
  })
  return placesOf(layout, [{ repository, path, changes }])
}
