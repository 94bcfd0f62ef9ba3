import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseResponseLines, parseUndoneIds } from '@saker/core'
import type { LogLine } from '@saker/demo'
import { describe, expect, it, vi } from 'vitest'
import { alertBody } from '../support/an-alert.ts'
import { BareRepository } from '../support/bare-repository.ts'
import { GitHttpServer } from '../support/git-http-server.ts'
import { DOUBLE_TOKEN, startGitHubDouble } from '../support/github-double/github-double.ts'
import type { RepositoryTraits } from '../support/github-double/hosted-repository.ts'
import { redisAvailable, startRedisServer } from '../support/redis-server.ts'
import { runSaker } from '../support/run-saker.ts'
import { afterThisTest, startSaker, temporaryFolder, type RunningSaker } from '../support/saker.ts'

const SOON = { timeout: 120_000, interval: 50 }
/** How often is looked what has become of a pull request, and then some. */
const LOOKED = { timeout: 200_000, interval: 200 }

function deployment(name: string, replicas = 2): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: default }
spec: { replicas: ${replicas} } # as many as the zones
`
}

interface World {
  readonly delivery?: string
  readonly more?: string
  readonly traits?: Partial<RepositoryTraits>
}

/** A repository on GitHub with the Deployments `web`, `api` and `db`, and what starts services that answer alerts there. */
async function world({ delivery = 'pull-request', more = '', traits = {} }: World = {}) {
  const names = ['web', 'api', 'db']
  const origin = await BareRepository.create(
    Object.fromEntries(names.map((name) => [`${name}.yaml`, deployment(name)])),
  )
  afterThisTest(() => origin.remove())
  const double = await startGitHubDouble()
  afterThisTest(() => double.close())
  const repository = double.host('acme/fleet', origin, traits)
  const redis = await startRedisServer()
  afterThisTest(() => redis.remove())
  const where = `    github: { owner: acme, repository: fleet, apiUrl: "${double.apiUrl}" }
    auth: { tokenFrom: { env: GITHUB_TOKEN } }`
  const config = await configFile(where, delivery, more)
  const quicker = { SAKER_LOCK_DURATION: '2s', SAKER_PROPOSAL_INTERVAL: '2s' }
  const env = { REDIS_URL: redis.url, GITHUB_TOKEN: DOUBLE_TOKEN, ...quicker }
  const start = (service: string): Promise<RunningSaker> => startSaker([service, '--config', config], env)
  const command = async (...args: readonly string[]) => {
    const ended = await runSaker([...args, '--config', config, '--data-dir', await temporaryFolder()], { env })
    return { ...ended, printed: ended.stdout + ended.stderr }
  }
  return { origin, double, repository, pulls: repository.pullRequests, start, command }
}

async function configFile(where: string, delivery: string, more = ''): Promise<string> {
  const config = join(await temporaryFolder(), 'saker.yaml')
  await writeFile(
    config,
    `version: 1
repositories:
  fleet:
${where}
    delivery: ${delivery}
