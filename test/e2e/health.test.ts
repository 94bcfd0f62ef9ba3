import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { describe, expect, it, vi } from 'vitest'
import { redisAvailable, startRedisServer } from '../support/redis-server.ts'
import { afterThisTest, startSaker, temporaryFolder } from '../support/saker.ts'

const SOON = { timeout: 15_000, interval: 50 }

const CONFIG = `version: 1
repositories: { fleet: { git: { url: "file:///srv/git/fleet.git" }, delivery: commit } }
responses: [{ name: contain, match: {}, actions: [{ contain: {} }] }]
outcomes: { keep: 1d, keepFailed: 2d }
`

describe.skipIf(!redisAvailable)('the health of a service', () => {
  it.each(['ingest', 'worker'])(
    '%s is ready only while Redis can keep what it is given, and says why not',
    async (service) => {
      const server = await startRedisServer()
      afterThisTest(() => server.remove())
      const operator = new Redis(server.url, { retryStrategy: () => 100 })
      operator.on('error', () => undefined)
      afterThisTest(async () => operator.disconnect())
      const config = join(await temporaryFolder(), 'saker.yaml')
      await writeFile(config, CONFIG)
      const { admin } = await startSaker([service, '--config', config], { REDIS_URL: server.url })
      const health = async (): Promise<number> => (await fetch(`${admin}/healthz`)).status
      const readiness = async (): Promise<{ status: number; redis: string }> => {
        const answer = await fetch(`${admin}/readyz`)
        const { checks } = (await answer.json()) as { checks: { redis: string } }
        return { status: answer.status, redis: checks.redis }
      }
      const becomes = (status: number, redis: RegExp): Promise<void> =>
        vi.waitFor(async () => {
          const found = await readiness()
          expect(found.status).toBe(status)
          expect(found.redis).toMatch(redis)
        }, SOON)
      await becomes(200, /^ok$/u)

      await operator.config('SET', 'maxmemory-policy', 'allkeys-lru')
      await becomes(503, /maxmemory-policy is allkeys-lru, which may drop alerts; set noeviction/u)
      await operator.config('SET', 'maxmemory-policy', 'noeviction')
      await becomes(200, /^ok$/u)

      await operator.replicaof('127.0.0.1', 1)
      await becomes(503, /read-only replica/u)
      await operator.replicaof('NO', 'ONE')
      await becomes(200, /^ok$/u)

      await server.kill()
      await becomes(503, new RegExp(`Redis at 127.0.0.1:${server.port}`, 'u'))
      expect(await health()).toBe(200)
      await server.start()
      await becomes(200, /^ok$/u)
    },
  )

  it('shows how the lanes are doing in its metrics', async () => {
    const server = await startRedisServer()
    afterThisTest(() => server.remove())
    const config = join(await temporaryFolder(), 'saker.yaml')
    await writeFile(config, CONFIG)
    const { admin } = await startSaker(['worker', '--config', config], { REDIS_URL: server.url })

    const metrics = async (): Promise<string> => (await fetch(`${admin}/metrics`)).text()
    const lane = 'lane="file-srv-git-fleet-main-[0-9a-f]{6}"'

    await vi.waitFor(async () => {
      expect(await metrics()).toMatch(new RegExp(`^saker_jobs\\{${lane},state="waiting"\\} 0$`, 'mu'))
    }, SOON)
    expect(await metrics()).toMatch(new RegExp(`^saker_oldest_job_age_seconds\\{${lane}\\} 0$`, 'mu'))
    expect(await metrics()).toMatch(new RegExp(`^saker_lane_asleep\\{${lane}\\} 0$`, 'mu'))
  })
})
