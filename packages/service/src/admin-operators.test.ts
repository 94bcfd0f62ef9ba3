import { ResponseError, Secret, silentLog, type Receipt } from '@saker/core'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { beforeEach, describe, expect, it } from 'vitest'
import type { LoadedToken } from './access-tokens.ts'
import type { OperatorDesk } from './admin-api.ts'
import { buildAdminServer } from './admin-server.ts'
import { Metrics } from './metrics.ts'

const FAILED = '01m83vaam7tzj7warj'
const BEARER = { authorization: 'Bearer s3cret-töken' }
const BASIC = { authorization: `Basic ${Buffer.from('anybody:s3cret-töken').toString('base64')}` }

const TOKENS: readonly LoadedToken[] = [
  { name: 'empty', secret: new Secret('') },
  { name: 'ops', secret: new Secret('s3cret-töken') },
]

const RECEIPT: Receipt = {
  id: FAILED,
  response: 'contain',
  cluster: 'prod',
  target: 'pod default/web-0',
  outcome: 'failed',
  code: 'REPOSITORY_NOT_FOUND',
  message: 'gone',
  lane: 'fleet',
  receivedAt: '2026-01-02T03:04:05.000Z',
  settledAt: '2026-01-02T03:04:06.000Z',
}

/** A desk with one failed response, which notes what it is asked. */
class NotingDesk implements OperatorDesk {
  readonly asked: unknown[] = []

  async retry(id: string): ReturnType<OperatorDesk['retry']> {
    this.asked.push(id)
    if (id === FAILED) return { id, response: 'contain', cluster: 'prod', target: 'pod default/web-0', lane: 'fleet' }
    throw new ResponseError('RESPONSE_UNKNOWN', `no lane keeps a response ${id}`)
  }

  async release(id: string, asker: unknown): ReturnType<OperatorDesk['release']> {
    this.asked.push({ release: id, asker })
    return { id, response: 'contain', cluster: 'prod', target: 'pod default/web-0', lane: 'fleet' }
  }

  async drop(id: string): ReturnType<OperatorDesk['drop']> {
    throw new ResponseError('RESPONSE_NOT_HELD', `response ${id} is not held`)
  }

  async pause(lane: string | undefined, pause: unknown): ReturnType<OperatorDesk['pause']> {
    this.asked.push({ pause: lane, by: pause })
    if (lane === 'nowhere') throw new ResponseError('LANE_UNKNOWN', 'no lane is called nowhere')
    return { lanes: ['fleet-1a2b3c'], writing: [] }
  }

  async resume(lane: string | undefined): ReturnType<OperatorDesk['resume']> {
    this.asked.push({ resume: lane })
    return { lanes: ['fleet-1a2b3c'], paused: [] }
  }

  async receipts(query: Parameters<OperatorDesk['receipts']>[0]): Promise<readonly Receipt[]> {
    this.asked.push(query)
    return [RECEIPT]
  }

  async states(): ReturnType<OperatorDesk['states']> {
    throw new Error('ECONNREFUSED redis.internal:6379')
  }
}

interface Line {
  readonly level: string
  readonly msg: string
}

let desk: NotingDesk
let lines: Line[]

function serve(tokens: readonly LoadedToken[] = TOKENS): FastifyInstance {
  const take =
    (level: string) =>
    (fields: object, msg: string): void =>
      void lines.push({ level, msg, ...fields })
  return buildAdminServer({
    metrics: new Metrics('1.2.3').alone(),
    checks: [],
    operators: {
      tokens: () => tokens,
      desk,
      pages: (app, _options, done) => {
        app.get('/', async (_request, reply) => reply.type('text/html').send('<p>'))
        app.put('/api/queues/:queueName/:jobId/retry', async (_request, reply) => reply.code(204).send())
        done()
      },
      now: () => 1_000_000,
      log: { ...silentLog, info: take('info'), warn: take('warn'), error: take('error') },
    },
  })
}

beforeEach(() => {
  desk = new NotingDesk()
  lines = []
})

const RETRY: InjectOptions = { method: 'POST', url: `/api/responses/${FAILED}/retry` }
const PAGE_RETRY: InjectOptions = { method: 'PUT', url: `/queues/api/queues/fleet/${FAILED}/retry` }

