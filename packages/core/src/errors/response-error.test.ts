import { describe, expect, it } from 'vitest'
import { ERROR_CODES, type ErrorCode } from './error-codes.ts'
import { asResponseError, ResponseError } from './response-error.ts'

describe('ResponseError', () => {
  it.each(Object.keys(ERROR_CODES) as ErrorCode[])('takes from the table whether %s is tried again', (code) => {
    expect(new ResponseError(code, 'text').retryable).toBe(ERROR_CODES[code].retryable)
  })

  it('keeps its cause, the wait it was told of and identifiers', () => {
    const cause = new Error('429')

    const error = new ResponseError('RATE_LIMITED', 'slow down', {
      cause,
      retryAfterMs: 1500,
      details: { resource: 'core' },
    })

    expect(error).toMatchObject({ cause, retryAfterMs: 1500, details: { resource: 'core' } })
  })

  it('has no cause at all when none was given', () => {
    expect(Object.hasOwn(new ResponseError('INTERNAL', 'text'), 'cause')).toBe(false)
  })
})

describe('asResponseError', () => {
  it('leaves a ResponseError as it is', () => {
    const error = new ResponseError('BRANCH_MOVED', 'somebody was faster')

    expect(asResponseError(error)).toBe(error)
  })

  it.each([
    ['an error', new TypeError('x is not a function'), 'x is not a function'],
    ['text', 'lost', 'lost'],
    ['nothing', undefined, 'undefined'],
  ])('makes %s an INTERNAL error, tried again, with its cause kept', (_, thrown, message) => {
    const error = asResponseError(thrown)

    expect(error).toMatchObject({ code: 'INTERNAL', retryable: true, message })
    expect(error.cause).toBe(thrown)
  })
})
