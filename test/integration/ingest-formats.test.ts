import { parseJsonLosslessly } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { BINARY_HEADERS, configOf, EVENT, ingestUnderTest, REAL_ALERTS } from './ingest-harness.ts'

/** What each line of the corpus leads to when one response answers everything: the name of its job, or why there is none. */
const ENDINGS = [
  'contain default/kubecon',
  'contain default/alpine-deployment-77789455d6-m7flp',
  'contain openfaas-fn/falco-pod-delete-7dc9f5fbb8-gbfk7',
  'contain fission-function/poolmgr-go-default-516098-5bdbf8c8f5-g8gvc',
  'NoWorkload',
  'contain default/kubecon',
  'contain hello-app/nginx-676b6c5bbc-4xc6t',
  'FalcoInternal',
  'NoWorkload',
  'FalcoInternal',
  'NoWorkload',
  'contain default/nginx-falco',
  'NoWorkload',
  'NoWorkload',
  'NoWorkload',
  'contain default/nginx',
  'NoWorkload',
  'NoWorkload',
  'NoWorkload',
  'contain trigger-falco-rule/bayrou',
  'contain dvwa/dvwa-app-54f998c8c5-b85m2',
  'NoWorkload',
  'NoWorkload',
  'contain -/falco-74htl',
  'contain payments/api-6d4f8b9c-2xk4z',
  'NoWorkload',
  'NoWorkload',
  'NoWorkload',
  'TestAlert',
] as const

const CASES = ENDINGS.map((ending, at) => ({ number: at + 1, ending, line: REAL_ALERTS[at] ?? '' }))

interface WayIn {
  readonly way: string
  readonly method: 'POST' | 'PUT'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: (line: string) => string
  readonly format: string | undefined
  /** Whether the stored text is the body to the letter. */
  readonly verbatim: boolean
}

const WEBHOOK_HEADERS = { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'Falcosidekick' }

/** Writes an event around an alert's text, which goes through no parser on its way. */
function eventAround(line: string): string {
  return `${JSON.stringify({ ...EVENT, datacontenttype: 'application/json' }).slice(0, -1)},"data":${line}}`
}

const WAYS_IN: readonly WayIn[] = [
  {
    way: 'a webhook body by POST',
    method: 'POST',
    url: '/',
    headers: WEBHOOK_HEADERS,
    body: (line) => `${line}\n`,
    format: 'webhook',
    verbatim: true,
  },
  {
    way: 'a webhook body by PUT',
    method: 'PUT',
    url: '/',
    headers: WEBHOOK_HEADERS,
    body: (line) => line,
    format: 'webhook',
    verbatim: true,
  },
  {
    way: "Falco's http_output at the cluster's address",
    method: 'POST',
    url: '/clusters/prod',
    headers: { 'content-type': 'application/json', 'user-agent': 'falcosecurity/falco' },
    body: (line) => line,
    format: undefined,
    verbatim: true,
  },
  {
    way: 'a binary CloudEvent',
    method: 'POST',
    url: '/',
    headers: BINARY_HEADERS,
    body: (line) => line,
    format: 'cloudevents-binary',
    verbatim: true,
  },
  {
    way: 'a structured CloudEvent',
    method: 'POST',
    url: '/',
    headers: { 'content-type': 'application/cloudevents+json' },
    body: eventAround,
    format: 'cloudevents-structured',
    verbatim: false,
  },
  {
    way: 'a batch of CloudEvents',
    method: 'POST',
    url: '/clusters/prod',
    headers: { 'content-type': 'application/cloudevents-batch+json; charset=UTF-8' },
    body: (line) => `[${eventAround(line)}]`,
    format: 'cloudevents-batch',
    verbatim: false,
  },
]

/** The numbers of a JSON text as they are written in it, in order. */
function numbersIn(json: string): readonly string[] {
  return (json.match(/"(?:\\.|[^"\\])*"|-?[0-9][0-9.eE+-]*/gu) ?? []).filter((token) => !token.startsWith('"'))
}

