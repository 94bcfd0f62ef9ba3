import { describe, expect, it } from 'vitest'
import { outcomeCode, type Outcome } from './outcome.ts'

describe('outcomeCode', () => {
  it.each<[Outcome, string]>([
    [{ outcome: 'failed', code: 'BRANCH_PROTECTED', message: 'text' }, 'BRANCH_PROTECTED'],
    [{ outcome: 'skipped', reason: 'ProtectedNamespace' }, 'ProtectedNamespace'],
    [{ outcome: 'committed', sha: 'a'.repeat(40) }, ''],
    [{ outcome: 'unchanged', sha: 'a'.repeat(40) }, ''],
    [{ outcome: 'observed', diff: '' }, ''],
  ])('of %j is %j', (outcome, expected) => {
    expect(outcomeCode(outcome)).toBe(expected)
  })
})
