import { describe, expect, it } from 'vitest'
import { LoginBackoff } from './login-backoff.ts'

/** A backoff that has seen this many different wrong tokens of one address at time 0. */
function after(count: number, address = 'a'): LoginBackoff {
  const backoff = new LoginBackoff()
  for (let guess = 0; guess < count; guess++) backoff.failed(address, `guess ${guess}`, 0)
  return backoff
}

describe('LoginBackoff', () => {
  it.each([
    [4, 0],
    [5, 1000],
    [6, 2000],
    [8, 8000],
    [50, 60_000],
  ])('has an address wait after %i wrong tokens for %i ms', (count, waitMs) => {
    expect(after(count).waitMs('a', 0)).toBe(waitMs)
  })

  it('lets the address try again when the wait is over', () => {
    const backoff = after(5)

    expect([backoff.waitMs('a', 400), backoff.waitMs('a', 1000)]).toEqual([600, 0])
  })

  it('counts the same wrong token once, however often it comes', () => {
    const backoff = new LoginBackoff()
    for (let times = 0; times < 100; times++) backoff.failed('a', 'an old token', times)

    expect(backoff.waitMs('a', 100)).toBe(0)
  })

  it('leaves other addresses alone, and forgets after a quarter of an hour', () => {
    const backoff = after(50)

    expect([backoff.waitMs('b', 0), backoff.waitMs('a', 15 * 60_000)]).toEqual([0, 0])
  })

  it('remembers a bounded number of addresses', () => {
    const backoff = after(50, 'first')
    for (let address = 0; address < 10_000; address++) backoff.failed(String(address), 'guess', 0)

    expect(backoff.waitMs('first', 0)).toBe(0)
  })
})
