import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Response } from '../response/response.ts'
import { deliveryFingerprintOf, fingerprintOf, newResponseId, responseTimeOf, ResponseJob } from './response-job.ts'
import '../../../../test/support/fixed-seed.ts'

const response: Response = { name: 'contain', match: {}, actions: [{ action: 'contain' }], continue: false }
const sighting = { namespace: 'shop', podName: 'web-77789455d6-m7flp' }

describe('newResponseId', () => {
  it('is eighteen letters and digits that stand in a commit line, a job id and a command as they are', () => {
    expect(newResponseId(1_790_000_000_000)).toMatch(/^[0-9a-hjkmnp-tv-z]{18}$/u)
  })

  it('sorts by age', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 45 }), fc.integer({ min: 1, max: 2 ** 40 }), (earlier, gap) => {
        expect(newResponseId(earlier) < newResponseId(earlier + gap)).toBe(true)
      }),
    )
  })

  it('tells when it was made', () => {
    expect(responseTimeOf(newResponseId(1_790_000_000_123))).toBe(1_790_000_000_123)
  })

  it('never repeats within one millisecond', () => {
    const ids = new Set(Array.from({ length: 5000 }, () => newResponseId(1_790_000_000_000)))

    expect(ids.size).toBe(5000)
  })
})

describe('fingerprintOf', () => {
  const fingerprint = fingerprintOf('prod', sighting, response)

  it('is the same for another pod of the same Deployment', () => {
    expect(fingerprintOf('prod', { ...sighting, podName: 'web-5bdbf8c8f5-g8gvc' }, response)).toBe(fingerprint)
  })

  it.each([
    ['cluster', fingerprintOf('staging', sighting, response)],
    ['namespace', fingerprintOf('prod', { ...sighting, namespace: 'bank' }, response)],
    ['missing namespace', fingerprintOf('prod', { podName: sighting.podName }, response)],
    ['workload', fingerprintOf('prod', { ...sighting, podName: 'api-77789455d6-m7flp' }, response)],
    ['shape of name', fingerprintOf('prod', { ...sighting, podName: 'web-0' }, response)],
    ['response', fingerprintOf('prod', sighting, { ...response, name: 'other' })],
    ['digest of the response', fingerprintOf('prod', sighting, { ...response, delivery: 'observe' })],
  ])('differs with another %s', (_, other) => {
    expect(other).not.toBe(fingerprint)
  })

  it('holds no character that Redis keys or job ids give a meaning to', () => {
    expect(fingerprint).toMatch(/^[\w-]{27}$/u)
  })
})

describe('deliveryFingerprintOf', () => {
  const alert = '{"uuid":"a","rule":"R","output_fields":{"x":1,"evt.time":1685022245478445995},"tags":["b","a"]}'
  const fingerprint = deliveryFingerprintOf('prod', response, alert)

  it.each([
    ['another uuid', alert.replace('"a"', '"b"')],
    ['no uuid', alert.replace('"uuid":"a",', '')],
    ['other white space', alert.replaceAll(',', ' ,\n ')],
    [
      'another order of keys',
      '{"output_fields":{"evt.time":1685022245478445995,"x":1},"tags":["b","a"],"rule":"R","uuid":"c"}',
    ],
  ])('is the same with %s', (_, other) => {
    expect(deliveryFingerprintOf('prod', response, other)).toBe(fingerprint)
  })

  it.each([
    ['cluster', deliveryFingerprintOf('staging', response, alert)],
    ['response', deliveryFingerprintOf('prod', { ...response, name: 'other' }, alert)],
    ['time, however little later', deliveryFingerprintOf('prod', response, alert.replace('445995', '445996'))],
    ['order of tags', deliveryFingerprintOf('prod', response, alert.replace('["b","a"]', '["a","b"]'))],
    ['uuid inside its fields', deliveryFingerprintOf('prod', response, alert.replace('"x":1', '"x":1,"uuid":"a"'))],
  ])('differs with another %s', (_, other) => {
    expect(other).not.toBe(fingerprint)
  })
})

describe('ResponseJob', () => {
  const job: ResponseJob = {
    version: 1,
    id: newResponseId(0),
    response: 'contain',
    cluster: 'prod',
    sighting,
    alert: '{"evt.time":1685022245478445995}',
    receivedAt: 1_790_000_000_000,
    fingerprint: fingerprintOf('prod', sighting, response),
  }

  it('survives the journey through Redis', () => {
    expect(ResponseJob.parse(JSON.parse(JSON.stringify(job)))).toEqual(job)
  })

  it('refuses a job of a version it does not know', () => {
    expect(ResponseJob.safeParse({ ...job, version: 2 }).success).toBe(false)
  })
})
