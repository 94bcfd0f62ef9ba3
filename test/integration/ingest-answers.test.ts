import { gzipSync } from 'node:zlib'
import { ResponseError } from '@saker/core'
import { describe, expect, it } from 'vitest'
import {
  alert,
  BINARY_HEADERS,
  configOf,
  contain,
  EVENT,
  ingestUnderTest,
  token,
  type IngestUnderTest,
} from './ingest-harness.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const BATCH_TYPE = { 'content-type': 'application/cloudevents-batch+json' }

interface Sent {
  readonly method?: 'POST' | 'PUT' | 'GET' | 'HEAD' | 'OPTIONS' | 'DELETE' | 'PATCH'
  readonly url?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly payload?: string | Buffer
}

async function send({ app }: IngestUnderTest, sent: Sent = {}) {
  const { method = 'POST', url = '/', headers = JSON_TYPE, payload = JSON.stringify(alert()) } = sent
  return app.inject({ method, url, headers, payload })
}

function event(data: unknown, parts: Readonly<Record<string, unknown>> = {}): object {
  return { ...EVENT, data, ...parts }
}

describe('202 and 204', () => {
  it('says accepted with an empty body once the job is stored', async () => {
    const ingest = ingestUnderTest()

    const answer = await send(ingest)

    expect(answer.statusCode).toBe(202)
    expect(answer.headers).toMatchObject({ 'saker-result': 'accepted', 'content-length': '0' })
    expect(answer.body).toBe('')
    expect(ingest.sink.jobs).toEqual([
      {
        version: 1,
        id: expect.stringMatching(/^[0-9a-z]{18}$/u),
        response: 'contain',
        cluster: 'prod',
        sighting: { namespace: 'default', podName: 'web-77789455d6-m7flp' },
        alert: JSON.stringify(alert()),
        receivedAt: Date.UTC(2026, 7, 20, 16, 23, 1),
        fingerprint: expect.stringMatching(/^[\w-]{27}$/u),
      },
    ])
    expect(ingest.sink.offers[0]?.windowMs).toBe(60_000)
  })

  it('says duplicate when the store merges the job', async () => {
    const ingest = ingestUnderTest()
    await send(ingest)
    ingest.advance(10_000)

    const answer = await send(ingest)

    expect([answer.statusCode, answer.headers['saker-result']]).toEqual([202, 'duplicate'])
    expect(ingest.sink.offers).toHaveLength(2)
    expect(ingest.observations.at(-1)).toEqual({ cluster: 'prod', format: 'falco', result: 'duplicate', reason: '' })
  })

  it.each([
    ['NoResponse', { rule: 'Something else' }],
    ['NoWorkload', { output_fields: { 'container.id': 'host' } }],
    ['NoWorkload', { output_fields: null }],
    ['TestAlert', { rule: 'Test rule', source: 'internal' }],
    ['FalcoInternal', { rule: 'Falco internal: metrics snapshot', source: 'internal', priority: 'Critical' }],
  ])('says ignored with 204 for %s and stores nothing', async (reason, parts) => {
    const responses = [contain({ match: { alertRules: ['Terminal*', 'Test*', 'Falco*'] } })]
    const ingest = ingestUnderTest({ config: configOf({ responses }) })

    const answer = await send(ingest, { payload: JSON.stringify(alert(parts)) })

    expect([answer.statusCode, answer.headers['saker-result'], answer.body]).toEqual([204, 'ignored', ''])
    expect(ingest.sink.offers).toEqual([])
    expect(ingest.observations).toEqual([{ cluster: 'prod', format: 'falco', result: 'ignored', reason }])
  })

  it('makes one job for each response that answers, in the lane of its delivery', async () => {
    const responses = [
      contain({ name: 'watch', delivery: 'observe', continue: true }),
      contain({ name: 'other', match: { namespaces: { in: ['kube-*'] } } }),
      contain({ name: 'act' }),
      contain({ name: 'never' }),
    ]
    const ingest = ingestUnderTest({ config: configOf({ responses }) })

    await send(ingest)

    expect(ingest.sink.offers.map(({ lane, jobName }) => [lane.delivery, jobName])).toEqual([
      ['observe', 'watch default/web-77789455d6-m7flp'],
      ['commit', 'act default/web-77789455d6-m7flp'],
    ])
  })

  it('puts a response for a cluster of several repositories into the lane of the first', async () => {
    const repositories = ['platform', 'shop'].map((name) => [
      name,
      { git: { url: `file:///srv/git/${name}.git` }, delivery: 'commit', clusters: { prod: {} } },
    ])
    const ingest = ingestUnderTest({ config: configOf({ repositories: Object.fromEntries(repositories) }) })

    const answer = await send(ingest)

    expect(answer.statusCode).toBe(202)
    expect(ingest.sink.offers.map(({ lane }) => lane.repository)).toEqual(['platform'])
  })

  it('puts everything into lanes that only observe in a dry run', async () => {
    const ingest = ingestUnderTest({ dryRun: true })

    await send(ingest)

    expect(ingest.sink.offers[0]?.lane).toMatchObject({ repository: 'fleet', delivery: 'observe' })
  })

  it('answers an empty batch with ignored', async () => {
    const ingest = ingestUnderTest()

    const answer = await send(ingest, { headers: BATCH_TYPE, payload: '[]' })

    expect([answer.statusCode, answer.headers['saker-result']]).toEqual([204, 'ignored'])
    expect(ingest.observations).toEqual([])
  })

  it('lets duplicate speak for a batch in which nothing is new', async () => {
    const ingest = ingestUnderTest()
    await send(ingest)

    const answer = await send(ingest, {
      headers: BATCH_TYPE,
      payload: JSON.stringify([event(alert({ rule: 'Test rule' })), event(alert())]),
    })

    expect([answer.statusCode, answer.headers['saker-result']]).toEqual([202, 'duplicate'])
  })
})

