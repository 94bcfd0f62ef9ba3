import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { alert, BINARY_HEADERS, EVENT, ingestUnderTest } from './ingest-harness.ts'
import '../support/fixed-seed.ts'

const CONTENT_TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'application/cloudevents+json',
  'application/cloudevents-batch+json',
] as const

/** What is mostly as it has to be, and else anything. */
function mostly(right: unknown): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 9, arbitrary: fc.constant(right) }, { weight: 1, arbitrary: fc.jsonValue() })
}

/** Alerts in which any part may be anything, so that many of them come far before they are refused. */
const almostAlert = fc
  .record(
    {
      rule: mostly('Terminal shell in container'),
      priority: mostly('Notice'),
      time: mostly('2021-10-01T19:35:58Z'),
      source: mostly('syscall'),
      tags: mostly(['shell']),
      output_fields: fc.oneof(
        fc.dictionary(
          fc.constantFrom('k8s.ns.name', 'k8s.pod.name', 'container.name', 'ka.target.resource', '__proto__'),
          mostly('web-0'),
        ),
        fc.jsonValue(),
      ),
    },
    { requiredKeys: [] },
  )
  .map((parts) => ({ ...alert(), ...parts }))

const almostEvent = fc
  .record(
    { data: fc.oneof(almostAlert, fc.jsonValue()), data_base64: fc.jsonValue(), type: fc.jsonValue() },
    { requiredKeys: [] },
  )
  .map((parts) => ({ ...EVENT, ...parts }))

const body = fc.oneof(
  fc.json(),
  almostAlert.map((value) => JSON.stringify(value)),
  almostEvent.map((value) => JSON.stringify(value)),
  fc.array(fc.oneof(almostEvent, fc.jsonValue()), { maxLength: 4 }).map((value) => JSON.stringify(value)),
)

const ANSWERS: Readonly<Record<number, readonly string[]>> = {
  202: ['accepted', 'duplicate'],
  204: ['ignored'],
  400: ['refused'],
}

/** An alert that is right but for a part of it that nests without reason. */
const DEEP_ALERT = JSON.stringify(alert()).replace('{', `{"x":${'['.repeat(400_000)}${']'.repeat(400_000)},`)

describe('whatever is sent', () => {
  it('as JSON, the answer is 202, 204 or 400, and what is stored is said to be', async () => {
    const { app, sink } = ingestUnderTest()
    const seen = new Set<number>()

    await fc.assert(
      fc.asyncProperty(body, fc.constantFrom(...CONTENT_TYPES), fc.boolean(), async (payload, contentType, binary) => {
        const before = sink.offers.length
        const headers = { ...(binary ? BINARY_HEADERS : {}), 'content-type': contentType }
        const answer = await app.inject({ method: 'POST', url: '/', headers, payload })
        seen.add(answer.statusCode)
        expect(ANSWERS[answer.statusCode]).toContain(answer.headers['saker-result'])
        expect(answer.statusCode === 202 || sink.offers.length === before).toBe(true)
      }),
      { numRuns: 1500 },
    )

    expect(seen).toEqual(new Set([202, 204, 400]))
  })

  it('as bytes, with or without gzip, the answer is 400', async () => {
    const { app, sink } = ingestUnderTest()

    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom(...CONTENT_TYPES),
        fc.constantFrom('none', 'claimed', 'real'),
        async (bytes, contentType, gzip) => {
          const payload = gzip === 'real' ? gzipSync(bytes) : Buffer.from(bytes)
          const headers = { 'content-type': contentType, ...(gzip === 'none' ? {} : { 'content-encoding': 'gzip' }) }
          const answer = await app.inject({ method: 'POST', url: '/', headers, payload })
          // 204: two bytes may happen to be "[]", a batch without events.
          expect([400, 204]).toContain(answer.statusCode)
        },
      ),
      { numRuns: 500 },
    )

    expect(sink.offers).toEqual([])
  })

  it('as headers, there is an answer from the documented set', async () => {
    const { app } = ingestUnderTest()
    const header = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) })

    await fc.assert(
      fc.asyncProperty(
        fc.record(
          {
            'content-type': fc.oneof(fc.constantFrom(...CONTENT_TYPES), header),
            'content-encoding': fc.oneof(fc.constantFrom('gzip', 'identity'), header),
            authorization: header,
            'ce-type': header,
            'user-agent': header,
          },
          { requiredKeys: [] },
        ),
        fc.webPath().map((path) => path || '/'),
        async (headers, url) => {
          const answer = await app.inject({ method: 'POST', url, headers, payload: JSON.stringify(alert()) })
          expect([202, 400, 404, 415]).toContain(answer.statusCode)
        },
      ),
      { numRuns: 500 },
    )
  })

  it.each([
    ['brackets', '['.repeat(1_000_000)],
    ['objects', '{"a":'.repeat(200_000)],
    [
      'brackets in an event',
      `{"id":"1","source":"s","specversion":"1.0","type":"${EVENT.type}","data":${'['.repeat(500_000)}${']'.repeat(400_000)}}`,
    ],
    [
      'a string of brackets in an event',
      JSON.stringify({ ...EVENT, data: `{"rule":${'['.repeat(400_000)}${']'.repeat(400_000)}}` }),
    ],
    ['brackets in an alert', DEEP_ALERT],
    ['brackets in an alert that is a string in an event', JSON.stringify({ ...EVENT, data: DEEP_ALERT })],
    ['backslashes', `"${'\\'.repeat(1_000_000)}`],
    ['keys', `{${Array.from({ length: 80_000 }, (_, at) => `"k${at}":1`).join(',')}}`],
    ['one number', '9'.repeat(1_000_000)],
  ])('as a mebibyte of %s, the answer is a quick 400', async (_what, payload) => {
    const { app } = ingestUnderTest()
    const from = performance.now()

    const answers = await Promise.all(
      CONTENT_TYPES.map((contentType) =>
        app.inject({ method: 'POST', url: '/', headers: { 'content-type': contentType }, payload }),
      ),
    )

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([400, 400, 400, 400])
    expect(performance.now() - from).toBeLessThan(5000)
  })

  it('as a bomb of gzip, the answer is 413 and it is never unpacked', async () => {
    const { app } = ingestUnderTest()
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024, ' '))
    const before = process.memoryUsage().rss

    const answer = await app.inject({
      method: 'POST',
      url: '/',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      payload: bomb,
    })

    expect(answer.statusCode).toBe(413)
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024)
  })
})
