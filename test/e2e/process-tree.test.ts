import { execaSync } from 'execa'
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

async function upWithRepository(): Promise<{ saker: RunningSaker; origin: BareRepository }> {
  const origin = await BareRepository.create({ 'alpine.yaml': DEPLOYMENT })
  afterThisTest(() => origin.remove())
  const config = join(await temporaryFolder(), 'saker.yaml')
  await writeFile(
    config,
    `version: 1
repositories: { fleet: { git: { url: "file://${origin.path}" }, delivery: commit } }
responses: [{ name: contain, match: {}, actions: [{ contain: {} }] }]
`,
  )
  return { saker: await startSaker(['up', '--config', config]), origin }
}

async function send(saker: RunningSaker): Promise<Response> {
  return fetch(saker.ingest, { method: 'POST', headers: { 'content-type': 'application/json' }, body: TUTORIAL_ALERT })
}

/** Process ids of the workers that a Saker has started. */
function workersOf(saker: RunningSaker): readonly number[] {
  const { stdout } = execaSync('pgrep', ['-P', String(saker.process.pid), '-f', ' worker '], { reject: false })
  return stdout.split('\n').filter(Boolean).map(Number)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const SOON = { timeout: 20_000, interval: 50 }

describe.skipIf(!redisAvailable)('saker up as a process tree', () => {
  it('shows the metrics of ingest and worker together, and is ready only with both', async () => {
    const { saker } = await upWithRepository()
    await send(saker)
    await saker.settled()

    const ready = await fetch(`${saker.admin}/readyz`)
    const metrics = await (await fetch(`${saker.admin}/metrics`)).text()

    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: 'ready', checks: { redis: 'ok', worker: 'ok' } },
    ])
    expect(metrics).toContain('saker_alerts_total{cluster="default",format="webhook",result="accepted",reason=""} 1')
    expect(metrics).toContain('saker_responses_total{response="contain",outcome="committed",code=""} 1')
    expect(metrics).toContain('saker_commits_total{repository="fleet",delivery="commit"} 1')
    expect(metrics).toMatch(/saker_build_info\{version="[^"]+"\} 1\n/u)
  })

  it('starts a killed worker again, which answers what was accepted meanwhile', async () => {
    const { saker, origin } = await upWithRepository()
    const [first = 0] = workersOf(saker)
    process.kill(first, 'SIGKILL')
    await vi.waitFor(() => expect(isAlive(first)).toBe(false), SOON)

    const answer = await send(saker)
    const settled = await saker.settled()

    expect(answer.status).toBe(202)
    expect(settled).toMatchObject({ outcome: 'committed' })
    expect(await origin.read('alpine.yaml')).toBe(DEPLOYMENT.replace('2', '0'))
    expect(workersOf(saker)).not.toContain(first)
  })

  it('leaves no worker behind when it is killed itself', async () => {
    const { saker } = await upWithRepository()
    const [worker = 0] = workersOf(saker)

    process.kill(saker.process.pid, 'SIGKILL')

    await vi.waitFor(() => expect(isAlive(worker)).toBe(false), SOON)
  })

  it('ends on SIGTERM with its worker and its Redis, and exit code 0', async () => {
    const { saker } = await upWithRepository()
    const [worker = 0] = workersOf(saker)

    process.kill(saker.process.pid, 'SIGTERM')
    const { code } = await saker.process.ended()

    expect(code).toBe(0)
    expect(isAlive(worker)).toBe(false)
  })
})