describe('CloudEvents', () => {
  it.each([
    [
      'Falcosidekick 2.24',
      { 'ce-source': 'falco.org', 'ce-priority': 'Notice', 'ce-rule': 'Terminal shell in container' },
    ],
    ['Falcosidekick 2.25', { 'ce-source': 'syscall' }],
    ['Falcosidekick 2.29, with an extension whose name is invalid', { 'ce-event_source': 'syscall' }],
    [
      'Falcosidekick 2.32',
      { 'ce-eventsource': 'syscall', 'ce-hostname': 'node-1', 'ce-time': '2026-08-20T16:23:00.782994107Z' },
    ],
    ['a sender that forgets the version', { 'ce-specversion': '' }],
    ['a sender that writes a charset', { 'content-type': 'Application/JSON; Charset="UTF-8"' }],
  ])('takes what %s sends in binary mode', async (_sender, headers) => {
    const ingest = ingestUnderTest()

    const answer = await send(ingest, { headers: { ...BINARY_HEADERS, ...headers } })

    expect(answer.statusCode).toBe(202)
    expect(ingest.observations[0]?.format).toBe('cloudevents-binary')
  })

  it('refuses binary mode of another version of the specification', async () => {
    const ingest = ingestUnderTest()

    const answer = await send(ingest, { headers: { ...BINARY_HEADERS, 'ce-specversion': '0.3' } })

    expect([answer.statusCode, answer.json()]).toEqual([400, expect.objectContaining({ code: 'ALERT_MALFORMED' })])
    expect(ingest.sink.jobs).toEqual([])
  })

  it.each([
    ['as an object', event(alert())],
    ['as a JSON string', event(JSON.stringify(alert()))],
    ['in base64', { ...EVENT, data_base64: Buffer.from(JSON.stringify(alert())).toString('base64') }],
    ['beside an extension whose name is invalid', event(alert(), { event_source: 'syscall' })],
    ['beside a time that is none', event(alert(), { time: '2023-05-10T14:09:24.609046Z+2' })],
  ])('takes a structured event with its alert %s', async (_how, payload) => {
    const ingest = ingestUnderTest()

    const answer = await send(ingest, {
      headers: { 'content-type': 'application/cloudevents+json' },
      payload: JSON.stringify(payload),
    })

    expect(answer.statusCode).toBe(202)
    expect(JSON.parse(ingest.sink.jobs[0]?.alert ?? '')).toEqual(alert())
  })

  it.each([
    ['another type', event(alert(), { type: 'com.example.other' }), 'falco.rule.output.v1'],
    ['no source', event(alert(), { source: undefined }), 'lacks a valid id, source or type'],
    ['a version that is not 1.0', event(alert(), { specversion: '0.3' }), 'specversion 1.0'],
    ['no data', { ...EVENT }, 'no alert as its data'],
    ['a number as its data', event(5), 'no alert as its data'],
    ['data twice', event(alert(), { data_base64: 'e30=' }), 'both data and data_base64'],
    ['base64 that is no text', { ...EVENT, data_base64: '/////w==' }, 'data_base64'],
    ['base64 that is a number', { ...EVENT, data_base64: 5 }, 'not valid JSON'],
    ['data that is no alert', event({ rule: 5 }), 'not a Falco alert'],
  ])('refuses a structured event with %s', async (_what, payload, detail) => {
    const ingest = ingestUnderTest()

    const answer = await send(ingest, {
      headers: { 'content-type': 'application/cloudevents+json' },
      payload: JSON.stringify(payload),
    })

    expect(answer.statusCode).toBe(400)
    expect(answer.json()).toMatchObject({ code: 'ALERT_MALFORMED', detail: expect.stringContaining(detail) })
  })

  it('refuses a binary event of another type', async () => {
    const answer = await send(ingestUnderTest(), { headers: { ...BINARY_HEADERS, 'ce-type': 'other' } })

    expect(answer.statusCode).toBe(400)
    expect(answer.json()).toMatchObject({ detail: 'the CloudEvent must have the type falco.rule.output.v1' })
  })

  it('stores nothing of a batch in which one event is malformed', async () => {
    const ingest = ingestUnderTest()

    const answer = await send(ingest, { headers: BATCH_TYPE, payload: JSON.stringify([event(alert()), event({})]) })

    expect(answer.statusCode).toBe(400)
    expect(ingest.sink.offers).toEqual([])
    expect(ingest.observations).toEqual([
      { cluster: 'prod', format: 'cloudevents-batch', result: 'refused', reason: 'ALERT_MALFORMED' },
    ])
  })
})

