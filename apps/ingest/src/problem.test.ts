import { ResponseError } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { problemOf, requestErrorOf, retryAfterSeconds } from './problem.ts'

describe('problemOf', () => {
  it('calls an error that no request may end in an internal one', () => {
    const problem = problemOf(new ResponseError('BRANCH_MOVED', 'main of acme/secret moved'))

    expect(problem).toMatchObject({ status: 500, code: 'INTERNAL', detail: expect.not.stringContaining('acme') })
  })
})

describe('requestErrorOf', () => {
  it.each([
    [Object.assign(new Error('x'), { code: 'FST_ERR_BAD_URL', statusCode: 400 }), 'ROUTE_UNKNOWN'],
    [
      Object.assign(new Error('x'), { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', statusCode: 415 }),
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    [Object.assign(new Error('x'), { code: 'FST_ERR_OTHER', statusCode: 400 }), 'ALERT_MALFORMED'],
    [Object.assign(new Error('x'), { code: 'toString' }), 'INTERNAL'],
    [new ResponseError('SHUTTING_DOWN', 'x'), 'SHUTTING_DOWN'],
    ['not even an error', 'INTERNAL'],
  ])('turns %s into %s', (thrown, code) => {
    expect(requestErrorOf(thrown).code).toBe(code)
  })
})

describe('retryAfterSeconds', () => {
  it.each([
    [undefined, 1],
    [0, 1],
    [2001, 3],
    [3_600_000, 5],
  ])('makes whole seconds from 1 to 5 of %s milliseconds', (retryAfterMs, expected) => {
    const error = new ResponseError('QUEUE_UNAVAILABLE', 'x', retryAfterMs === undefined ? {} : { retryAfterMs })

    expect(retryAfterSeconds(error)).toBe(expected)
  })
})
