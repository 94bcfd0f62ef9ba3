import { describe, expect, it } from 'vitest'
import { WriteAllowance } from './write-allowance.ts'

function spendMany(allowance: WriteAllowance, count: number, now: number): number[] {
  return Array.from({ length: count }, () => allowance.spend('ops', now))
}

describe('the allowance of writes', () => {
  it('lets 120 through at once, and then names the wait', () => {
    const allowance = new WriteAllowance()

    expect(spendMany(allowance, 121, 1000)).toEqual([...Array.from({ length: 120 }, () => 0), 500])
  })

  it('lets one more through each half second', () => {
    const allowance = new WriteAllowance()
    spendMany(allowance, 120, 1000)

    expect([allowance.spend('ops', 1499), allowance.spend('ops', 1500), allowance.spend('ops', 1501)]).toEqual([
      1, 0, 499,
    ])
  })

  it('is each token’s own', () => {
    const allowance = new WriteAllowance()
    spendMany(allowance, 120, 1000)

    expect(allowance.spend('other', 1000)).toBe(0)
  })
})