describe('refusals', () => {
  it('are problems with a stable code', async () => {
    const answer = await send(ingestUnderTest(), { payload: '{}' })

    expect(answer.statusCode).toBe(400)
    expect(answer.headers).toMatchObject({ 'saker-result': 'refused', 'content-type': 'application/problem+json' })
    expect(answer.json()).toEqual({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      code: 'ALERT_MALFORMED',
      detail: expect.stringMatching(/^not a Falco alert: rule: /u),
    })
  })

  const limited = { bodyLimitBytes: 1000 }
  const long = JSON.stringify(alert({ output: 'x'.repeat(1000) }))
  it.each<[string, Sent, number, string]>([
    ['an empty body', { payload: '' }, 400, 'ALERT_MALFORMED'],
    ['blank text', { payload: ' \n' }, 400, 'ALERT_MALFORMED'],
    ['JSON that is cut off', { payload: '{"rule":"x' }, 400, 'ALERT_MALFORMED'],
    ['bytes that are no UTF-8', { payload: Buffer.from([0x22, 0xff, 0xfe, 0x22]) }, 400, 'ALERT_MALFORMED'],
    [
      'a body that says gzip and is not',
      { headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } },
      400,
      'ALERT_MALFORMED',
    ],
    ['brackets without end', { payload: '['.repeat(900) }, 400, 'ALERT_MALFORMED'],
    ['an alert in which nothing is as it has to be', { payload: '{"rule":[],"priority":7}' }, 400, 'ALERT_MALFORMED'],
    ['a body over the limit', { payload: long }, 413, 'ALERT_TOO_LARGE'],
    [
      'a body that unpacks to more than the limit',
      { payload: gzipSync(long), headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } },
      413,
      'ALERT_TOO_LARGE',
    ],
    ['no content type', { headers: {} }, 415, 'MEDIA_TYPE_UNSUPPORTED'],
    ['another content type', { headers: { 'content-type': 'text/plain' } }, 415, 'MEDIA_TYPE_UNSUPPORTED'],
    ['a name that every object has', { headers: { 'content-type': 'constructor' } }, 415, 'MEDIA_TYPE_UNSUPPORTED'],
    [
      'two content types at once',
      { headers: { 'content-type': 'application/json, application/json' } },
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    [
      'a batch of another format',
      { headers: { 'content-type': 'application/cloudevents-batch+avro' } },
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    [
      'another charset',
      { headers: { 'content-type': 'application/json; charset=utf-16' } },
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    [
      'another content encoding',
      { headers: { ...JSON_TYPE, 'content-encoding': 'br' } },
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    ['a cluster that is not configured', { url: '/clusters/other' }, 404, 'CLUSTER_UNKNOWN'],
    ['a cluster with a hostile name', { url: '/clusters/..%2f__proto__%00' }, 404, 'CLUSTER_UNKNOWN'],
    ['a path that cannot be decoded', { url: '/clusters/%zz' }, 404, 'ROUTE_UNKNOWN'],
    ['a cluster name that is too long', { url: `/clusters/${'x'.repeat(500)}` }, 404, 'ROUTE_UNKNOWN'],
    ['another path', { url: '/healthz' }, 404, 'ROUTE_UNKNOWN'],
    ['another path, whatever its content type', { url: '/x', headers: { 'content-type': '?' } }, 404, 'ROUTE_UNKNOWN'],
    ['GET', { method: 'GET', payload: '' }, 404, 'ROUTE_UNKNOWN'],
    ['HEAD', { method: 'HEAD', payload: '' }, 404, 'ROUTE_UNKNOWN'],
    ['OPTIONS', { method: 'OPTIONS', payload: '' }, 404, 'ROUTE_UNKNOWN'],
    ['DELETE', { method: 'DELETE' }, 404, 'ROUTE_UNKNOWN'],
    ['PATCH', { method: 'PATCH' }, 404, 'ROUTE_UNKNOWN'],
  ])('meet %s', async (_what, sent, status, code) => {
    const ingest = ingestUnderTest(limited)

    const answer = await send(ingest, sent)

    expect(answer.statusCode).toBe(status)
    expect(answer.headers).toMatchObject({ 'saker-result': 'refused', 'content-type': 'application/problem+json' })
    expect(JSON.parse(answer.body || '{}')).toMatchObject(sent.method === 'HEAD' ? {} : { status, code })
    expect(ingest.sink.offers).toEqual([])
    expect(ingest.observations).toMatchObject([{ result: 'refused', reason: code }])
  })

  it('name the encodings that are understood', async () => {
    const answer = await send(ingestUnderTest(), { headers: { ...JSON_TYPE, 'content-encoding': 'zstd' } })

    expect(answer.headers['accept-encoding']).toBe('gzip')
  })
})

describe('bodies', () => {
  it('may be compressed with gzip', async () => {
    const ingest = ingestUnderTest()

    const answer = await send(ingest, {
      headers: { ...JSON_TYPE, 'content-encoding': 'GZIP' },
      payload: gzipSync(JSON.stringify(alert())),
    })

    expect(answer.statusCode).toBe(202)
    expect(ingest.sink.jobs[0]?.alert).toBe(JSON.stringify(alert()))
  })

  it('may begin with a byte order mark, which is not part of the alert', async () => {
    const ingest = ingestUnderTest()

    await send(ingest, { payload: `\u{FEFF}${JSON.stringify(alert())}` })

    expect(ingest.sink.jobs[0]?.alert).toBe(JSON.stringify(alert()))
  })

  it('keep keys that are dangerous to copy where they are harmless', async () => {
    const hostile = JSON.stringify(alert()).replace(
      '"output_fields":{',
      '"__proto__":{"rule":"polluted"},"constructor":{"prototype":{"polluted":1}},"output_fields":{"__proto__":{"polluted":1},"toString":1,',
    )
    const ingest = ingestUnderTest()

    const answers = [
      await send(ingest, { payload: hostile }),
      await send(ingest, {
        headers: { 'content-type': 'application/cloudevents+json' },
        payload: `{"__proto__":{"type":"x"},"id":"1","source":"s","specversion":"1.0","type":"${EVENT.type}","data":${hostile}}`,
      }),
    ]

    expect(answers.map(({ headers }) => headers['saker-result'])).toEqual(['accepted', 'duplicate'])
    expect(Object.keys(Object.prototype)).toEqual([])
    expect(ingest.sink.jobs[0]?.alert).toBe(hostile)
  })
})

describe('clusters', () => {
  const two = configOf({ clusters: ['prod', 'staging'] })
  const bearer = (secret: string): Record<string, string> => ({ ...JSON_TYPE, authorization: `Bearer ${secret}` })
  const tokens = [token('all', 'every'), token('one', 'prod-only', ['prod']), token('ghost', 'gone', ['retired'])]

  it.each<[string, string, string, number, string]>([
    ['any token names a cluster', '/clusters/staging', 'every', 202, 'staging'],
    ['any token names none of two', '/', 'every', 400, 'CLUSTER_UNSPECIFIED'],
    ['any token names one that is not configured', '/clusters/retired', 'every', 404, 'CLUSTER_UNKNOWN'],
    ['a bound token names none', '/', 'prod-only', 202, 'prod'],
    ['a bound token names its own', '/clusters/prod/', 'prod-only', 202, 'prod'],
    ['a bound token names another', '/clusters/staging', 'prod-only', 403, 'CLUSTER_FORBIDDEN'],
    ['a bound token names one that is not configured', '/clusters/retired', 'prod-only', 403, 'CLUSTER_FORBIDDEN'],
    ['a token is bound to one that is not configured', '/', 'gone', 404, 'CLUSTER_UNKNOWN'],
  ])('are decided when %s', async (_case, url, secret, status, expected) => {
    const ingest = ingestUnderTest({ config: two, tokens })

    const answer = await send(ingest, { url, headers: bearer(secret) })

    expect(answer.statusCode).toBe(status)
    expect(status === 202 ? ingest.sink.jobs[0]?.cluster : answer.json().code).toBe(expected)
    expect(ingest.observations).toMatchObject([{ cluster: status === 202 ? expected : '' }])
  })
})

describe('401', () => {
  const tokens = [token('sidekick', 's3cr€t: with spaces?'), token('empty', '')]
  const basic = (userinfo: string): string => `Basic ${Buffer.from(userinfo).toString('base64')}`

  it.each([
    ['nothing', undefined, 'TOKEN_MISSING'],
    ['a wrong token', 'Bearer nope', 'TOKEN_INVALID'],
    ['an empty token', 'Bearer ', 'TOKEN_INVALID'],
    ['a scheme alone', 'Bearer', 'TOKEN_INVALID'],
    ['another scheme', 'Digest username="x"', 'TOKEN_INVALID'],
    ['an empty password', basic('user:'), 'TOKEN_INVALID'],
    ['a user without a password', basic('user'), 'TOKEN_INVALID'],
    ['the token as the user', basic('s3cr€t: with spaces?:'), 'TOKEN_INVALID'],
  ])('meets %s, with a challenge', async (_what, authorization, code) => {
    const ingest = ingestUnderTest({ tokens })

    const answer = await send(ingest, {
      headers: { ...JSON_TYPE, ...(authorization === undefined ? {} : { authorization }) },
    })

    expect(answer.statusCode).toBe(401)
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="saker", Basic realm="saker"')
    expect(answer.json()).toMatchObject({ code })
    expect(ingest.observations).toEqual([{ cluster: '', format: '', result: 'refused', reason: code }])
  })

  it('comes before anything is said of clusters, media types or sizes', async () => {
    const answer = await send(ingestUnderTest({ tokens, bodyLimitBytes: 1 }), { url: '/clusters/other', headers: {} })

    expect(answer.statusCode).toBe(401)
  })

  it.each([
    ['any user', basic('falco:s3cr€t: with spaces?')],
    ['no user', basic(':s3cr€t: with spaces?').replace('Basic', 'basic  ')],
  ])('does not meet the right password of %s', async (_what, authorization) => {
    const answer = await send(ingestUnderTest({ tokens }), { headers: { ...JSON_TYPE, authorization } })

    expect(answer.statusCode).toBe(202)
  })
})

describe('503', () => {
  function down(): never {
    throw new ResponseError('QUEUE_UNAVAILABLE', 'redis at redis://10.0.0.1 is gone', { retryAfterMs: 3200 })
  }

  it('says unavailable, when to come again, and nothing of the inside', async () => {
    const ingest = ingestUnderTest()
    ingest.sink.before = down

    const answer = await send(ingest)

    expect(answer.statusCode).toBe(503)
    expect(answer.headers).toMatchObject({ 'saker-result': 'unavailable', 'retry-after': '4' })
    expect(answer.json()).toMatchObject({ code: 'QUEUE_UNAVAILABLE', detail: expect.not.stringContaining('10.0.0.1') })
    expect(ingest.observations).toEqual([
      { cluster: 'prod', format: 'falco', result: 'unavailable', reason: 'QUEUE_UNAVAILABLE' },
    ])
    expect(ingest.logged).toMatchObject([{ level: 'error', message: 'request failed' }])
  })

  it('ends a batch in the middle, and counts what is stored apart from what is not', async () => {
    const ingest = ingestUnderTest()
    ingest.sink.before = () => void (ingest.sink.offers.length === 2 && down())
    const events = ['a', 'b', 'c'].map((name) => event(alert({ output_fields: { 'k8s.pod.name': name } })))

    const answer = await send(ingest, { headers: BATCH_TYPE, payload: JSON.stringify(events) })

    expect([answer.statusCode, answer.headers['saker-result']]).toEqual([503, 'unavailable'])
    expect(ingest.sink.jobs).toHaveLength(1)
    expect(ingest.observations.map(({ result }) => result)).toEqual(['accepted', 'unavailable', 'unavailable'])
  })

  it('forgets what the store said before it failed', async () => {
    const ingest = ingestUnderTest()
    await send(ingest)
    ingest.sink.before = down
    await send(ingest, { payload: JSON.stringify(alert({ output_fields: { 'k8s.pod.name': 'other' } })) })

    const answer = await send(ingest)

    expect(answer.statusCode).toBe(503)
  })

  it('comes when the store does not answer in time', async () => {
    const ingest = ingestUnderTest({ sinkTimeoutMs: 20 })
    ingest.sink.before = () => new Promise(() => {})

    const answer = await send(ingest)

    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '1'])
  })

  it('becomes a 500 without internals when the store fails in a way that nobody foresaw', async () => {
    const ingest = ingestUnderTest()
    ingest.sink.before = () => {
      throw new TypeError('cannot read properties of undefined')
    }

    const answer = await send(ingest)

    expect(answer.statusCode).toBe(500)
    expect(answer.json()).toEqual({
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      code: 'INTERNAL',
      detail: 'something went wrong here; the log says what',
    })
  })
})

