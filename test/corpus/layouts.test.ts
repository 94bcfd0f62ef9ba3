import { describe, expect, it } from 'vitest'
import { editedFiles, goldenEdits } from '../support/kustomize/case-diff.ts'
import { isKustomizeInstalled } from '../support/kustomize/kustomize.ts'
import { fitsDifference, readLayoutCases } from '../support/kustomize/layout-case.ts'
import { renderWorld } from '../support/kustomize/render-world.ts'
import { brokenRoots, renderedDifference } from '../support/kustomize/rendered-difference.ts'

const TARGETS = readLayoutCases().flatMap((layout) =>
  layout.targets.map((target) => ({ title: `${layout.name}: ${target.name}`, layout, target })),
)

describe.skipIf(!isKustomizeInstalled())('the layouts, by the real kustomize', () => {
  it.each(TARGETS)('$title', async ({ layout, target: { name, expected } }) => {
    const before = await renderWorld(layout.worldWith())
    const edits = goldenEdits(layout, name)
    const after = edits === undefined ? before : await renderWorld(layout.worldWith(editedFiles(layout, edits)))
    const actual = renderedDifference(before, after)
    const wanted = edits === undefined ? [] : (expected.rendered ?? [])

    expect(brokenRoots(before, after)).toEqual([])
    expect({ actual, unexpected: actual.filter((one) => !wanted.some((want) => fitsDifference(want, one))) }).toEqual({
      actual,
      unexpected: [],
    })
    expect(wanted.filter((want) => !actual.some((one) => fitsDifference(want, one)))).toEqual([])
  })
})