describe('the corpus of real alerts', () => {
  it('is all covered here, and holds integers beyond what a double can repeat', () => {
    const changed = REAL_ALERTS.filter(
      (line) => numbersIn(JSON.stringify(JSON.parse(line))).join() !== numbersIn(line).join(),
    )

    expect(REAL_ALERTS).toHaveLength(ENDINGS.length)
    expect(changed.length).toBeGreaterThan(10)
  })
})

describe.each(WAYS_IN)('a real alert as $way', ({ method, url, headers, body, format, verbatim }) => {
  it.each(CASES)('line $number ends as "$ending"', async ({ line, ending }) => {
    const { app, sink, observations } = ingestUnderTest()

    const answer = await app.inject({ method, url, headers, payload: body(line) })

    const taken = ending.startsWith('contain ')
    expect(answer.statusCode).toBe(taken ? 202 : 204)
    expect(answer.headers['saker-result']).toBe(taken ? 'accepted' : 'ignored')
    expect(answer.body).toBe('')
    expect(sink.offers.map(({ jobName }) => jobName)).toEqual(taken ? [ending] : [])
    expect(observations).toEqual([
      {
        cluster: 'prod',
        format: format ?? (line.startsWith('{"uuid"') ? 'webhook' : 'falco'),
        result: taken ? 'accepted' : 'ignored',
        reason: taken ? '' : ending,
      },
    ])
    for (const { job } of sink.offers) {
      expect(job.alert).toBe(verbatim ? body(line) : JSON.stringify(parseJsonLosslessly(line)))
      expect(numbersIn(job.alert)).toEqual(numbersIn(line))
      expect(JSON.parse(job.alert)).toEqual(JSON.parse(line))
    }
  })
})

describe('a batch of CloudEvents', () => {
  it('stores every alert of the corpus in order, and the best result speaks', async () => {
    const { app, sink, observations } = ingestUnderTest()

    const answer = await app.inject({
      method: 'POST',
      url: '/',
      headers: { 'content-type': 'application/cloudevents-batch+json' },
      payload: `[${REAL_ALERTS.map(eventAround).join(',')}]`,
    })

    const expected = ENDINGS.filter((ending) => ending.startsWith('contain '))
    expect([answer.statusCode, answer.headers['saker-result']]).toEqual([202, 'accepted'])
    expect(sink.jobs.map(({ alert }) => numbersIn(alert))).toEqual(
      CASES.filter(({ ending }, at) => ending.startsWith('contain ') && ENDINGS.indexOf(ending) === at).map(
        ({ line }) => numbersIn(line),
      ),
    )
    expect(observations).toHaveLength(REAL_ALERTS.length)
    expect(observations.filter(({ result }) => result === 'duplicate')).toHaveLength(
      expected.length - new Set(expected).size,
    )
  })
})

describe('the very same alert, delivered in every way there is', () => {
  it.each(['0s', '60s'])('is one when the dedupe window is %s', async (window) => {
    const { app, sink, observations } = ingestUnderTest({ config: configOf({ dedupe: { window } }) })
    const line = REAL_ALERTS[0] ?? ''

    for (const [at, { method, url, headers, body }] of WAYS_IN.entries()) {
      const payload = body(line.replace('{', `{"uuid":"${at}",`))
      await app.inject({ method, url, headers, payload })
    }

    expect(observations.map(({ result }) => result)).toEqual(['accepted', ...WAYS_IN.slice(1).map(() => 'duplicate')])
    expect(sink.jobs).toHaveLength(1)
  })

  it('is looked for over a minute when nothing else is to be merged', async () => {
    const { app, sink } = ingestUnderTest({ config: configOf({ dedupe: { window: '0s' } }) })

    await app.inject({ method: 'POST', url: '/', headers: WEBHOOK_HEADERS, payload: REAL_ALERTS[0] ?? '' })

    expect(sink.offers.map(({ windowMs }) => windowMs)).toEqual([60_000])
  })
})
