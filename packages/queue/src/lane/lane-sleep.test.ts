import { ResponseError, type ResponseJob } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { isHopeless, isOverdue, sleepMs } from './lane-sleep.ts'

const away = new ResponseError('REPOSITORY_UNAVAILABLE', 'the host is away')
const middle = (): number => 0.5

describe('the sleep of a lane', () => {
  it('doubles from one second to one minute', () => {
    const sleeps = [1, 2, 3, 4, 5, 6, 7, 8, 1000].map((tries) => sleepMs(away, tries, middle))

    expect(sleeps).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
  })

  it('varies by a fifth and stays within a second and a minute', () => {
    const least = [1, 3, 20].map((tries) => sleepMs(away, tries, () => 0))
    const most = [1, 3, 20].map((tries) => sleepMs(away, tries, () => 1))

    expect(least).toEqual([1000, 3200, 48_000])
    expect(most).toEqual([1200, 4800, 60_000])
  })

  it.each([
    [0, 1],
    [0.2, 1],
    [90_000, 90_000],
    [1e12, 7_200_000],
  ])('is as long as the host asks (%d ms), within reason', (retryAfterMs, expected) => {
    const limited = new ResponseError('RATE_LIMITED', 'slow down', { retryAfterMs })

    expect(sleepMs(limited, 1, middle)).toBe(expected)
  })
})

describe('giving up', () => {
  it('does so at once where trying again cannot help', () => {
    expect(isHopeless(new ResponseError('BRANCH_PROTECTED', 'main is protected'), 1)).toBe(true)
  })

  it('tries an unexpected failure ten times', () => {
    const fault = new ResponseError('INTERNAL', 'a fault of ours')

    expect([1, 10, 11].map((tries) => isHopeless(fault, tries))).toEqual([false, false, true])
  })

  it('waits out a host that is away', () => {
    expect(isHopeless(away, 100_000)).toBe(false)
  })

  it('counts an alert as overdue after a day', () => {
    const job = { receivedAt: 0 } as ResponseJob

    expect([86_400_000, 86_400_001].map((now) => isOverdue(job, now))).toEqual([false, true])
  })
})
