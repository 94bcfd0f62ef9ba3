import { randomUUID } from 'node:crypto'
import { silentLog, type Workload } from '@saker/core'
import { WorkloadGuards, type WriteTicket } from '@saker/queue'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { redisAvailable, startRedisServer, type RedisServer } from '../support/redis-server.ts'

const HOUR = 3_600_000

describe.skipIf(!redisAvailable)('the guard that replicas share', () => {
  let server: RedisServer
  let one: WorkloadGuards
  let other: WorkloadGuards
  let cluster: string

  beforeAll(async () => {
    server = await startRedisServer()
    one = new WorkloadGuards({ redisUrl: server.url, log: silentLog })
    other = new WorkloadGuards({ redisUrl: server.url, log: silentLog })
    await Promise.all([ready(one), ready(other)])
  })
  afterAll(async () => {
    await Promise.all([one.close(), other.close()])
    await server.remove()
  })
  beforeEach(() => {
    cluster = `cluster-${randomUUID()}`
  })

  async function ready(guards: WorkloadGuards): Promise<void> {
    await vi.waitFor(() => guards.ofLane('x').mutesOf([workload('x')], 0), { timeout: 10_000, interval: 10 })
  }

  function workload(name: string): Workload {
    return { cluster, namespace: 'default', kind: 'Deployment', name }
  }

  function admit(ticket: WriteTicket, names: readonly string[], count: number, waived = false): Promise<string[]> {
    const stops = names.map((name) => ({ workload: workload(name), waived }))
    return ticket.admit(stops, { count, perMs: HOUR }).then((over) => [...over].map((key) => key.split('/')[3] ?? ''))
  }

  it('never counts more than the cap, however many replicas ask at once', async () => {
    const names = Array.from({ length: 60 }, (_, at) => `web${at}`)

    const over = await Promise.all(
      names.map((name, at) => admit((at % 2 === 0 ? one : other).ofLane(`lane${at % 3}`).openWrite(), [name], 7)),
    )

    expect(over.flat()).toHaveLength(53)
  })

  it('counts a workload once, over retries, replicas and lanes', async () => {
    const ticket = one.ofLane('a').openWrite()
    await admit(ticket, ['web', 'web'], 1)

    expect(await admit(ticket, ['web'], 1)).toEqual([])
    expect(await admit(other.ofLane('b').openWrite(), ['web'], 1)).toEqual([])
    expect(await admit(other.ofLane('b').openWrite(), ['db'], 1)).toEqual(['db'])
  })

  it('counts each cluster by itself', async () => {
    await admit(one.ofLane('a').openWrite(), ['web'], 1)
    cluster = `cluster-${randomUUID()}`

    expect(await admit(one.ofLane('a').openWrite(), ['db'], 1)).toEqual([])
  })

  it('gives back what a write has not stopped, and nothing else', async () => {
    const ticket = one.ofLane('a').openWrite()
    await admit(ticket, ['web', 'db', 'cache'], 3)

    await ticket.close([workload('db')])

    expect(await admit(other.ofLane('a').openWrite(), ['x', 'y', 'z'], 3)).toEqual(['z'])
  })

  it('keeps counting what was stopped before, when a later write of it comes to nothing', async () => {
    const first = one.ofLane('a').openWrite()
    await admit(first, ['web'], 1)
    await first.close([workload('web')])
    const second = other.ofLane('a').openWrite()
    await admit(second, ['web'], 1)
    await second.close([])

    expect(await admit(one.ofLane('a').openWrite(), ['db'], 1)).toEqual(['db'])
  })

  it('keeps counting what another write has counted since', async () => {
    const first = one.ofLane('a').openWrite()
    await admit(first, ['web'], 1)
    await admit(other.ofLane('b').openWrite(), ['web'], 1)
    await first.close([])

    expect(await admit(one.ofLane('a').openWrite(), ['db'], 1)).toEqual(['db'])
  })

  it('keeps all that was counted when nobody knows what became of a write', async () => {
    const ticket = one.ofLane('a').openWrite()
    await admit(ticket, ['web'], 1)

    await ticket.close('unknown')

    expect(await admit(one.ofLane('a').openWrite(), ['db'], 1)).toEqual(['db'])
  })

  it('counts what a person has released, and never refuses it', async () => {
    await admit(one.ofLane('a').openWrite(), ['web'], 1)

    expect(await admit(one.ofLane('a').openWrite(), ['db', 'cache'], 1, true)).toEqual([])
    expect(await admit(one.ofLane('a').openWrite(), ['x'], 3)).toEqual(['x'])
  })

  it('forgets what was stopped longer ago than the span', async () => {
    const ticket = one.ofLane('a').openWrite()
    await ticket.admit([{ workload: workload('web'), waived: false }], { count: 1, perMs: 1 })
    const asked = performance.now()
    while (performance.now() - asked < 5);

    const later = one.ofLane('a').openWrite()
    const over = await later.admit([{ workload: workload('db'), waived: false }], { count: 1, perMs: 1 })

    expect([...over]).toEqual([])
  })

  it('mutes a workload for all replicas until its time has come', async () => {
    const mute = { reason: 'Undone', until: 2000, cause: 'response-1' } as const
    await one.ofLane('a').mute(workload('web'), mute, 1000)

    const guard = other.ofLane('b')

    expect(await guard.mutesOf([workload('web'), workload('db')], 1999)).toEqual(
      new Map([[`${cluster}/default/Deployment/web`, mute]]),
    )
    expect(await guard.mutesOf([workload('web')], 2000)).toEqual(new Map())
  })

  it('mutes once for a cause, and never for a shorter time', async () => {
    const guard = one.ofLane('a')
    const first = { reason: 'ForeignRevert', until: 2000, cause: 'response-1' } as const
    await guard.mute(workload('web'), first, 1000)

    const again = await guard.mute(workload('web'), { ...first, until: 9000 }, 3000)
    const shorter = await guard.mute(workload('web'), { ...first, until: 1500, cause: 'response-2' }, 1000)
    const longer = await guard.mute(workload('web'), { ...first, until: 4000, cause: 'response-2' }, 1000)

    expect([again, shorter, longer]).toEqual([first, first, { ...first, until: 4000, cause: 'response-2' }])
  })

  it('lets nothing be written when Redis does not answer', async () => {
    const lonely = await startRedisServer()
    const guards = new WorkloadGuards({ redisUrl: lonely.url, log: silentLog })
    await ready(guards)
    await lonely.remove()

    await expect(admit(guards.ofLane('a').openWrite(), ['web'], 9)).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' })
    await expect(guards.ofLane('a').mutesOf([workload('web')], 0)).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' })
    await guards.close()
  })
})
