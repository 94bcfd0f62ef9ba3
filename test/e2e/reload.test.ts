import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TUTORIAL_ALERT } from '@saker/demo'
import { describe, expect, it, vi } from 'vitest'
import { BareRepository } from '../support/bare-repository.ts'
import { redisAvailable } from '../support/redis-server.ts'
import { afterThisTest, startSaker, temporaryFolder, type RunningSaker } from '../support/saker.ts'

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: { name: alpine-deployment, namespace: default }
spec: { replicas: 2 }
`

async function repository(): Promise<BareRepository> {
  const origin = await BareRepository.create({ 'alpine.yaml': DEPLOYMENT })
  afterThisTest(() => origin.remove())
  return origin
}

/** A config of one cluster for each repository. */
function configOf(repositories: Readonly<Record<string, BareRepository>>, delivery = 'commit'): string {
  const entries = Object.entries(repositories).map(
    ([name, { path }]) =>
      `  ${name}: { git: { url: "file://${path}" }, delivery: ${delivery}, clusters: { ${name}: {} } }\n`,
  )
  return `version: 1\nrepositories:\n${entries.join('')}responses: [{ name: contain, match: {}, actions: [{ contain: {} }] }]\n`
}

async function send(saker: RunningSaker, cluster: string, suffix = 'm7flp'): Promise<number> {
  const body = TUTORIAL_ALERT.replaceAll('m7flp', suffix)
  const answer = await fetch(`${saker.ingest}/clusters/${cluster}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  return answer.status
}

const SOON = { timeout: 15_000, interval: 100 }

describe.skipIf(!redisAvailable)('a changed config file', () => {
  it('brings a new lane and drains one that is gone, without a restart', async () => {
    const [east, west] = [await repository(), await repository()]
    const config = join(await temporaryFolder(), 'saker.yaml')
    await writeFile(config, configOf({ east }))
    const saker = await startSaker(['up', '--config', config])
    const before = await send(saker, 'west')

    await writeFile(config, configOf({ west }))
    await vi.waitFor(async () => expect(await send(saker, 'west')).toBe(202), SOON)
    const settled = await saker.settled()

    expect(before).toBe(404)
    expect(settled).toMatchObject({ outcome: 'committed', repository: 'west', sha: await west.head() })
    expect(await send(saker, 'east')).toBe(404)
    expect(await east.log()).toHaveLength(1)
  })

  it('is refused as a whole when it is wrong, and what was in use stays', async () => {
    const east = await repository()
    const config = join(await temporaryFolder(), 'saker.yaml')
    await writeFile(config, configOf({ east }))
    const saker = await startSaker(['up', '--config', config])

    await writeFile(config, configOf({ east }, 'never'))
    const refused = await saker.process.line('told', ({ msg }) => msg === 'config refused; the one in use stays')
    const status = await send(saker, 'east')

    expect(JSON.stringify(refused)).toContain('must be commit, pull-request or observe')
    expect(status).toBe(202)
    expect(await saker.settled()).toMatchObject({ outcome: 'committed' })
    await vi.waitFor(async () => {
      const metrics = await (await fetch(`${saker.admin}/metrics`)).text()
      expect(metrics).toMatch(/saker_config_reload_success 0\n/u)
    }, SOON)
  })
})