describe('the log', () => {
  it('tells of a request in one line, with the alert rule and no other text of the alert', async () => {
    const ingest = ingestUnderTest({ tokens: [token('sidekick', 'tok3n')] })

    await send(ingest, { headers: { ...JSON_TYPE, authorization: 'Bearer tok3n' } })

    expect(ingest.logged).toEqual([
      {
        level: 'info',
        message: 'request answered',
        fields: {
          sender: 'sidekick',
          cluster: 'prod',
          format: 'falco',
          result: 'accepted',
          alerts: 1,
          durationMs: 0,
          responseIds: [ingest.sink.jobs[0]?.id],
          alert: { alertRule: 'Terminal shell in container' },
        },
      },
    ])
  })

  it('keeps quiet about what is ignored or merged, and holds neither tokens nor malformed alerts', async () => {
    const ingest = ingestUnderTest({ tokens: [token('sidekick', 'tok3n')] })
    const headers = { ...JSON_TYPE, authorization: 'Bearer tok3n' }

    await send(ingest, { headers, payload: JSON.stringify(alert({ rule: 'Test rule' })) })
    await send(ingest, { headers, payload: '{"rule": s3cret}' })
    await send(ingest, { headers: { ...JSON_TYPE, authorization: 'Bearer wr0ng' } })

    expect(ingest.logged.map(({ level, fields }) => [level, fields['code'] ?? fields['reason']])).toEqual([
      ['debug', 'TestAlert'],
      ['info', 'ALERT_MALFORMED'],
      ['info', 'TOKEN_INVALID'],
    ])
    expect(JSON.stringify(ingest.logged)).not.toMatch(/s3cret|tok3n|wr0ng/u)
  })

  it('cuts off a rule name that no rule has', async () => {
    const ingest = ingestUnderTest()

    await send(ingest, { payload: JSON.stringify(alert({ rule: 'x'.repeat(5000) })) })

    expect(ingest.logged[0]?.fields['alert']).toEqual({ alertRule: 'x'.repeat(200) })
  })
})
