import { createHmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { silentLog, type Log } from '@saker/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { notifyFluxReceiver, type NotifyOptions } from './flux-receiver.ts'

let server: Server
let url: string
let statuses: number[]
let received: { method: string | undefined; signature: string | undefined; body: string }[]

beforeEach(async () => {
  statuses = []
  received = []
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      received.push({ method: request.method, signature: request.headers['x-signature'] as string | undefined, body })
      response.writeHead(statuses.shift() ?? 200).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/0123abc`
})
afterEach(() => new Promise((resolve) => server.close(resolve)))

const options: NotifyOptions = { signal: new AbortController().signal, wait: async () => {} }

describe('notifyFluxReceiver', () => {
  it('posts an empty object to a generic receiver', async () => {
    const taken = await notifyFluxReceiver({ url }, silentLog, options)

    expect(taken).toBe(true)
    expect(received).toEqual([{ method: 'POST', signature: undefined, body: '{}' }])
  })

  it('signs the body for a generic-hmac receiver', async () => {
    await notifyFluxReceiver({ url, hmacKey: 'key' }, silentLog, options)

    expect(received[0]?.signature).toBe(`sha256=${createHmac('sha256', 'key').update('{}').digest('hex')}`)
  })

  it('tries again when the receiver is not ready yet', async () => {
    statuses = [503]

    const taken = await notifyFluxReceiver({ url }, silentLog, options)

    expect(taken).toBe(true)
    expect(received).toHaveLength(2)
  })

  it('gives up after four tries without naming the secret path', async () => {
    statuses = [503, 500, 429, 502]
    const logged: object[] = []
    const log: Log = { ...silentLog, warn: (fields) => void logged.push(fields) }

    const taken = await notifyFluxReceiver({ url }, log, options)

    expect(taken).toBe(false)
    expect(received).toHaveLength(4)
    expect(JSON.stringify(logged)).not.toContain('0123abc')
  })

  it('does not ask again a receiver that is not there', async () => {
    statuses = [404]

    const taken = await notifyFluxReceiver({ url }, silentLog, options)

    expect(taken).toBe(false)
    expect(received).toHaveLength(1)
  })

  it('says why it could not connect', async () => {
    const reasons: unknown[] = []
    const log: Log = { ...silentLog, warn: (fields) => void reasons.push(Reflect.get(fields, 'reason')) }

    await new Promise((resolve) => server.close(resolve))

    await notifyFluxReceiver({ url }, log, options)

    expect(new Set(reasons)).toEqual(new Set(['ECONNREFUSED']))
  })

  it('ends at once when it is cut off', async () => {
    const taken = await notifyFluxReceiver({ url: 'http://127.0.0.1:9/hook' }, silentLog, {
      ...options,
      signal: AbortSignal.abort(),
    })

    expect(taken).toBe(false)
  })
})
