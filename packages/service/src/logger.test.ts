import { ResponseError, Secret } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { createLogger } from './logger.ts'

function lines(): { written: Record<string, unknown>[]; stream: { write(text: string): void } } {
  const written: Record<string, unknown>[] = []
  return { written, stream: { write: (text) => void written.push(JSON.parse(text) as Record<string, unknown>) } }
}

describe('createLogger', () => {
  it('writes code, message and cause of an error, and nothing else that hangs on it', () => {
    const { written, stream } = lines()
    const cause = Object.assign(new Error('401'), { request: { headers: { authorization: 'token abc' } } })

    createLogger('info', stream).error(
      { err: new ResponseError('CREDENTIAL_INVALID', 'refused', { cause }) },
      'commit failed',
    )

    expect(written).toEqual([
      expect.objectContaining({
        msg: 'commit failed',
        err: { code: 'CREDENTIAL_INVALID', message: 'refused', cause: { name: 'Error', message: '401' } },
      }),
    ])
  })

  it('never writes a secret', () => {
    const { written, stream } = lines()

    createLogger('info', stream).info({ token: new Secret('abc123') }, 'started')

    expect(JSON.stringify(written)).not.toContain('abc123')
  })
})