responses: [{ name: contain, match: {}, actions: [{ contain: {} }] }]
dedupe: { window: 0s }
coalesce: { quiet: 200ms, max: 2s }
${more}`,
  )
  return config
}

let sent = 0

/** Sends an alert of its own for each workload: the very same one twice would be taken for one. */
async function send({ ingest }: RunningSaker, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    sent += 1
    const time = `2026-05-25T13:44:05.${String(sent).padStart(9, '0')}Z`
    const fields = { 'k8s.ns.name': 'default', 'k8s.pod.name': `${name}-77789455d6-m7flp` }
    const answer = await fetch(ingest, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: alertBody({ time, output_fields: fields }),
    })
    expect(answer.status).toBe(202)
  }
}

function linesOf({ process }: RunningSaker, message: string): readonly LogLine[] {
  return process.lines.filter(({ msg }) => msg === message)
}

/** The terminal lines of so many responses, once they are there. */
async function settled(saker: RunningSaker, count: number): Promise<readonly LogLine[]> {
  await vi.waitFor(() => expect(linesOf(saker, 'response settled')).toHaveLength(count), SOON)
  return linesOf(saker, 'response settled')
}

const branchesOf = async (origin: BareRepository): Promise<readonly string[]> =>
  (await origin.git(['for-each-ref', '--format=%(refname:short)', 'refs/heads']))
    .split('\n')
    .filter((name) => name !== '')

describe.skipIf(!redisAvailable)('delivery by pull request', () => {
  it('answers a burst with one branch, one commit and one pull request, adds to it, and begins anew after its merge', async () => {
    const { origin, double, pulls, start, command } = await world()
    const saker = await start('up')

    await send(saker, 'web', 'api')
    const burst = await settled(saker, 2)

    expect(burst).toMatchObject([
      { outcome: 'proposed', number: 1, url: expect.stringContaining('/acme/fleet/pull/1') },
      { outcome: 'proposed', number: 1 },
    ])
    const branch = String(burst[0]?.['branch'])
    expect(await branchesOf(origin)).toEqual(['main', branch])
    expect(await origin.log(branch)).toHaveLength(2)
    expect(await origin.log()).toHaveLength(1)
    expect(pulls.all).toMatchObject([{ state: 'open', base: 'main', labels: ['saker'] }])

    await send(saker, 'web', 'db')
    const added = await settled(saker, 4)

    expect(added.slice(2)).toMatchObject([
      { outcome: 'proposed', number: 1, branch },
      { outcome: 'proposed', number: 1, branch },
    ])
    expect(await origin.log(branch)).toHaveLength(3)
    expect(pulls.all).toHaveLength(1)
    const ids = parseResponseLines(pulls.get(1).body).map(({ id }) => id)
    expect(new Set(ids)).toEqual(new Set([burst[0], burst[1], added[3]].map((line) => line?.['responseId'])))

    const waiting = JSON.parse((await command('history', '--json')).stdout) as readonly Record<string, unknown>[]
    expect(new Set(waiting.map(({ id, state }) => `${String(id)} ${String(state)}`))).toEqual(
      new Set(ids.map((id) => `${id} proposed`)),
    )
    expect(waiting[0]).toMatchObject({ url: burst[0]?.['url'], branch })

    await pulls.merge(1, 'squash', 'commits')
    await vi.waitFor(
      () => expect(linesOf(saker, 'proposal ended')).toMatchObject([{ state: 'merged', number: 1, responses: 3 }]),
      LOOKED,
    )
    const receipts = (await (await fetch(`${saker.admin}/api/responses?outcome=proposed`)).json()) as {
      readonly responses: readonly { readonly id: string; readonly state?: string; readonly url?: string }[]
    }
    const merged = receipts.responses.filter(({ state }) => state === 'merged').map(({ id }) => id)
    expect(new Set(merged)).toEqual(new Set(ids))
    expect(receipts.responses[0]?.url).toBe(burst[0]?.['url'])

    const done = JSON.parse((await command('history', '--json')).stdout) as readonly Record<string, unknown>[]
    expect(new Set(done.map(({ id, state }) => `${String(id)} ${String(state)}`))).toEqual(
      new Set(ids.map((id) => `${id} done`)),
    )

    await send(saker, 'web')
    expect((await settled(saker, 5))[4]).toMatchObject({ outcome: 'unchanged' })
    const metrics = await (await fetch(`${saker.admin}/metrics`)).text()
    expect(metrics).toContain('saker_responses_total{response="contain",outcome="proposed",code=""} 4')
    expect(metrics).toContain('saker_commits_total{repository="fleet",delivery="pull-request"} 2')
    expect(metrics).toContain('saker_proposals_total{repository="fleet",state="opened"} 1')
    expect(metrics).toContain('saker_proposals_total{repository="fleet",state="merged"} 1')
    expect(double.violations).toEqual([])
  }, 400_000)

  it('leaves alone what was in a pull request that somebody has closed', async () => {
    const { pulls, start, command } = await world()
    const saker = await start('up')
    await send(saker, 'web')
    const [first] = await settled(saker, 1)
    pulls.close(1)

    await send(saker, 'web')
    await settled(saker, 2)
    await send(saker, 'api')
    const lines = await settled(saker, 3)

    expect(lines[1]).toMatchObject({ outcome: 'skipped', reason: 'Muted', mute: { reason: 'PullRequestClosed' } })
    expect(lines[2]).toMatchObject({ outcome: 'proposed', number: 2 })
    expect(lines[2]?.['branch']).not.toBe(first?.['branch'])
    const shown = JSON.parse((await command('history', '--json')).stdout) as readonly Record<string, unknown>[]
    expect(shown).toMatchObject([
      { id: lines[2]?.['responseId'], state: 'proposed' },
      { id: first?.['responseId'], state: 'closed' },
    ])
  }, 240_000)

  it.each(['before', 'after'])(
    'has one pull request when its worker is killed %s it was opened',
    async (when) => {
      const { origin, double, pulls, start } = await world()
      const [ingest, worker] = [await start('ingest'), await start('worker')]
      const opening = { method: 'POST', path: /\/pulls$/u }
      if (when === 'before') double.faults.push({ match: opening, kind: 'never-answer' })
      else double.faults.push({ match: { method: 'POST', path: /\/labels$/u }, kind: 'never-answer' })
      await send(ingest, 'web')
      const struck = when === 'before' ? /\/pulls$/u : /\/labels$/u
      await vi.waitFor(() => expect(double.requests.some(({ path }) => struck.test(path))).toBe(true), SOON)

      process.kill(worker.process.pid, 'SIGKILL')
      const next = await start('worker')
      const [line] = await settled(next, 1)

      expect(line).toMatchObject({ outcome: 'proposed', number: 1 })
      expect(pulls.all).toHaveLength(1)
      expect(await branchesOf(origin)).toHaveLength(2)
      expect(await origin.log(String(line?.['branch']))).toHaveLength(2)
      expect(parseResponseLines(pulls.get(1).body).map(({ id }) => id)).toEqual([line?.['responseId']])
    },
    240_000,
  )

  it('takes back what was merged through a pull request, and what still waits in one there', async () => {
    const { origin, pulls, start, command } = await world()
    const saker = await start('up')
    await send(saker, 'web')
    const [merged] = await settled(saker, 1)
    await pulls.merge(1)
    await send(saker, 'api')
    const waiting = (await settled(saker, 2))[1]

    const both = [
      await command('undo', String(merged?.['responseId']), '--as', 'zoe'),
      await command('undo', String(waiting?.['responseId'])),
    ]

    expect(both.map(({ exitCode, printed }) => [exitCode, printed])).toEqual([
      [0, expect.stringContaining(`proposed to be taken back in ${String(waiting?.['url'])}`)],
      [0, expect.stringContaining(`proposed to be taken back in ${String(waiting?.['url'])}`)],
    ])
    expect(new Set(parseUndoneIds(pulls.get(2).body))).toEqual(
      new Set([merged, waiting].map((line) => line?.['responseId'])),
    )
    expect(await origin.read('web.yaml')).toBe(deployment('web', 0))
    await pulls.merge(2, 'squash')
    expect([await origin.read('web.yaml'), await origin.read('api.yaml')]).toEqual([
      deployment('web'),
      deployment('api'),
    ])
    const shown = JSON.parse((await command('history', '--json')).stdout) as readonly Record<string, unknown>[]
    expect(new Set(shown.map(({ state }) => state))).toEqual(new Set(['undone']))
  }, 240_000)
})

describe.skipIf(!redisAvailable)('a branch that takes no commit', () => {
  it.each(['classic', 'ruleset'] as const)(
    'has its responses proposed, and says so: %s',
    async (protection) => {
      const { origin, double, pulls, start, command } = await world({ delivery: 'commit', traits: { protection } })
      const saker = await start('up')

      await send(saker, 'web')
      await settled(saker, 1)
      const refused = double.requests.filter(({ operation }) => operation === 'CreateCommit').length
      await send(saker, 'api')
      const lines = await settled(saker, 2)

      expect(lines).toMatchObject([
        { outcome: 'proposed', number: 1, warnings: [expect.stringContaining('the branch is protected')] },
        { outcome: 'proposed', number: 1, warnings: [expect.stringContaining('the branch is protected')] },
      ])
      expect(pulls.all).toHaveLength(1)
      expect(await origin.log()).toHaveLength(1)
      expect(refused).toBeGreaterThan(0)
      expect(linesOf(saker, 'branch is protected, responses are proposed')).toHaveLength(1)

      await pulls.merge(1, 'squash')
      const undone = await command('undo', String(lines[0]?.['responseId']))

      expect(undone.printed).toMatch(/is protected .*: it is proposed\n/u)
      expect(undone.printed).toMatch(/^proposed to be taken back in \S+\/pull\/2$/mu)
      expect(undone.exitCode).toBe(0)
      expect(await origin.read('web.yaml')).toBe(deployment('web', 0))
    },
    240_000,
  )

  it('has what exceeds the cap proposed where the guard says so', async () => {
    const { origin, pulls, start } = await world({
      delivery: 'commit',
      more: 'guard: { maxWorkloads: { count: 1, otherwise: pull-request } }\n',
    })
    const saker = await start('up')

    await send(saker, 'web', 'api', 'db')
    const lines = await settled(saker, 3)

    const ends = Map.groupBy(lines, ({ outcome }) => String(outcome))
    expect([...ends.keys()].toSorted()).toEqual(['committed', 'proposed'])
    expect(ends.get('proposed')).toMatchObject([
      { number: 1, warnings: [expect.stringContaining('as many workloads as the guard allows')] },
      { number: 1 },
    ])
    expect(await origin.log()).toHaveLength(2)
    expect(pulls.all).toHaveLength(1)
  }, 240_000)
})

describe('delivery by pull request on a server without any', () => {
  it('pushes the branch, says how to go on, adds to it, and knows its merge', async () => {
    const origin = await BareRepository.create({ 'web.yaml': deployment('web'), 'api.yaml': deployment('api') })
    afterThisTest(() => origin.remove())
    const server = await GitHttpServer.start(origin)
    afterThisTest(() => server.close())
    const config = await configFile(`    git: { url: "${server.url}" }`, 'pull-request')
    const saker = await startSaker(['up', '--config', config, '--allow-volatile'])

    await send(saker, 'web')
    const [first] = await settled(saker, 1)
    await send(saker, 'api')
    const [, second] = await settled(saker, 2)

    const branch = String(first?.['branch'])
    expect(first).toMatchObject({ outcome: 'proposed', warnings: [expect.stringContaining(branch)] })
    expect(second).toMatchObject({ outcome: 'proposed', branch })
    expect(await branchesOf(origin)).toEqual(['main', branch])
    expect(await origin.log(branch)).toHaveLength(3)
    const shown = await runSaker(['history', '--json', '--config', config, '--data-dir', await temporaryFolder()])
    expect(JSON.parse(shown.stdout)).toMatchObject([
      { id: second?.['responseId'], state: 'proposed', branch },
      { id: first?.['responseId'], state: 'proposed', branch },
    ])

    await origin.git(['update-ref', 'refs/heads/main', `refs/heads/${branch}`])
    await send(saker, 'web')
    expect((await settled(saker, 3))[2]).toMatchObject({ outcome: 'unchanged' })
    expect(linesOf(saker, 'proposal ended')).toMatchObject([{ state: 'merged', branch, responses: 2 }])
  }, 240_000)
})
