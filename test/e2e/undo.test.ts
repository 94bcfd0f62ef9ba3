import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { composeCommitMessage } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { alertBody } from '../support/an-alert.ts'
import { BareRepository } from '../support/bare-repository.ts'
import { DOUBLE_TOKEN, startGitHubDouble } from '../support/github-double/github-double.ts'
import { redisAvailable, startRedisServer } from '../support/redis-server.ts'
import { afterThisTest, startSaker, temporaryFolder, type RunningSaker } from '../support/saker.ts'

const WEB = `# the shop\r
apiVersion: apps/v1\r
kind: Deployment\r
metadata: {name: web, namespace: default}\r
spec:\r
  replicas: 3   # three zones\r
  template: {metadata: {labels: {app: web}}}\r
`

const CLI = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url))
const KUSTOMIZATION = 'resources:\n- web.yaml # the shop\n'

interface Shown {
  readonly id: string
  readonly target: string
  readonly commit: string
  readonly state: string
  readonly undoneBy?: string
}

/** Runs a command until it ends. */
async function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly printed: string }> {
  const all = ['--conditions=saker-source', CLI, ...args, '--data-dir', await temporaryFolder()]
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const child = spawn(process.execPath, all, { env: { PATH, NODE_COMPILE_CACHE, ...env } })
  afterThisTest(async () => child.kill('SIGKILL'))
  const closed = once(child, 'close')
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  await closed
  return { code: child.exitCode, printed: child.exitCode === 0 ? out : out + err }
}

async function historyOf(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<readonly Shown[]> {
  const { code, printed } = await run(['history', '--json', ...args], env)
  if (code !== 0) throw new Error(printed)
  return JSON.parse(printed) as readonly Shown[]
}

async function configFile(url: string, delivery = 'commit', more = ''): Promise<string> {
  const config = join(await temporaryFolder(), 'saker.yaml')
  await writeFile(
    config,
    `version: 1
repositories: { fleet: { git: { url: "${url}" }, delivery: ${delivery} } }
responses: [{ name: stop, match: {}, actions: [{ contain: {} }, { isolate: {} }]${more} }]
ingest: { tokens: [{ name: nobody, tokenFrom: { env: NOT_SET_HERE } }] }
`,
  )
  return config
}

/** A commit as Saker makes it, and its message. */
function stopMessage(id: string, until?: string): string {
  return composeCommitMessage([
    {
      id,
      response: 'contain',
      workload: { cluster: 'default', namespace: 'default', kind: 'Deployment', name: 'web' },
      actions: ['contain'],
      places: [
        {
          path: 'web.yaml',
          document: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'web' },
          pointer: '/spec/replicas',
        },
      ],
      alertRule: 'a rule',
      priority: 'Notice',
      time: '2026-01-01T00:00:00Z',
      count: 1,
      fields: [],
      ...(until === undefined ? {} : { until }),
    },
  ])
}

const STOPPED = WEB.replace('3   #', '0   #')

describe.skipIf(!redisAvailable)('saker history and saker undo after Redis is gone', () => {
  it('list what was done and give the very first bytes back', async () => {
    const files = { 'web.yaml': WEB, 'kustomization.yaml': KUSTOMIZATION }
    const origin = await BareRepository.create(files)
    afterThisTest(() => origin.remove())
    const redis = await startRedisServer()
    afterThisTest(() => redis.remove())
    const config = await configFile(`file://${origin.path}`)
    const start = ['--allow-anonymous', '--config', config]
    const saker = await startSaker(['up', ...start], { REDIS_URL: redis.url, NOT_SET_HERE: 'set-here' })
    const body = alertBody()
    const send = (): Promise<Response> => fetch(saker.ingest, { method: 'POST', headers: JSON_BODY, body })
    const answer = await send()
    expect(answer.status).toBe(202)
    expect(await saker.settled()).toMatchObject({ outcome: 'committed' })
    const made = await origin.head()
    await saker.process.stop()
    await redis.remove()

    const [done] = await historyOf(['--config', config])
    const id = done?.id ?? ''
    const undone = await run(['undo', id, '--config', config, '--as', 'zoe', '--reason', 'false alarm'])

    expect(done).toMatchObject({ target: 'default/Deployment/web', commit: made, state: 'done' })
    expect(undone).toMatchObject({ code: 0, printed: expect.stringContaining('taken back in ') })
    for (const [path, bytes] of Object.entries(files)) expect(await origin.read(path)).toBe(bytes)
    expect((await origin.git(['ls-tree', '-r', '--name-only', 'main'])).trim().split('\n')).toHaveLength(2)
    expect(await origin.message()).toMatch(/^undo stop default\/Deployment\/web\n[^]*false alarm[^]*\nSaker-Undo: /u)
    expect(await historyOf(['--config', config])).toMatchObject([
      { id, state: 'undone', undoneBy: await origin.head() },
    ])
    expect(await run(['undo', id, '--config', config])).toMatchObject({
      code: 0,
      printed: expect.stringContaining('already'),
    })
  }, 240_000)
})