describe('the operators’ routes', () => {
  it.each(['/queues', '/api/responses', '/api/lanes'])('ask for a token before they show %s', async (url) => {
    const answer = await serve().inject(url)

    expect(answer.statusCode).toBe(401)
    expect(answer.headers['www-authenticate']).toEqual(['Basic realm="saker"', 'Bearer realm="saker"'])
    expect(answer.headers['content-type']).toBe('application/problem+json')
    expect(answer.json()).toMatchObject({ status: 401, code: 'TOKEN_MISSING' })
  })

  it.each([
    ['a bearer token', BEARER],
    ['a basic password', BASIC],
  ])('let in who has %s', async (_what, headers) => {
    const app = serve()
    // As on the wire: one character per byte.
    const authorization = Buffer.from(headers.authorization, 'utf8').toString('latin1')

    const statuses = [
      (await app.inject({ url: '/queues', headers: { authorization } })).statusCode,
      (await app.inject({ ...RETRY, headers: { authorization } })).statusCode,
    ]

    expect(statuses).toEqual([200, 202])
  })

  it.each(['Bearer wrong', 'Bearer ', 'Basic x', `Basic ${btoa('ops:')}`, 'Digest s3cret'])(
    'refuse %s, and tell the log of it',
    async (authorization) => {
      const answer = await serve().inject({ ...RETRY, headers: { authorization } })

      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([401, 'TOKEN_INVALID'])
      expect(lines).toEqual([
        {
          level: 'warn',
          msg: 'admin login refused',
          address: '127.0.0.1',
          method: 'POST',
          path: RETRY.url,
          code: 'TOKEN_INVALID',
        },
      ])
      expect(desk.asked).toEqual([])
    },
  )

  it('make guessing slow, also for who has the right token by now', async () => {
    const app = serve()
    for (let guess = 0; guess < 5; guess++)
      await app.inject({ url: '/queues', headers: { authorization: `Bearer guess${guess}` } })

    const answer = await app.inject({ url: '/queues', headers: BASIC })

    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([429, '1'])
    expect(answer.json()).toMatchObject({ code: 'LOGINS_THROTTLED' })
    expect(lines.at(-1)).toMatchObject({ msg: 'admin login refused', code: 'LOGINS_THROTTLED' })
  })

  it('leave health and metrics open', async () => {
    const app = serve()

    const statuses = await Promise.all(['/healthz', '/readyz', '/metrics'].map((url) => app.inject(url)))

    expect(statuses.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200])
  })

  it('note every write with who, what and how it ended', async () => {
    const app = serve()
    const claims = { 'x-saker-as': encodeURIComponent('Zoë'), 'x-saker-reason': '50% off' }

    await app.inject({ ...PAGE_RETRY, headers: { ...BASIC, ...claims } })
    await app.inject({ method: 'POST', url: '/api/responses/01m83vaam7tzj7wark/retry', headers: BASIC })
    await app.inject({ url: '/api/responses', headers: BASIC })

    expect(lines).toEqual([
      {
        level: 'info',
        msg: 'admin write',
        operator: 'ops',
        as: 'Zoë',
        reason: '50% off',
        address: '127.0.0.1',
        method: 'PUT',
        route: '/queues/api/queues/:queueName/:jobId/retry',
        queue: 'fleet',
        responseId: FAILED,
        status: 204,
        result: 'done',
      },
      expect.objectContaining({ operator: 'ops', responseId: '01m83vaam7tzj7wark', status: 404, result: 'refused' }),
    ])
  })

  it('forbid to frame, guess at or load from elsewhere what they show', async () => {
    const app = serve()

    const page = await app.inject({ url: '/queues', headers: BASIC })
    const health = await app.inject('/healthz')

    expect(page.headers['content-security-policy']).toMatch(/default-src 'none';.*frame-ancestors 'none'/u)
    expect(page.headers['content-security-policy']).not.toContain('https:')
    expect(health.headers).toMatchObject({
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
    })
  })
})

describe('a write from a browser', () => {
  it.each([
    ['of its own page', { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:8081' }, 204, undefined],
    ['of another site', { 'sec-fetch-site': 'cross-site', origin: 'http://evil.example' }, 403, 'ORIGIN_FORBIDDEN'],
    [
      'of a neighbour’s page',
      { 'sec-fetch-site': 'same-site', origin: 'http://other.localhost' },
      403,
      'ORIGIN_FORBIDDEN',
    ],
    ['of an old browser on its own page', { origin: 'http://localhost:8081' }, 204, undefined],
    ['of an old browser on another site', { origin: 'http://evil.example' }, 403, 'ORIGIN_FORBIDDEN'],
    ['of a sandboxed frame', { origin: 'null' }, 403, 'ORIGIN_FORBIDDEN'],
    ['that is no browser', {}, 204, undefined],
  ])('%s is answered accordingly', async (_case, headers, status, code) => {
    const answer = await serve().inject({ ...PAGE_RETRY, headers: { ...BASIC, ...headers, host: 'localhost:8081' } })

    const problem: { readonly code?: string } = answer.body === '' ? {} : answer.json()
    expect([answer.statusCode, problem.code]).toEqual([status, code])
  })

  it('may come from anywhere with a bearer token, which no browser adds by itself', async () => {
    const authorization = Buffer.from(BEARER.authorization, 'utf8').toString('latin1')

    const answer = await serve().inject({ ...PAGE_RETRY, headers: { authorization, 'sec-fetch-site': 'cross-site' } })

    expect(answer.statusCode).toBe(204)
  })
})

describe('without a token', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1:8081', 200],
    ['127.0.0.1', 'localhost:8081', 200],
    ['::1', '[::1]:8081', 200],
    ['127.0.0.1', 'rebound.example:8081', 403],
    ['10.0.0.7', 'localhost:8081', 403],
  ])('who comes from %s to %s gets %i', async (remoteAddress, host, status) => {
    const answer = await serve([]).inject({ url: '/queues', remoteAddress, headers: { host } })

    expect(answer.statusCode).toBe(status)
  })

  it('no other site’s page may write', async () => {
    const headers = { host: 'localhost:8081', origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' }

    const answer = await serve([]).inject({ ...RETRY, headers })

    expect(answer.statusCode).toBe(403)
    expect(desk.asked).toEqual([])
  })
})

