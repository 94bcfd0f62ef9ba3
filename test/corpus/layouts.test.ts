import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { caseDiff, editedFiles, goldenPath } from '../support/kustomize/case-diff.ts'
import { isKustomizeInstalled } from '../support/kustomize/kustomize.ts'
import {
  fitsDifference,
  readLayoutCases,
  type CaseTarget,
  type Expected,
  type LayoutCase,
} from '../support/kustomize/layout-case.ts'
import { actionsOf, layoutOfCase, planTarget, type PlanEnd } from '../support/kustomize/plan-target.ts'
import { sightingOf } from '../support/kustomize/pod-of.ts'
import { renderWorld } from '../support/kustomize/render-world.ts'
import { brokenRoots, renderedDifference } from '../support/kustomize/rendered-difference.ts'
import { renderingFaults } from '../support/kustomize/rendering-faults.ts'
import type { RepositoryFiles } from '../support/kustomize/repository-files.ts'

const CASES = readLayoutCases()
const UPDATES_GOLDENS = process.env['SAKER_UPDATE_GOLDENS'] === '1'

const TARGETS = CASES.flatMap((layout) =>
  layout.targets.map((target) => ({ title: `${layout.name}: ${target.name}`, layout, target })),
)
const EDITED = TARGETS.filter(({ target: { expected } }) => expected.rendered !== undefined)
const OTHERS = TARGETS.filter(({ target: { expected } }) => expected.rendered === undefined)

function planOn(layout: LayoutCase, target: CaseTarget, files?: ReadonlyMap<string, RepositoryFiles>): PlanEnd {
  const clusters = layout.repositories.flatMap((one) => Object.keys(one.clusters ?? {}))
  const actions = actionsOf(target.actions)
  return planTarget(layoutOfCase(layout, files), {
    cluster: target.cluster ?? clusters[0] ?? '',
    sighting: sightingOf(target),
    actions,
  })
}

/** The end as the case file would say it; of edits what it says of them. */
function endAsExpected(end: PlanEnd, expected: Expected): unknown {
  if (end.kind === 'refused') return { refused: end.error.code, message: end.error.message }
  if (end.kind === 'unchanged') return { unchanged: true }
  const { layer, warnings } = end.plan
  return {
    ...(expected.layer === undefined ? {} : { layer: layer.kind }),
    ...(expected.consumers === undefined ? {} : { consumers: layer.consumers }),
    ...(expected.warnings === undefined ? {} : { warnings }),
  }
}

function matcherOf({ layer, consumers, warnings, refused, message, unchanged }: Expected): unknown {
  if (unchanged === true) return { unchanged: true }
  if (refused !== undefined) {
    const codes = [refused].flat()
    return {
      refused: expect.stringMatching(new RegExp(`^(?:${codes.join('|')})$`, 'u')),
      message: expect.stringContaining(message ?? ''),
    }
  }
  return {
    ...(layer === undefined ? {} : { layer }),
    ...(consumers === undefined ? {} : { consumers }),
    ...(warnings === undefined
      ? {}
      : { warnings: expect.arrayContaining(warnings.map((one) => expect.stringContaining(one))) }),
  }
}

function expectGolden(path: string, diff: string): void {
  if (UPDATES_GOLDENS) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, diff)
  }
  expect(diff).toBe(existsSync(path) ? readFileSync(path, 'utf8') : 'no golden yet: see CONTRIBUTING.md')
}

describe('plans on the layouts', () => {
  it.each(OTHERS)('$title', ({ layout, target }) => {
    const end = planOn(layout, target)

    expect(endAsExpected(end, target.expected)).toEqual(matcherOf(target.expected))
    if (end.kind !== 'refused' && target.workload !== undefined) expect(end.title).toBe(target.workload)
    if (UPDATES_GOLDENS) rmSync(goldenPath(layout, target.name), { force: true })
    expect(existsSync(goldenPath(layout, target.name))).toBe(false)
  })
})

describe.skipIf(!isKustomizeInstalled())('edits of the layouts, by the real kustomize', () => {
  it.each(EDITED)('$title', async ({ layout, target }) => {
    const end = planOn(layout, target)

    expect(endAsExpected(end, target.expected)).toEqual(matcherOf(target.expected))
    expect(end.title).toBe(target.workload)
    const edits = end.kind === 'edits' ? end.edits : new Map<string, Map<string, string | null>>()
    const files = editedFiles(layout, edits)
    const [before, after] = [await renderWorld(layout.worldWith()), await renderWorld(layout.worldWith(files))]
    expectDifference(renderedDifference(before, after), target.expected)
    expect(brokenRoots(before, after)).toEqual([])
    expectGolden(goldenPath(layout, target.name), caseDiff(layout, edits))
    expectAgain(planOn(layout, target, files), target)
  })

  it.each(CASES)('renders $name as kustomize does', async (layout) => {
    const faults = renderingFaults(layoutOfCase(layout), await renderWorld(layout.worldWith()))

    expect(faults).toEqual([])
  })
})

function expectDifference(actual: ReturnType<typeof renderedDifference>, { rendered = [] }: Expected): void {
  const unexpected = actual.filter((one) => !rendered.some((want) => fitsDifference(want, one)))
  const missing = rendered.filter((want) => !actual.some((one) => fitsDifference(want, one)))

  expect({ unexpected, missing }).toEqual({ unexpected: [], missing: [] })
}

/** Once is enough; a bare Pod that is out of Git is not there any more, or another workload is all that is left of its name. */
function expectAgain(again: PlanEnd, { workload }: CaseTarget): void {
  const isGone = workload?.split('/')[1] === 'Pod' && again.kind === 'refused'

  if (!isGone) expect(again.kind).toBe('unchanged')
  else expect(again.error.code).toMatch(/^WORKLOAD_(?:NOT_FOUND|AMBIGUOUS)$/u)
}
