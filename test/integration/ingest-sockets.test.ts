import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect as connectTcp, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeAll, afterAll, describe, expect, it } from 'vitest'
import { alert, ingestUnderTest, REAL_ALERTS, token, type IngestUnderTest } from './ingest-harness.ts'

const BODY = JSON.stringify(alert())
const open: FastifyInstance[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((app) => app.close()))
})

async function listening(
  overrides: Parameters<typeof ingestUnderTest>[0],
): Promise<IngestUnderTest & { port: number }> {
  const ingest = ingestUnderTest(overrides)
  open.push(ingest.app)
  await ingest.app.listen({ host: '127.0.0.1', port: 0 })
  return { ...ingest, port: (ingest.app.server.address() as AddressInfo).port }
}

/** Writes raw bytes and gives everything that comes back until the server closes the connection. */
async function exchangeRaw(port: number, parts: readonly string[]): Promise<string> {
  const socket = connectTcp(port, '127.0.0.1')
  for (const part of parts) socket.write(part)
  return text(socket)
}

function rawRequest(body: string, headers: readonly string[] = []): string {
  const lines = [
    'POST / HTTP/1.1',
    'host: x',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  return `${[...lines, ...headers].join('\r\n')}\r\n\r\n${body}`
}

describe('over a socket', () => {
  it('turns the userinfo of a URL, which becomes Basic, into the right to send', async () => {
    const { port, sink } = await listening({ tokens: [token('falco', 's3cret')] })

    const request = httpRequest(`http://any:s3cret@127.0.0.1:${port}/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    })
    request.end(REAL_ALERTS[0])
    const [response] = await once(request, 'response')

    expect([response.statusCode, response.headers['content-length'], await text(response)]).toEqual([202, '0', ''])
    expect(sink.jobs[0]?.alert).toBe(REAL_ALERTS[0])
  })

  it('keeps the connection for the next alert, as Falcosidekick does', async () => {
    const { port, app } = await listening({})
    let connections = 0
    app.server.on('connection', () => (connections += 1))

    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const statuses = []
    for (const payload of [BODY, BODY, JSON.stringify(alert({ rule: 'Test rule' })), '{}', BODY]) {
      const request = httpRequest({ port, agent, method: 'POST', headers: { 'content-type': 'application/json' } })
      request.end(payload)
      const [response] = await once(request, 'response')
      await text(response)
      statuses.push(response.statusCode)
    }
    agent.destroy()

    expect(statuses).toEqual([202, 202, 204, 400, 202])
    expect(connections).toBe(1)
  })

  it('answers pipelined requests in their order', async () => {
    const { port } = await listening({})

    const answers = await exchangeRaw(port, [
      rawRequest(BODY),
      rawRequest('{}'),
      rawRequest(JSON.stringify(alert({ rule: 'Test rule' })), ['connection: close']),
    ])

    expect(answers.match(/HTTP\/1\.1 \d+|saker-result: \w+/gu)).toEqual([
      'HTTP/1.1 202',
      'saker-result: accepted',
      'HTTP/1.1 400',
      'saker-result: refused',
      'HTTP/1.1 204',
      'saker-result: ignored',
    ])
  })

  it('takes a header with raw UTF-8 in it, as the rule of a binary CloudEvent may be', async () => {
    const { port } = await listening({})

    const answers = await exchangeRaw(port, [
      rawRequest(BODY, [
        'ce-specversion: 1.0',
        'ce-type: falco.rule.output.v1',
        'ce-rule: Schätze – 宝',
        'connection: close',
      ]),
    ])

    expect(answers).toMatch(/^HTTP\/1\.1 202 /u)
  })

  it('takes a chunked body', async () => {
    const { port } = await listening({})

    const answers = await exchangeRaw(port, [
      'POST /clusters/prod HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n' +
        `transfer-encoding: chunked\r\n\r\n${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`,
    ])

    expect(answers).toMatch(/^HTTP\/1\.1 202 /u)
  })

  it.each([
    ['a length that is announced', false],
    ['a length that shows only as it comes', true],
  ])('tells a client that sends far too much, with %s', async (_case, chunked) => {
    const { port, sink } = await listening({})
    const size = 8 * 1024 * 1024
    const agent = new Agent()

    const request = httpRequest({
      port,
      agent,
      host: '127.0.0.1',
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(chunked ? {} : { 'content-length': String(size) }) },
    })
    request.end(Buffer.alloc(size, ' '))
    const [response] = await once(request, 'response')

    expect(response.statusCode).toBe(413)
    expect(JSON.parse(await text(response))).toMatchObject({ code: 'ALERT_TOO_LARGE' })
    expect(sink.offers).toEqual([])
    agent.destroy()
  })

  it('refuses a sender without a token before its body has come', async () => {
    const { port } = await listening({ tokens: [token('falco', 's3cret')] })
    const socket = connectTcp(port, '127.0.0.1')

    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n')
    const [answer] = await once(socket, 'data')
    socket.destroy()

    expect(String(answer)).toMatch(/^HTTP\/1\.1 401 /u)
  })

  it.each([
    ['its headers', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-type: appl'],
    ['its body', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"rule"'],
  ])('hangs up on a client that does not finish %s', async (_what, part) => {
    const { port, sink } = await listening({ requestTimeoutMs: 100 })

    const answer = await exchangeRaw(port, [part])

    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/u)
    expect(answer).toContain('saker-result: refused')
    expect(sink.offers).toEqual([])
  })

  it.each([
    ['what is no HTTP', 'hello?\r\n\r\n'],
    ['headers without end', `POST / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`],
    ['two lengths', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}'],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
  ])('answers %s with a problem and hangs up', async (_what, bytes) => {
    const { port } = await listening({})

    const answer = await exchangeRaw(port, [bytes])

    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/u)
    expect(answer).toContain('"code":"ALERT_MALFORMED"')
  })

  it.each(['PROPFIND', 'QUERY', 'TRACE', 'LINK'])('answers %s with 404', async (method) => {
    const { port } = await listening({})

    const answer = await exchangeRaw(port, [`${method} / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`])

    expect(answer).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/u)
    expect(answer).toContain('saker-result: refused')
  })

  it('answers a request that is under way when it closes, and then lets its connection go', async () => {
    const ingest = await listening({})
    const { promise: stored, resolve: store } = Promise.withResolvers<void>()
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>()
    ingest.sink.before = () => {
      reach()
      return stored
    }
    const answering = exchangeRaw(ingest.port, [rawRequest(BODY)])
    await reached

    const closing = ingest.app.close()
    store()

    expect(await answering).toMatch(/^HTTP\/1\.1 202 /u)
    await closing
  })
})

describe('closing', () => {
  it('does not wait for a client that never finishes', async () => {
    const { port, app } = await listening({ requestTimeoutMs: 100, sinkTimeoutMs: 100 })
    const socket = connectTcp(port, '127.0.0.1')
    const ended = text(socket).catch(() => 'reset')
    const reached = once(app.server, 'request')
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{')
    await reached

    await app.close()

    expect(['', 'reset']).toContain(await ended)
  })
})

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

describe.skipIf(!hasOpenssl)(`over TLS${hasOpenssl ? '' : ' (skipped: there is no openssl here)'}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'saker-ingest-tls-'))
  const file = (name: string): string => join(folder, name)
  const pem = (name: string): string => readFileSync(file(name), 'utf8')

  function openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  }

  function makeAuthority(name: string): void {
    openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    )
  }

  function makeCertificate(name: string, authority: string): void {
    openssl('req', ...NEW_KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
    writeFileSync(file(`${name}.ext`), 'subjectAltName=IP:127.0.0.1\n')
    const signing = [
      '-CA',
      `${authority}.crt`,
      '-CAkey',
      `${authority}.key`,
      '-CAcreateserial',
      '-extfile',
      `${name}.ext`,
    ]
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.crt`, '-days', '2', ...signing)
  }

  beforeAll(() => {
    makeAuthority('server-ca')
    makeAuthority('client-ca')
    makeCertificate('server', 'server-ca')
    makeCertificate('client', 'client-ca')
    makeCertificate('stranger', 'server-ca')
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  async function listeningTls(overrides: Parameters<typeof ingestUnderTest>[0] = {}) {
    return listening({
      anonymous: () => false,
      tls: { cert: pem('server.crt'), key: pem('server.key'), clientCa: pem('client-ca.crt') },
      ...overrides,
    })
  }

  async function send(port: number, options: ConnectionOptions & { authorization?: string }): Promise<number> {
    const { authorization, ...tls } = options
    const request = httpsRequest({
      host: '127.0.0.1',
      port,
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
      ca: pem('server-ca.crt'),
      agent: false,
      ...tls,
    })
    request.end(BODY)
    const [response] = await once(request, 'response')
    response.resume()
    return response.statusCode
  }

  async function resume(socket: TLSSocket): Promise<{ answer: string; reused: boolean }> {
    await once(socket, 'secureConnect')
    const reused = socket.isSessionReused()
    socket.write(rawRequest(BODY, ['connection: close']))
    return { answer: await text(socket), reused }
  }

  it('admits a client certificate of the authority, without any token', async () => {
    const { port, logged } = await listeningTls()

    const status = await send(port, { cert: pem('client.crt'), key: pem('client.key') })

    expect(status).toBe(202)
    expect(logged[0]?.fields).toMatchObject({ sender: 'client-certificate' })
  })

  it('refuses a client certificate of another authority', async () => {
    const { port, observations } = await listeningTls()

    const status = await send(port, { cert: pem('stranger.crt'), key: pem('stranger.key') })

    expect(status).toBe(401)
    expect(observations).toMatchObject([{ reason: 'TOKEN_INVALID' }])
  })

  it('refuses a client without certificate and token, and admits one with a token', async () => {
    const { port } = await listeningTls({ tokens: [token('falco', 's3cret')] })

    const statuses = [await send(port, {}), await send(port, { authorization: 'Bearer s3cret' })]

    expect(statuses).toEqual([401, 202])
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'lets nobody in by resuming a %s session that had no certificate',
    async (version) => {
      const { port } = await listeningTls()
      const tls = { host: '127.0.0.1', port, ca: pem('server-ca.crt'), minVersion: version, maxVersion: version }
      const first = connectTls(tls)
      const session = once(first, 'session')
      first.write(rawRequest(BODY, ['connection: close']))
      const refused = await text(first)

      const [ticket] = await session
      const { answer, reused } = await resume(connectTls({ ...tls, session: ticket }))

      expect(reused).toBe(true)
      expect([refused, answer]).toEqual([
        expect.stringMatching(/^HTTP\/1\.1 401 /u),
        expect.stringMatching(/^HTTP\/1\.1 401 /u),
      ])
    },
  )

  it('admits a client that resumes the session of its certificate', async () => {
    const { port } = await listeningTls()
    const tls = { host: '127.0.0.1', port, ca: pem('server-ca.crt'), cert: pem('client.crt'), key: pem('client.key') }
    const first = connectTls(tls)
    const session = once(first, 'session')
    first.write(rawRequest(BODY, ['connection: close']))
    await text(first)

    const [ticket] = await session
    const { answer, reused } = await resume(connectTls({ ...tls, session: ticket }))

    expect(reused).toBe(true)
    expect(answer).toMatch(/^HTTP\/1\.1 202 /u)
  })
})

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'] as const
