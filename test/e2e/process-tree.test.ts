import { execaSync } from 'execa'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { TUTORIAL_ALERT, type LogLine } from '@saker/demo'
import { describe, expect, it, vi } from 'vitest'
import { BareRepository } from '../support/bare-repository.ts'
import { redisAvailable } from '../support/redis-server.ts'
import { afterThisTest, startSaker, temporaryFolder, type RunningSaker } from '../support/saker.ts'

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: { name: alpine-deployment, namespace: default }
spec: { replicas: 2 }
`

async function repositoryAndConfig(): Promise<{ origin: BareRepository; config: string }> {
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
  return { origin, config }
}

async function upWithRepository(): Promise<{ saker: RunningSaker; origin: BareRepository }> {
  const { origin, config } = await repositoryAndConfig()
  return { saker: await startSaker(['up', '--config', config]), origin }
}

async function send(saker: Pick<RunningSaker, 'ingest'>): Promise<Response> {
  return fetch(saker.ingest, { method: 'POST', headers: { 'content-type': 'application/json' }, body: TUTORIAL_ALERT })
}

/** Process ids of the workers that a Saker has started. */
function workersOf(saker: RunningSaker): readonly number[] {
  const { stdout } = execaSync('pgrep', ['-P', String(saker.process.pid), '-f', ' worker '], { reject: false })
  return stdout.split('\n').filter(Boolean).map(Number)
}

/** Whether a process is a grandchild of a Saker, as its Redis is. */
function isRedisOf(saker: RunningSaker, pid: number): boolean {
  const parentOf = (child: string): string => execaSync('ps', ['-o', 'ppid=', '-p', child]).stdout.trim()
  return parentOf(parentOf(String(pid))) === String(saker.process.pid)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Has the first push to a repository take `seconds`. Gives a check whether one has begun. */
async function slowPushes(origin: BareRepository, seconds: number): Promise<() => boolean> {
  const begun = join(await temporaryFolder(), 'begun')
  const hook = join(origin.path, 'hooks', 'pre-receive')
  await mkdir(join(origin.path, 'hooks'), { recursive: true })
  await writeFile(hook, `#!/bin/sh\n[ -e '${begun}' ] && exit 0\ntouch '${begun}'\nsleep ${seconds}\n`, { mode: 0o755 })
  return () => existsSync(begun)
}

/** Starts Saker as a shell does: through the launcher, in a process group of its own, which Ctrl-C goes to as a whole. */
async function upInForeground(config: string): Promise<{
  readonly line: (fits: (line: LogLine) => boolean) => Promise<LogLine>
  readonly lines: readonly LogLine[]
  readonly interrupt: () => void
  readonly ended: Promise<unknown[]>
}> {
  const launcher = ['tools/with-node.mjs', 'apps/cli/src/main.ts', 'up', '--config', config]
  const addresses = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0']
  const child = spawn(process.execPath, [...launcher, ...addresses, '--data-dir', await temporaryFolder()], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: LogLine[] = []
  const take = (text: string): void => {
    if (text.startsWith('{')) lines.push(JSON.parse(text) as LogLine)
  }
  createInterface(child.stdout).on('line', take)
  createInterface(child.stderr).on('line', take)
  const ended = once(child, 'close')
  const interrupt = (): void => void process.kill(-(child.pid ?? 0), 'SIGINT')
  afterThisTest(async () => {
    if (child.exitCode === null) process.kill(-(child.pid ?? 0), 'SIGKILL')
    await ended
  })
  const line = (fits: (line: LogLine) => boolean): Promise<LogLine> =>
    vi.waitFor(() => {
      const found = lines.find(fits)
      if (found === undefined) throw new Error(`no such line:\n${lines.map((one) => JSON.stringify(one)).join('\n')}`)
      return found
    }, SOON)
  return { line, lines, interrupt, ended }
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

  it('takes up at once what a killed worker had under way', async () => {
    const { saker, origin } = await upWithRepository()
    const hasBegun = await slowPushes(origin, 3)
    await send(saker)
    await vi.waitFor(() => expect(hasBegun()).toBe(true), SOON)

    const started = performance.now()
    for (const worker of workersOf(saker)) process.kill(worker, 'SIGKILL')
    const settled = await saker.settled()

    expect(settled['outcome']).toMatch(/committed|unchanged/u)
    expect(performance.now() - started).toBeLessThan(12_000)
    expect(await origin.read('alpine.yaml')).toBe(DEPLOYMENT.replace('2', '0'))
  })

  it('starts its killed Redis again and takes alerts without a restart', async () => {
    const { saker, origin } = await upWithRepository()
    const [worker] = workersOf(saker)
    const { stdout } = execaSync('ps', ['-eo', 'pid=,args='])
    const servers = [...stdout.matchAll(/^ *([0-9]+) \S*redis-server /gmu)].map(([, pid]) => Number(pid))
    const own = servers.filter((pid) => isRedisOf(saker, pid))
    expect(own).toHaveLength(1)

    for (const pid of own) process.kill(pid, 'SIGKILL')
    await saker.process.line('restarted', ({ msg }) => msg === 'private Redis runs again')
    const answer = await vi.waitFor(async () => {
      const { status } = await send(saker)
      expect(status).toBe(202)
      return status
    }, SOON)

    expect(answer).toBe(202)
    expect(await saker.settled()).toMatchObject({ outcome: 'committed' })
    expect(await origin.read('alpine.yaml')).toBe(DEPLOYMENT.replace('2', '0'))
    expect(workersOf(saker)).toEqual([worker])
  })

  it('finishes what is under way at Ctrl-C, which reaches every process of the group, before its Redis ends', async () => {
    const { origin, config } = await repositoryAndConfig()
    const hasBegun = await slowPushes(origin, 2)
    const saker = await upInForeground(config)
    const { ingest } = await saker.line(({ msg }) => msg === 'saker is ready')
    await send({ ingest: String(ingest) })
    await vi.waitFor(() => expect(hasBegun()).toBe(true), SOON)

    saker.interrupt()
    const [code] = await saker.ended

    expect(code).toBe(0)
    expect(saker.lines.filter(({ msg }) => msg === 'response settled')).toMatchObject([{ outcome: 'committed' }])
    expect(saker.lines.filter(({ level, msg }) => Number(level) >= 40 && !/no admin token/u.test(msg))).toEqual([])
    expect(await origin.read('alpine.yaml')).toBe(DEPLOYMENT.replace('2', '0'))
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
