import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TUTORIAL_ALERT } from '@saker/demo'
import { describe, expect, it, vi } from 'vitest'
import { BareRepository } from '../support/bare-repository.ts'
import { GitHttpServer } from '../support/git-http-server.ts'
import { freePort } from '../support/redis-server.ts'
import { afterThisTest, temporaryFolder } from '../support/saker.ts'
import { findSshd, startSshd } from '../support/ssh-server.ts'
import { ImageContainer, type ContainerStart } from './image-container.ts'
import { builtImage, NO_IMAGE } from './image-root.ts'

const USER = 65_532

const DEPLOYMENT = `# the tutorial's
apiVersion: apps/v1
kind: Deployment
metadata: { name: alpine-deployment, namespace: default }
spec:
  replicas: 2 # enough
`

/** Where the repository is in the container. */
const ORIGIN = '/srv/fleet.git'

const CONFIG = {
  version: 1,
  repositories: { fleet: { git: { url: `file://${ORIGIN}` }, delivery: 'commit' } },
  responses: [{ name: 'contain-shells', match: {}, actions: [{ contain: {} }] }],
}

const SSHD = findSshd()
const NO_SSHD = SSHD === undefined ? ' (skipped: no sshd here)' : ''

const NOWHERE = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0']

const MINUTES = { timeout: 180_000 }

async function run(start: Omit<ContainerStart, 'folder'>): Promise<ImageContainer> {
  const container = new ImageContainer(builtImage(), { ...start, folder: await temporaryFolder() })
  afterThisTest(() => container.remove())
  return container
}

async function end(
  start: Omit<ContainerStart, 'folder'>,
): Promise<{ readonly code: number | null; readonly printed: string }> {
  const container = await run(start)
  return { code: await container.ended(), printed: container.printed }
}

/** A folder that the container's user owns. */
async function ownedFolder(): Promise<string> {
  const folder = await temporaryFolder()
  chownSync(folder, USER, USER)
  return folder
}

/** A repository that the container's user owns, as git wants it. */
async function ownedRepository(): Promise<BareRepository> {
  const origin = await BareRepository.create({ 'alpine.yaml': DEPLOYMENT })
  afterThisTest(() => origin.remove())
  ownedBy(USER, origin)
  return origin
}

/** Git refuses to work in a repository of somebody else, so it is given back before it is looked into. */
function ownedBy(user: number, { path }: BareRepository): void {
  execFileSync('chown', ['-R', `${user}:${user}`, path])
}

async function configFolder(config: object = CONFIG): Promise<string> {
  const folder = await temporaryFolder()
  writeFileSync(join(folder, 'saker.yaml'), JSON.stringify(config))
  chmodSync(folder, 0o755)
  return folder
}

async function sendTo(ingest: unknown): Promise<number> {
  const headers = { 'content-type': 'application/json' }
  return (await fetch(String(ingest), { method: 'POST', headers, body: TUTORIAL_ALERT })).status
}

const isReady = ({ msg }: { readonly msg: string }): boolean => msg === 'saker is ready'
const isCommitted = ({ msg, outcome }: Readonly<Record<string, unknown>>): boolean =>
  msg === 'response settled' && outcome === 'committed'

