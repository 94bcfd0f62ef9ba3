import { silentLog } from '@saker/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { QuietReporter } from './quiet-reporter.ts'

describe('reporting the same failure over and over', () => {
  let lines: string[]
  let reporter: QuietReporter
  beforeEach(() => {
    vi.useFakeTimers()
    lines = []
    reporter = new QuietReporter({
      ...silentLog,
      warn: (fields, message) => void lines.push(`${message} ${JSON.stringify(fields)}`),
    })
  })
  afterEach(() => vi.useRealTimers())

  it('writes each kind once a minute', () => {
    for (const reason of ['refused', 'refused', 'reset', 'refused']) reporter.warn({ reason }, 'Redis failed')
    expect(lines).toEqual(['Redis failed {"reason":"refused"}', 'Redis failed {"reason":"reset"}'])

    vi.advanceTimersByTime(60_000)
    reporter.warn({ reason: 'refused' }, 'Redis failed')

    expect(lines).toHaveLength(3)
  })

  it('writes it again after a recovery, and knows whether there was anything to recover from', () => {
    const before = reporter.reset()
    reporter.warn({ reason: 'refused' }, 'Redis failed')
    const after = reporter.reset()
    reporter.warn({ reason: 'refused' }, 'Redis failed')

    expect([before, after]).toEqual([false, true])
    expect(lines).toHaveLength(2)
  })

  it('remembers no more than fifty kinds', () => {
    for (let kind = 0; kind < 51; kind++) reporter.warn({ kind }, 'Redis failed')

    reporter.warn({ kind: 50 }, 'Redis failed')
    reporter.warn({ kind: 0 }, 'Redis failed')

    expect(lines).toHaveLength(52)
  })
})
