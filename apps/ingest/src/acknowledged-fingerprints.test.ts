import { describe, expect, it } from 'vitest'
import { AcknowledgedFingerprints } from './acknowledged-fingerprints.ts'

describe('AcknowledgedFingerprints', () => {
  it('remembers a key for two seconds at most', () => {
    let now = 0
    const acknowledged = new AcknowledgedFingerprints(() => now)
    acknowledged.add('key', 60_000)

    now = 1999
    const before = acknowledged.has('key')
    now = 2000

    expect([before, acknowledged.has('key')]).toEqual([true, false])
  })

  it('remembers a key no longer than the dedupe window', () => {
    let now = 0
    const acknowledged = new AcknowledgedFingerprints(() => now)
    acknowledged.add('key', 500)

    now = 499
    const before = acknowledged.has('key')
    now = 500

    expect([before, acknowledged.has('key')]).toEqual([true, false])
  })

  it('lets the one that was acknowledged longest ago go when it is full', () => {
    const acknowledged = new AcknowledgedFingerprints(() => 0, 2)

    for (const key of ['a', 'b', 'a', 'c']) acknowledged.add(key, 1000)

    expect(['a', 'b', 'c'].filter((key) => acknowledged.has(key))).toEqual(['a', 'c'])
  })

  it('forgets everything when it is cleared', () => {
    const acknowledged = new AcknowledgedFingerprints(() => 0)
    acknowledged.add('key', 1000)

    acknowledged.clear()

    expect(acknowledged.has('key')).toBe(false)
  })
})