describe.skipIf(NO_IMAGE !== '')(`a container of the image${NO_IMAGE}`, () => {
  it('says what it can do when it is told nothing, and when it is asked', MINUTES, async () => {
    const told = await end({ args: builtImage().config.cmd })
    const version = await end({ args: ['--version'] })
    const wrong = await end({ args: ['fly'] })

    expect(told.code).toBe(0)
    expect(told.printed).toMatch(/Usage: saker .*\n/u)
    for (const command of ['up', 'ingest', 'worker', 'check', 'simulate', 'history', 'undo'])
      expect(told.printed).toMatch(new RegExp(`^ +${command} `, 'mu'))
    expect(version).toEqual({ code: 0, printed: builtImage().config.labels['org.opencontainers.image.version'] })
    expect(wrong.code).toBe(1)
  })

  it('is nobody in particular, and can write nothing but /tmp and its data', MINUTES, async () => {
    const data = await ownedFolder()
    const script = `
      for path in /x /etc/x /opt/saker/x /usr/bin/x /home/x /var/lib/x /var/lib/saker/x /tmp/x; do
        (: >"$path") 2>/dev/null && echo "$path"
      done
      while read -r line; do case $line in Uid:*|NoNewPrivs:*|CapEff:*) echo "$line";; esac; done </proc/self/status`

    const { printed } = await end({
      args: ['-c', script],
      entrypoint: ['sh'],
      volumes: { '/var/lib/saker': data },
    })

    expect(printed.replaceAll('\t', ' ').split('\n')).toEqual([
      '/var/lib/saker/x',
      '/tmp/x',
      `Uid: ${USER} ${USER} ${USER} ${USER}`,
      'CapEff: 0000000000000000',
      'NoNewPrivs: 1',
    ])
  })

  it(
    'takes an alert and commits with a Redis of its own, is healthy, and ends when it is told to',
    MINUTES,
    async () => {
      const origin = await ownedRepository()
      const volumes = {
        '/var/lib/saker': await ownedFolder(),
        '/etc/saker:ro': await configFolder(),
        [ORIGIN]: origin.path,
      }
      const container = await run({ args: ['up', '--config', '/etc/saker/saker.yaml', ...NOWHERE], volumes })
      const { ingest, admin } = await container.line('ready', isReady)
      const redis = await container.line('with a Redis', ({ msg }) => msg === 'private Redis started')
      const [, ...check] = builtImage().config.healthcheck.map((word) =>
        word.replace('http://127.0.0.1:8081', String(admin)),
      )

      const answer = await sendTo(ingest)
      await container.line('committed', isCommitted)
      const healthy = await end({ entrypoint: ['node'], args: check })
      container.signal('SIGTERM')
      const code = await container.ended()
      const unhealthy = await end({ entrypoint: ['node'], args: check })
      ownedBy(0, origin)

      expect(answer).toBe(202)
      expect(await origin.log()).toHaveLength(2)
      expect(await origin.git(['show', 'main:alpine.yaml'])).toBe(DEPLOYMENT.replace('replicas: 2', 'replicas: 0'))
      expect(redis).toMatchObject({ program: '/usr/bin/valkey-server', directory: '/var/lib/saker/redis' })
      expect(check.join(' ')).toContain(String(admin))
      expect(healthy.code).toBe(0)
      expect(code).toBe(0)
      expect(unhealthy.code).toBe(1)
    },
  )

  it.skipIf(SSHD === undefined)(`reads repositories over http and over ssh${NO_SSHD}`, MINUTES, async () => {
    const origin = await BareRepository.create({ 'alpine.yaml': DEPLOYMENT })
    afterThisTest(() => origin.remove())
    const web = await GitHttpServer.start(origin)
    afterThisTest(() => web.close())
    const ssh = await startSshd(SSHD ?? '', await temporaryFolder())
    afterThisTest(() => ssh.stop())
    const key = await ownedFolder()
    writeFileSync(join(key, 'key'), ssh.clientKey, { mode: 0o644 })
    const historyOf = async (repository: object): Promise<unknown> => {
      const config = { ...CONFIG, repositories: { fleet: { ...repository, delivery: 'commit' } } }
      const volumes = {
        '/etc/saker:ro': await configFolder(config),
        '/run/keys:ro': key,
        '/var/lib/saker': await ownedFolder(),
      }
      return end({ args: ['history', '--json', '--config', '/etc/saker/saker.yaml'], volumes })
    }
    const auth = { ssh: { keyFrom: { file: '/run/keys/key' }, knownHosts: ssh.knownHosts } }

    const overHttp = await historyOf({ git: { url: web.url } })
    const overSsh = await historyOf({ git: { url: `ssh://${ssh.user}@127.0.0.1:${ssh.port}${origin.path}` }, auth })
    const refused = await historyOf({
      git: { url: `ssh://${ssh.user}@127.0.0.1:${ssh.port}${origin.path}` },
      auth: { ssh: { ...auth.ssh, knownHosts: ssh.otherKnownHosts } },
    })

    expect(overHttp).toEqual({ code: 0, printed: '[]' })
    expect(overSsh).toEqual({ code: 0, printed: '[]' })
    expect(refused).toMatchObject({
      code: 1,
      printed: expect.stringContaining('Host key verification failed') as string,
    })
  })

  it('is ingest, worker or Redis alone, and each ends when it is told to', MINUTES, async () => {
    const origin = await ownedRepository()
    const port = await freePort()
    const redis = await run({
      entrypoint: ['tini', '--', 'valkey-server'],
      args: ['--port', String(port), '--bind', '127.0.0.1', '--dir', '/tmp'],
    })
    await vi.waitFor(() => expect(redis.printed).toContain('Ready to accept connections'), { timeout: 60_000 })
    const service = async (args: readonly string[]): Promise<ImageContainer> =>
      run({
        args: [...args, '--config', '/etc/saker/saker.yaml', '--admin-listen', '127.0.0.1:0'],
        env: { REDIS_URL: `redis://127.0.0.1:${port}` },
        volumes: {
          '/var/lib/saker': await ownedFolder(),
          '/etc/saker:ro': await configFolder(),
          [ORIGIN]: origin.path,
        },
      })
    const [ingest, worker] = await Promise.all([service(['ingest', '--listen', '127.0.0.1:0']), service(['worker'])])
    await worker.line('ready', isReady)

    const answer = await sendTo((await ingest.line('ready', isReady))['ingest'])
    await worker.line('committed', isCommitted)
    for (const container of [ingest, worker, redis]) container.signal('SIGTERM')
    const codes = await Promise.all([ingest, worker, redis].map((container) => container.ended()))
    ownedBy(0, origin)

    expect(answer).toBe(202)
    expect(await origin.log()).toHaveLength(2)
    expect(codes).toEqual([0, 0, 0])
  })
})
