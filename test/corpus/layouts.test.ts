import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { caseDiff, editedFiles, goldenPath } from '../support/kustomize/case-diff.ts'
import { faultsOf, repeatFaults } from '../support/kustomize/expected-end.ts'
import { isKustomizeInstalled } from '../support/kustomize/kustomize.ts'
import { fitsDifference, readLayoutCases, type CaseTarget, type LayoutCase } from '../support/kustomize/layout-case.ts'
import { actionsOf, layoutOfCase, planTarget, type PlanEnd } from '../support/kustomize/plan-target.ts'
import { sightingOf } from '../support/kustomize/pod-of.ts'
import { renderWorld } from '../support/kustomize/render-world.ts'
import { brokenRoots, renderedDifference } from '../support/kustomize/rendered-difference.ts'
import { renderingFaults } from '../support/kustomize/rendering-faults.ts'
import type { RepositoryFiles } from '../support/kustomize/repository-files.ts'
import { undoFaults } from '../support/kustomize/undo-plan.ts'

/**
 * Repositories as people lay them out. What each target is to come to stands in `case.yaml`, written before the code: a
 * refusal with its reason, or the difference between what the real kustomize renders before and after. CONTRIBUTING.md
 * says how to add one.
 */

const CASES = readLayoutCases()
const TARGETS = CASES.flatMap((layout) =>
  layout.targets.map((target) => ({ title: `${layout.name}: ${target.name}`, layout, target })),
)
const EDITED = TARGETS.filter(({ target: { expected } }) => expected.rendered !== undefined)
const OTHERS = TARGETS.filter(({ target: { expected } }) => expected.rendered === undefined)

function planOn(layout: LayoutCase, target: CaseTarget, files?: ReadonlyMap<string, RepositoryFiles>): PlanEnd {
  const clusters = layout.repositories.flatMap((one) => Object.keys(one.clusters ?? {}))
  return planTarget(layoutOfCase(layout, files), {
    cluster: target.cluster ?? clusters[0] ?? '',
    sighting: sightingOf(target),
    actions: actionsOf(target.actions),
  })
}

/** The golden diff of a target; written anew first where that is asked for. Empty where there is none. */
function goldenDiff(path: string, diff: string): string {
  if (process.env['SAKER_UPDATE_GOLDENS'] === '1') {
    mkdirSync(dirname(path), { recursive: true })
    if (diff === '') rmSync(path, { force: true })
    else writeFileSync(path, diff)
  }
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

describe('plans on the layouts', () => {
  it.each(OTHERS)('$title', ({ layout, target }) => {
    const end = planOn(layout, target)

    expect(faultsOf(end, target)).toEqual([])
    expect(goldenDiff(goldenPath(layout, target.name), '')).toBe('')
  })
})

describe.skipIf(!isKustomizeInstalled())('edits of the layouts, by the real kustomize', () => {
  it.each(EDITED)('$title', async ({ layout, target }) => {
    const end = planOn(layout, target)
    const edits = end.kind === 'edits' ? end.edits : new Map<string, Map<string, string | null>>()
    const files = editedFiles(layout, edits)
    const before = await renderWorld(layout.worldWith())
    const after = await renderWorld(layout.worldWith(files))
    const actual = renderedDifference(before, after)
    const wanted = target.expected.rendered ?? []
    const diff = caseDiff(layout, edits)

    expect(faultsOf(end, target)).toEqual([])
    expect({
      unexpected: actual.filter((one) => !wanted.some((want) => fitsDifference(want, one))),
      missing: wanted.filter((want) => !actual.some((one) => fitsDifference(want, one))),
    }).toEqual({ unexpected: [], missing: [] })
    expect(brokenRoots(before, after)).toEqual([])
    expect(repeatFaults(planOn(layout, target, files), target)).toEqual([])
    expect(end.kind === 'edits' ? undoFaults(end.plan, editedFiles(layout, new Map()), files) : []).toEqual([])
    expect(diff).toBe(goldenDiff(goldenPath(layout, target.name), diff))
  })

  it.each(CASES)('renders $name as kustomize does', async (layout) => {
    const faults = renderingFaults(layoutOfCase(layout), await renderWorld(layout.worldWith()))

    expect(faults).toEqual([])
  })
})
