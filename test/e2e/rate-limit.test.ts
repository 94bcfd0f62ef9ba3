import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogLine } from '@saker/demo'
import { describe, expect, it, vi } from 'vitest'
import { alertBody } from '../support/an-alert.ts'
import { BareRepository } from '../support/bare-repository.ts'
import { DOUBLE_TOKEN, startGitHubDouble } from '../support/github-double/github-double.ts'
import { redisAvailable, startRedisServer } from '../support/redis-server.ts'
import { afterThisTest, startSaker, temporaryFolder, type RunningSaker } from '../support/saker.ts'

const SOON = { timeout: 20_000, interval: 10 }

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: default }
spec: { replicas: 2 }
`

/** Two repositories on GitHub, of one cluster each, that are written with one token; ingest and two workers. */
async function bundle() {
  const double = await startGitHubDouble()
  afterThisTest(() => double.close())
  for (const name of ['one', 'two']) {
    const origin = await BareRepository.create({ 'web.yaml': DEPLOYMENT })
    afterThisTest(() => origin.remove())
    double.host(`acme/${name}`, origin)
  }
  const redis = await startRedisServer()
  afterThisTest(() => redis.remove())
  const config = join(await temporaryFolder(), 'saker.yaml')
  const repository = (name: string): string =>
    `  ${name}:
    github: { owner: acme, repository: ${name}, apiUrl: "${double.apiUrl}" }
    auth: { tokenFrom: { env: GITHUB_TOKEN } }
    delivery: commit
    clusters: { ${name}: {} }
`
  await writeFile(
    config,
    `version: 1
repositories:
${repository('one')}${repository('two')}responses: [{ name: contain, match: {}, actions: [{ contain: {} }] }]
`,
  )
  const env = { REDIS_URL: redis.url, GITHUB_TOKEN: DOUBLE_TOKEN }
  const [ingest, ...workers] = await Promise.all([
    startSaker(['ingest', '--config', config], env),
    startSaker(['worker', '--config', config], env),
    startSaker(['worker', '--config', config], env),
  ])
  const send = async (cluster: string): Promise<number> => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${ingest.ingest}/clusters/${cluster}`, { method: 'POST', headers, body: alertBody() })
    return answer.status
  }
  return { double, workers, send }
}

function linesOf(workers: readonly RunningSaker[], message: string): readonly LogLine[] {
  return workers.flatMap(({ process }) => process.lines).filter(({ msg }) => msg === message)
}

describe.skipIf(!redisAvailable)('a host that asks for patience', () => {
  it('is asked by no lane and no worker of that credential before the time is over, and alerts are kept', async () => {
    const { double, workers, send } = await bundle()
    double.faults.push({
      match: { any: true },
      kind: 'status',
      status: 403,
      headers: { 'retry-after': '4' },
      body: { message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.' },
    })

    const refusedAt = Date.now()
    expect(await send('one')).toBe(202)
    await vi.waitFor(() => expect(linesOf(workers, 'lane sleeps')).toHaveLength(1), SOON)
    const asked = double.requests.length
    expect(await send('two')).toBe(202)
    await vi.waitFor(() => expect(linesOf(workers, 'lane sleeps')).toHaveLength(2), SOON)

    expect(double.requests).toHaveLength(asked)
    await vi.waitFor(() => expect(linesOf(workers, 'response settled')).toHaveLength(2), SOON)
    const [first] = linesOf(workers, 'commit made').toSorted((a, b) => a.time - b.time)
    expect((first?.time ?? 0) - refusedAt).toBeGreaterThan(4000)
    expect(linesOf(workers, 'response settled').map(({ outcome }) => outcome)).toEqual(['committed', 'committed'])
  })
})
