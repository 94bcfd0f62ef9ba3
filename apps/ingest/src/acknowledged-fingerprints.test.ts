import { describe, expect, it } from 'vitest'
import { AcknowledgedFingerprints } from './acknowledged-fingerprints.ts'

describe('AcknowledgedFingerprints', () => {
  it('remembers the job of a key for two seconds at most', () => {
    let now = 0
    const acknowledged = new AcknowledgedFingerprints(() => now)
    acknowledged.add('key', 'job', 60_000)

    now = 1999
    const before = acknowledged.jobOf('key')
    now = 2000

    expect([before, acknowledged.jobOf('key')]).toEqual(['job', undefined])
  })

  it('remembers a key no longer than the dedupe window', () => {
    let now = 0
    const acknowledged = new AcknowledgedFingerprints(() => now)
    acknowledged.add('key', 'job', 500)

    now = 499
    const before = acknowledged.jobOf('key')
    now = 500

    expect([before, acknowledged.jobOf('key')]).toEqual(['job', undefined])
  })

  it('lets the one that was acknowledged longest ago go when it is full', () => {
    const acknowledged = new AcknowledgedFingerprints(() => 0, 2)

    for (const key of ['a', 'b', 'a', 'c']) acknowledged.add(key, `job of ${key}`, 1000)

    expect(['a', 'b', 'c'].map((key) => acknowledged.jobOf(key))).toEqual(['job of a', undefined, 'job of c'])
  })

  it('forgets everything when it is cleared', () => {
    const acknowledged = new AcknowledgedFingerprints(() => 0)
    acknowledged.add('key', 'job', 1000)

    acknowledged.clear()

    expect(acknowledged.jobOf('key')).toBeUndefined()
  })
})
