import { describe, expect, it } from 'vitest'
import { buildAdminServer } from './admin-server.ts'
import { isLoopback, parseListenAddress } from './listen-address.ts'
import { Metrics } from './metrics.ts'

describe('buildAdminServer', () => {
  it('is ready only when every check holds, and names those that do not', async () => {
    const metrics = new Metrics('1.2.3')
    let redisProblem: string | undefined = 'Redis gave no answer'
    const app = buildAdminServer({
      metrics: metrics.alone(),
      checks: [
        {
          name: 'redis',
          check: async () => (redisProblem === undefined ? undefined : Promise.reject(new Error(redisProblem))),
        },
        { name: 'worker', check: async () => {} },
      ],
    })

    const away = await app.inject('/readyz')
    redisProblem = undefined
    const back = await app.inject('/readyz')

    expect([away.statusCode, away.json()]).toEqual([
      503,
      { status: 'not ready', checks: { redis: 'Redis gave no answer', worker: 'ok' } },
    ])
    expect([back.statusCode, back.json()]).toEqual([200, { status: 'ready', checks: { redis: 'ok', worker: 'ok' } }])
  })

  it('shows metrics in the format that Prometheus reads', async () => {
    const metrics = new Metrics('1.2.3')
    metrics.settled(
      { name: 'contain', actions: [{ action: 'contain' }] },
      { outcome: 'committed', sha: 'abc' },
      { receivedAt: 1000, settledAt: 1400 },
    )
    const app = buildAdminServer({ metrics: metrics.alone(), checks: [] })

    const answer = await app.inject('/metrics')

    expect(answer.headers['content-type']).toContain('text/plain; version=0.0.4')
    expect(answer.body).toContain('saker_responses_total{response="contain",outcome="committed",code=""} 1')
    expect(answer.body).toContain('saker_alert_to_commit_seconds_sum 0.4')
    expect(answer.body).toContain('saker_build_info{version="1.2.3"} 1')
  })
})

describe('parseListenAddress', () => {
  it.each([
    ['0.0.0.0:8080', { host: '0.0.0.0', port: 8080 }, false],
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }, true],
    ['[::1]:8080', { host: '::1', port: 8080 }, true],
    ['localhost:9', { host: 'localhost', port: 9 }, true],
    [':8080', { host: '0.0.0.0', port: 8080 }, false],
  ])('reads %s', (text, address, loopback) => {
    const parsed = parseListenAddress(text, '--listen')

    expect(parsed).toEqual(address)
    expect(isLoopback(parsed)).toBe(loopback)
  })

  it.each(['8080', '127.0.0.1', '127.0.0.1:99999', '::1:80', 'http://x:1'])('refuses %s', (text) => {
    expect(() => parseListenAddress(text, '--listen')).toThrow(/--listen must be HOST:PORT/u)
  })
})
