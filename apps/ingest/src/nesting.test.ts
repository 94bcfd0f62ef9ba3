import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { refuseDeepNesting } from './nesting.ts'
import '../../../test/support/fixed-seed.ts'

const nested = (levels: number): string => `${'[{"a":'.repeat(levels / 2)}1${'}]'.repeat(levels / 2)}`

describe('refuseDeepNesting', () => {
  it('lets 64 levels through and refuses more', () => {
    expect(() => refuseDeepNesting(nested(64))).not.toThrow()
    expect(() => refuseDeepNesting(nested(66))).toThrow('the body nests deeper than 64 levels')
  })

  it('counts neither what is in strings nor what is closed again', () => {
    const harmless = JSON.stringify(Array.from({ length: 200 }, () => ({ 'a[{"\\': '[[{{"' })))

    expect(() => refuseDeepNesting(harmless)).not.toThrow()
  })

  it('agrees with a parser about any document', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.integer({ min: 0, max: 70 }), (value, levels) => {
        const text = `${'['.repeat(levels)}${JSON.stringify(value)}${']'.repeat(levels)}`
        const refused = depthOf(JSON.parse(text)) > 64
        let threw = false
        try {
          refuseDeepNesting(text)
        } catch {
          threw = true
        }
        expect(threw).toBe(refused)
      }),
    )
  })
})

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}
