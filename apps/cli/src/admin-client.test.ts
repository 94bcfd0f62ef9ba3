import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { AdminClient } from './admin-client.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(() => Promise.all(closers.splice(0).map((close) => close())))

/** A server that answers everything with `answer`, and the requests it got. */
async function serve(
  answer: (response: ServerResponse) => void,
): Promise<{ readonly url: string; readonly requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    answer(response)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  closers.push(() => new Promise((closed) => server.close(closed)))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}

describe('AdminClient', () => {
  it('sends the token, who asks and why, below the path of its server', async () => {
    const { url, requests } = await serve((response) => response.end('{"id":"x"}'))
    const client = new AdminClient({ server: `${url}/saker`, adminToken: 'tökén\n', as: 'Zoë', reason: '50% \n done' })

    const answer = await client.decide('retry', 'a/b')

    expect(answer).toEqual({ id: 'x' })
    expect(requests.map(({ method, url: path }) => `${method} ${path}`)).toEqual([
      'POST /saker/api/responses/a%2Fb/retry',
    ])
    const { authorization = '', ...headers } = requests[0]?.headers ?? {}
    expect(Buffer.from(authorization, 'latin1').toString('utf8')).toBe('Bearer tökén')
    expect(headers).toMatchObject({ 'x-saker-as': 'Zo%C3%AB', 'x-saker-reason': '50%25%20%0A%20done' })
  })

  it('leaves out what is empty', async () => {
    const { url, requests } = await serve((response) => response.end('{}'))

    await new AdminClient({ server: url, adminToken: '' }).decide('retry', 'x')

    expect(Object.keys(requests[0]?.headers ?? {})).not.toContain('authorization')
  })

  it('takes over the code and the words of a problem', async () => {
    const problem = JSON.stringify({ code: 'RESPONSE_NOT_FAILED', detail: 'it is active' })
    const { url } = await serve((response) => response.writeHead(409).end(problem))

    await expect(new AdminClient({ server: url }).decide('retry', 'x')).rejects.toMatchObject({
      code: 'RESPONSE_NOT_FAILED',
      message: 'it is active',
    })
  })

  it.each([
    ['a page', 404, '<html>'],
    ['a code of somebody else', 400, '{"code":"toString","detail":"x"}'],
    ['nothing', 502, ''],
  ])('takes what answers with %s for no Saker', async (_what, status, body) => {
    const { url } = await serve((response) => response.writeHead(status).end(body))

    await expect(new AdminClient({ server: url }).decide('retry', 'x')).rejects.toMatchObject({
      code: 'ADMIN_UNREACHABLE',
      message: `what answers there is no Saker: status ${status} without a code`,
    })
  })

  it('waits when it is asked to write more slowly', async () => {
    let asked = 0
    const { url } = await serve((response) => {
      asked += 1
      if (asked > 1) response.end('{"id":"x"}')
      else response.writeHead(429, { 'retry-after': '1' }).end('{"code":"WRITES_THROTTLED","detail":"too many"}')
    })

    const answer = await new AdminClient({ server: url }).decide('release', 'x')

    expect([answer, asked]).toEqual([{ id: 'x' }, 2])
  })

  it.each([
    [undefined, 'POST /api/pause'],
    ['a/b', 'POST /api/lanes/a%2Fb/pause'],
  ])('pauses lane %s', async (lane, request) => {
    const { url, requests } = await serve((response) => response.end('{"lanes":["a-1"],"writing":["a-1",7]}'))

    const answer = await new AdminClient({ server: url }).pause(lane)

    expect(answer).toEqual({ lanes: ['a-1'], writing: ['a-1'] })
    expect(requests.map(({ method, url: path }) => `${method} ${path}`)).toEqual([request])
  })

  it('follows no redirect, which could carry the token elsewhere', async () => {
    const elsewhere = await serve((response) => response.end('{}'))
    const { url } = await serve((response) => response.writeHead(307, { location: elsewhere.url }).end())

    await expect(new AdminClient({ server: url, adminToken: 't' }).decide('retry', 'x')).rejects.toMatchObject({
      code: 'ADMIN_UNREACHABLE',
    })
    expect(elsewhere.requests).toEqual([])
  })

  it.each(['127.0.0.1:8081', 'ftp://x', 'localhost'])('refuses %s as a server', (server) => {
    expect(() => new AdminClient({ server })).toThrow(/--server must be an http or https URL/u)
  })

  it('refuses a token that no header can hold, without repeating it', () => {
    expect(() => new AdminClient({ server: '', adminToken: 's3cret\r\nx: y' })).toThrow(
      /^--admin-token holds what no token can$/u,
    )
  })
})