describe('/api', () => {
  it('lists stored outcomes as they were asked for', async () => {
    const app = serve()

    const plain = await app.inject({ url: '/api/responses', headers: BASIC })
    await app.inject({ url: '/api/responses?outcome=failed&limit=7', headers: BASIC })

    expect(plain.json()).toEqual({ responses: [RECEIPT] })
    expect(plain.headers['cache-control']).toBe('no-store')
    expect(desk.asked).toEqual([{ limit: 50 }, { outcome: 'failed', limit: 7 }])
  })

  it.each([
    ['GET', '/api/responses?outcome=lost', /outcome/u],
    ['GET', '/api/responses?limit=501', /limit/u],
    ['GET', '/api/responses?limit=many', /limit/u],
    ['POST', '/api/responses/meta/retry', /id: is not a response id/u],
  ] as const)('refuses %s %s with what is wrong', async (method, url, detail) => {
    const answer = await serve().inject({ method, url, headers: BASIC })

    expect(answer.statusCode).toBe(400)
    expect(answer.json()).toMatchObject({ code: 'REQUEST_INVALID', detail: expect.stringMatching(detail) })
    expect(desk.asked).toEqual([])
  })

  it('has a failed response run again, and says which it was', async () => {
    const answer = await serve().inject({ ...RETRY, headers: BASIC })

    expect(answer.statusCode).toBe(202)
    expect(answer.json()).toEqual({
      id: FAILED,
      response: 'contain',
      cluster: 'prod',
      target: 'pod default/web-0',
      lane: 'fleet',
    })
  })

  it('tells the desk and the audit who releases a response, and why', async () => {
    const headers = { ...BASIC, 'x-saker-as': 'Zo%C3%AB', 'x-saker-reason': 'looked%20at' }

    const answer = await serve().inject({ method: 'POST', url: `/api/responses/${FAILED}/release`, headers })

    const who = { operator: 'ops', as: 'Zoë', reason: 'looked at' }
    expect(answer.statusCode).toBe(202)
    expect(desk.asked).toEqual([{ release: FAILED, asker: who }])
    expect(lines).toEqual([expect.objectContaining({ msg: 'admin write', ...who, responseId: FAILED, result: 'done' })])
  })

  it('refuses to drop what is not held', async () => {
    const answer = await serve().inject({ method: 'POST', url: `/api/responses/${FAILED}/drop`, headers: BASIC })

    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([409, 'RESPONSE_NOT_HELD'])
  })

  it.each([
    ['/api/pause', { pause: undefined, by: { operator: 'ops', since: expect.any(String) } }],
    ['/api/lanes/fleet/pause', { pause: 'fleet', by: { operator: 'ops', since: expect.any(String) } }],
    ['/api/resume', { resume: undefined }],
    ['/api/lanes/fleet/resume', { resume: 'fleet' }],
  ])('turns the kill switch at %s', async (url, asked) => {
    const answer = await serve().inject({ method: 'POST', url, headers: BASIC })

    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toMatchObject({ lanes: ['fleet-1a2b3c'] })
    expect(desk.asked).toEqual([asked])
  })

  it('says of a lane that is none that it is unknown', async () => {
    const answer = await serve().inject({ method: 'POST', url: '/api/lanes/nowhere/pause', headers: BASIC })

    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([404, 'LANE_UNKNOWN'])
  })

  it('limits how fast a token may write, names the wait, and never refuses a pause', async () => {
    const app = serve()
    const write = { method: 'POST', url: '/api/resume', headers: BASIC } as const
    for (let writes = 0; writes < 120; writes += 1) await app.inject(write)

    const refused = await app.inject(write)
    const paused = await app.inject({ ...write, url: '/api/pause' })
    const read = await app.inject({ url: '/api/responses', headers: BASIC })

    expect(desk.asked.slice(0, 120)).toEqual(Array.from({ length: 120 }, () => ({ resume: undefined })))
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '1'])
    expect(refused.json()).toMatchObject({ code: 'WRITES_THROTTLED' })
    expect([paused.statusCode, read.statusCode]).toEqual([200, 200])
  })

  it('keeps our own failures to the log', async () => {
    const answer = await serve().inject({ url: '/api/lanes', headers: BASIC })

    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([500, 'INTERNAL'])
    expect(answer.body).not.toContain('redis.internal')
    expect(lines).toEqual([expect.objectContaining({ level: 'error', msg: 'admin request failed' })])
  })

  it('says of a path that is none that it is unknown', async () => {
    const answer = await serve().inject({ url: '/api/nothing', headers: BASIC })

    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([404, 'ROUTE_UNKNOWN'])
  })
})
