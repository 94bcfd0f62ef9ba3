import { parseConfig, silentLog, type Repository } from '@saker/core'
import { credentialOf, CredentialBudget, type WriteLimit } from '@saker/queue'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { redisAvailable, startRedisServer, type RedisServer } from '../support/redis-server.ts'

const HOUR_MS = 3_600_000
const LIMITED = expect.objectContaining({ code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) as number }) as Error

describe.skipIf(!redisAvailable)('the budget of a credential', () => {
  let server: RedisServer
  let redis: Redis
  let made = 0
  const budgets: CredentialBudget[] = []
  const { signal } = new AbortController()

  beforeAll(async () => {
    server = await startRedisServer()
    redis = new Redis(server.url)
    redis.on('error', () => undefined)
  })
  afterAll(async () => {
    redis.disconnect()
    await server.remove()
  })
  afterEach(async () => {
    server.thaw()
    await Promise.all(budgets.splice(0).map((budget) => budget.close()))
  })

  /** A replica's view, connected. */
  async function replica(...limits: WriteLimit[]): Promise<CredentialBudget> {
    const warned: string[] = []
    const log = { ...silentLog, warn: (_: object, message: string) => void warned.push(message) }
    const budget = new CredentialBudget({ redisUrl: server.url, log, ...(limits.length === 0 ? {} : { limits }) })
    budgets.push(budget)
    await vi.waitFor(async () => {
      warned.length = 0
      await budget.check('nobody', { writing: true })
      expect(warned).toEqual([])
    })
    return budget
  }

  function freshCredential(): string {
    made += 1
    return `credential-${made}`
  }

  it('lets no span of its length hold more writes than the limit, over all replicas', async () => {
    const limit = { writes: 10, perMs: 1500 }
    const replicas = [await replica(limit), await replica(limit)]
    const credential = freshCredential()
    const written: number[] = []
    const until = performance.now() + 3500
    const write = async (budget: CredentialBudget): Promise<void> => {
      while (performance.now() < until) {
        const admitted = await budget.admit(credential, signal).then(
          () => true,
          () => false,
        )
        if (admitted) written.push(performance.now())
      }
    }

    await Promise.all([...replicas, ...replicas].map(write))

    const most = Math.max(...written.map((from) => written.filter((at) => at >= from && at < from + 1490).length))
    expect(most).toBeLessThanOrEqual(10)
    expect(written.length).toBeGreaterThan(13)
    expect(written.length).toBeLessThanOrEqual(17)
  })

  it('holds every one of several limits', async () => {
    const budget = await replica({ writes: 100, perMs: HOUR_MS }, { writes: 4, perMs: HOUR_MS })
    const credential = freshCredential()

    const answers = await Promise.allSettled([1, 2, 3].map(() => budget.admit(credential, signal)))

    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
  })

  it('lets half of what GitHub allows in a minute through at once, and then waits for seconds, not for the minute', async () => {
    const budget = await replica()
    const credential = freshCredential()
    const started = performance.now()
    for (let write = 0; write < 40; write += 1) await budget.admit(credential, signal)
    const burst = performance.now() - started

    await budget.admit(credential, signal)

    const waited = performance.now() - started - burst
    expect(burst).toBeLessThan(1000)
    expect(waited).toBeGreaterThan(400)
    expect(waited).toBeLessThan(2000)
  })

  it('refuses at once, with the time to wait, where that is long', async () => {
    const budget = await replica({ writes: 2, perMs: HOUR_MS })
    const credential = freshCredential()
    await budget.admit(credential, signal)

    const refused = await budget.admit(credential, signal).catch((thrown: unknown) => thrown)

    expect(refused).toMatchObject({ code: 'RATE_LIMITED', retryable: true })
    expect((refused as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(HOUR_MS - 10_000)
    await expect(budget.check(credential, { writing: true })).rejects.toEqual(LIMITED)
    await expect(budget.check(credential, { writing: false })).resolves.toBeUndefined()
  })

  it('gives up waiting when it is told to', async () => {
    const budget = await replica({ writes: 2, perMs: 1500 })
    const credential = freshCredential()
    await budget.admit(credential, signal)
    const stopping = new AbortController()

    const waiting = budget.admit(credential, stopping.signal)
    stopping.abort()

    await expect(waiting).rejects.toThrow(/abort/u)
  })

  it('leaves other credentials alone', async () => {
    const budget = await replica({ writes: 2, perMs: HOUR_MS })
    await budget.admit(freshCredential(), signal)

    await expect(budget.admit(freshCredential(), signal)).resolves.toBeUndefined()
  })

  it('keeps all replicas silent once one of them was told to be', async () => {
    const [told, other] = [await replica(), await replica()]
    const credential = freshCredential()

    await told.blocked(credential, Date.now() + 1200)
    await told.blocked(credential, Date.now() + 100)

    for (const budget of [told, other]) {
      await expect(budget.check(credential, { writing: false })).rejects.toEqual(LIMITED)
      await expect(budget.admit(credential, signal)).rejects.toEqual(LIMITED)
    }
    await vi.waitFor(() => Promise.all([told, other].map((budget) => budget.admit(credential, signal))), {
      timeout: 3000,
      interval: 20,
    })
  })

  it('leaves nothing in Redis for ever', async () => {
    const budget = await replica()
    const credential = freshCredential()
    await budget.admit(credential, signal)
    await budget.blocked(credential, Date.now() + 60_000)

    const keys = await redis.keys(`saker:{budget.${credential}}:*`)
    const ttls = await Promise.all(keys.map((key) => redis.pttl(key)))

    expect(keys).toHaveLength(3)
    expect(ttls.every((ttl) => ttl > 0 && ttl <= HOUR_MS)).toBe(true)
  })

  it('lets everything through, soon, while Redis cannot say', async () => {
    const budget = await replica({ writes: 2, perMs: HOUR_MS })
    const credential = freshCredential()
    await budget.admit(credential, signal)
    server.freeze()
    const started = performance.now()

    await budget.check(credential, { writing: true })
    await budget.admit(credential, signal)

    expect(performance.now() - started).toBeLessThan(1500)
  })
})

describe('the identity of a credential', () => {
  function repositories(...all: object[]): readonly Repository[] {
    const written = Object.fromEntries(all.map((one, at) => [`r${at}`, { delivery: 'commit', ...one }]))
    const responses = [{ name: 'contain', match: {}, actions: [{ contain: {} }] }]
    const parsed = parseConfig({ version: 1, repositories: written, responses })
    if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults))
    return parsed.config.repositories
  }

  const auth = { tokenFrom: { env: 'GITHUB_TOKEN' } }
  const clusters = (name: string): object => ({ clusters: { [name]: {} } })

  it('is one for two repositories that share a token, and none for hosts without such limits', () => {
    const [one, two, elsewhere, another, git] = repositories(
      { github: { owner: 'acme', repository: 'a' }, auth, ...clusters('a') },
      { github: { owner: 'acme', repository: 'b' }, auth, ...clusters('b') },
      {
        github: { owner: 'acme', repository: 'c', apiUrl: 'https://github.example.com/api/v3' },
        auth,
        ...clusters('c'),
      },
      { github: { owner: 'acme', repository: 'd' }, auth: { tokenFrom: { env: 'OTHER' } }, ...clusters('d') },
      { git: { url: 'https://git.example.com/fleet' }, auth, ...clusters('e') },
    ).map(credentialOf)

    expect(one).toMatch(/^[0-9a-f]{16}$/u)
    expect(two).toBe(one)
    expect(new Set([one, elsewhere, another]).size).toBe(3)
    expect(git).toBeUndefined()
  })
})