describe.skipIf(!redisAvailable)('revertAfter', () => {
  it('takes back what is over, also what was committed before the worker and its Redis', async () => {
    const origin = await BareRepository.create({ 'web.yaml': WEB })
    afterThisTest(() => origin.remove())
    const redis = await startRedisServer()
    afterThisTest(() => redis.remove())
    await origin.commit({ 'web.yaml': STOPPED }, stopMessage('r1', '2026-01-01T00:00:00Z'))
    const config = await configFile(`file://${origin.path}`, 'commit', ', revertAfter: 2s')
    const env = { REDIS_URL: redis.url, NOT_SET_HERE: 'set-here' }

    const saker = await startSaker(['up', '--allow-anonymous', '--config', config], env)
    await saker.process.line('over', isOver(1, saker))
    const restored = await origin.read('web.yaml')
    await fetch(saker.ingest, { method: 'POST', headers: JSON_BODY, body: alertBody() })
    await saker.settled()
    await saker.process.line('over again', isOver(2, saker))

    expect(restored).toBe(WEB)
    expect(await origin.read('web.yaml')).toBe(WEB)
    expect((await origin.git(['ls-tree', '-r', '--name-only', 'main'])).trim()).toBe('web.yaml')
    const states = await historyOf(['--config', config])
    expect(states.map(({ state }) => state)).toEqual(['undone', 'undone'])
    expect(await origin.log()).toHaveLength(5)
    expect(await (await fetch(`${saker.admin}/metrics`)).text()).toContain(
      'saker_reverts_total{repository="fleet",result="undone"} 2',
    )
  }, 240_000)
})

function isOver(count: number, { process: { lines } }: RunningSaker): () => boolean {
  return () => lines.filter(({ msg, result }) => msg === 'response is over' && result === 'undone').length >= count
}

const JSON_BODY = { 'content-type': 'application/json' }

describe('saker undo on GitHub', () => {
  it('takes back what stands, refuses what a person has changed, and knows what it does not know', async () => {
    const origin = await BareRepository.create({ 'web.yaml': WEB })
    const double = await startGitHubDouble()
    afterThisTest(() => origin.remove())
    afterThisTest(() => double.close())
    double.host('acme/fleet', origin)
    await origin.commit({ 'web.yaml': STOPPED }, stopMessage('r1'))
    await origin.commit({ 'other.yaml': 'a: 1\n' }, 'something else')
    const flags = ['--owner', 'acme', '--repository', 'fleet', '--github-api-url', double.apiUrl]
    const env = { GITHUB_TOKEN: DOUBLE_TOKEN }

    const before = await historyOf(flags, env)
    const shown = await run(['undo', 'r1', '--dry-run', ...flags], env)
    const unknown = await run(['undo', 'r9', ...flags], env)
    const undone = await run(['undo', 'r1', ...flags], env)

    expect(before).toMatchObject([{ id: 'r1', state: 'done' }])
    expect(shown).toMatchObject({ code: 0, printed: expect.stringContaining('+  replicas: 3   # three zones') })
    expect(shown.printed).toContain('in cluster default\n--- a/web.yaml\n+++ b/web.yaml\n')
    expect(unknown).toMatchObject({ code: 1, printed: expect.stringContaining('RESPONSE_UNKNOWN') })
    expect(undone).toMatchObject({ code: 0 })
    expect(await origin.read('web.yaml')).toBe(WEB)

    await origin.commit({ 'web.yaml': STOPPED }, stopMessage('r2'))
    await origin.commit({ 'web.yaml': WEB.replace('3   #', '5   #') }, 'give web five')
    const refused = await run(['undo', 'r2', ...flags], env)

    expect(refused.code).toBe(1)
    expect(refused.printed).toMatch(/is 5 now, changed by A Person on .* \("give web five"\) \(UNDO_CONFLICT\)/u)
    expect(double.violations).toEqual([])
  }, 240_000)
})

describe('saker undo', () => {
  it('commits to a branch that is only observed when told to', async () => {
    const origin = await BareRepository.create({ 'web.yaml': WEB })
    afterThisTest(() => origin.remove())
    await origin.commit({ 'web.yaml': STOPPED }, stopMessage('r1'))
    const config = await configFile(`file://${origin.path}`, 'observe')

    const refused = await run(['undo', 'r1', '--config', config])
    const direct = await run(['undo', 'r1', '--commit', '--config', config])

    expect(refused).toMatchObject({ code: 1, printed: expect.stringContaining('UNDO_NOT_DIRECT') })
    expect(direct.code).toBe(0)
    expect(await origin.read('web.yaml')).toBe(WEB)
  }, 240_000)

  it('proposes it where the delivery is pull-request, and commits when told to', async () => {
    const origin = await BareRepository.create({ 'web.yaml': WEB })
    afterThisTest(() => origin.remove())
    await origin.commit({ 'web.yaml': STOPPED }, stopMessage('r1'))
    const config = await configFile(`file://${origin.path}`, 'pull-request')

    const proposed = await run(['undo', 'r1', '--config', config])
    const again = await run(['undo', 'r1', '--config', config])

    expect(proposed).toMatchObject({ code: 0, printed: expect.stringContaining('branch saker/main-undo-r1') })
    expect(again).toMatchObject({ code: 0, printed: expect.stringContaining('taken back already') })
    expect([await origin.read('web.yaml'), await origin.read('web.yaml', 'saker/main-undo-r1')]).toEqual([STOPPED, WEB])
    const direct = await run(['undo', 'r1', '--commit', '--config', config])
    expect(direct.code).toBe(0)
    expect(await origin.read('web.yaml')).toBe(WEB)
  }, 240_000)
})
