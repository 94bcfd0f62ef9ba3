import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Secret, type Delivery, type Finding } from '@saker/core'
import { probeRedis } from '@saker/queue'
import { probeRepository } from '@saker/repository'
import { describe, expect, it } from 'vitest'
import { aRepository } from '../support/a-repository.ts'
import { BareRepository } from '../support/bare-repository.ts'
import { GitHttpServer, type Intercept } from '../support/git-http-server.ts'
import { freePort, redisAvailable, startRedisServer } from '../support/redis-server.ts'
import { afterThisTest, temporaryFolder } from '../support/saker.ts'

const PASSWORD = 'hunter2hunter2'

function verdicts(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ verdict, what }) => `${verdict} ${what}`)
}

/** Asks a server that is real, and shows that nothing has changed there and nothing is left here. */
async function probeServer(
  deliveries: readonly Delivery[],
  intercept?: Intercept,
  settings: readonly string[] = [],
): Promise<readonly Finding[]> {
  const origin = await BareRepository.create({ 'web.yaml': 'a: b\n' })
  afterThisTest(() => origin.remove())
  for (const key of settings) await origin.git(['config', key, 'true'])
  const server = await GitHttpServer.start(origin, {
    password: PASSWORD,
    ...(intercept === undefined ? {} : { intercept }),
  })
  afterThisTest(() => server.close())
  const dataDir = await temporaryFolder()
  const before = await origin.git(['for-each-ref'])
  const repository = aRepository({
    location: { kind: 'git', url: server.url },
    auth: { kind: 'token', tokenFrom: { env: 'TOKEN' } },
  })
  const opening = { readSecret: async (): Promise<Secret> => new Secret(PASSWORD), dataDir, observe: () => {} }
  const signal = new AbortController().signal
  const findings = await probeRepository(repository, opening, { deliveries, namesAuthor: false, signal })
  expect(await origin.git(['for-each-ref'])).toBe(before)
  expect(await readdir(join(dataDir, 'git'))).toEqual([])
  expect(JSON.stringify(findings)).not.toContain(PASSWORD)
  return findings
}

/** A server that lets everybody in read, and nobody push. */
const readOnly: Intercept = (request, response) => {
  if (request.url?.includes('git-receive-pack') !== true) return false
  response.writeHead(403).end()
  return true
}

describe('probeRepository of a Git server', () => {
  it('finds the branch, and that it may be pushed to', async () => {
    expect(verdicts(await probeServer(['commit']))).toEqual(['ok reachable', 'ok push'])
  })

  it('finds that it may not be pushed to', async () => {
    const findings = await probeServer(['commit'], readOnly)

    expect(verdicts(findings)).toEqual(['ok reachable', 'fail push'])
    expect(findings[1]?.message).toContain('CREDENTIAL_FORBIDDEN')
  })

  it('finds whether pull requests can come of what is pushed', async () => {
    const takesOptions = ['receive.advertisePushOptions']

    const [plain, gitlab, both] = [
      await probeServer(['pull-request']),
      await probeServer(['pull-request'], undefined, takesOptions),
      await probeServer(['commit', 'pull-request'], undefined, takesOptions),
    ]

    expect(verdicts(plain)).toEqual(['ok reachable', 'ok push', 'warn pull requests'])
    expect(plain[2]?.remedy).toContain('by hand')
    expect(verdicts(gitlab)).toEqual(['ok reachable', 'ok push', 'ok pull requests'])
    expect(verdicts(both)).toEqual(['ok reachable', 'ok push', 'ok pull requests'])
  })

  it('finds once that nothing may be pushed, whatever is to be pushed', async () => {
    expect(verdicts(await probeServer(['pull-request'], readOnly))).toEqual(['ok reachable', 'fail push'])
    expect(verdicts(await probeServer(['commit', 'pull-request'], readOnly))).toEqual(['ok reachable', 'fail push'])
  })

  it('asks for no push where nothing is written', async () => {
    expect(verdicts(await probeServer(['observe'], readOnly))).toEqual(['ok reachable'])
  })

  it('ends in what keeps it from reading', async () => {
    const nobody: Intercept = (_, response) => {
      response.writeHead(401).end()
      return true
    }

    await expect(probeServer(['commit'], nobody)).rejects.toMatchObject({ code: 'CREDENTIAL_INVALID' })
  })
})

describe.skipIf(!redisAvailable)('probeRedis', () => {
  const redis = async (...args: readonly string[]): Promise<string> => {
    const server = await startRedisServer({ args })
    afterThisTest(() => server.remove())
    return server.url
  }
  const ask = async (url: string): Promise<readonly Finding[]> => probeRedis(url, AbortSignal.timeout(5000))

  it('finds a Redis fit', async () => {
    expect(verdicts(await ask(await redis()))).toEqual(['ok reachable', 'ok fit', 'ok durable'])
  })

  it('tells of an eviction policy that drops alerts, and of a file that is off', async () => {
    const url = await redis('--maxmemory-policy', 'allkeys-lru', '--appendonly', 'no')

    expect(await ask(url)).toMatchObject([
      { verdict: 'ok' },
      { verdict: 'fail', message: expect.stringContaining('allkeys-lru') },
      { verdict: 'warn', remedy: 'set appendonly yes' },
    ])
  })

  it('tells of a password that is wrong without showing it', async () => {
    const url = (await redis()).replace('redis://', `redis://nobody:${PASSWORD}@`)

    const findings = await ask(url)

    expect(verdicts(findings)).toEqual(['fail reachable'])
    expect(JSON.stringify(findings)).toMatch(/WRONGPASS/u)
    expect(JSON.stringify(findings)).not.toContain(PASSWORD)
  })

  it('tells that nobody answers, when the time is over', async () => {
    const url = `redis://127.0.0.1:${await freePort()}`

    const findings = await probeRedis(url, AbortSignal.timeout(500))

    expect(findings).toMatchObject([{ verdict: 'fail', message: expect.stringContaining('ECONNREFUSED') }])
  })
})
