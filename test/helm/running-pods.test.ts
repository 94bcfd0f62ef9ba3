import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SakerProcess, TUTORIAL_ALERT } from '@saker/demo'
import { describe, expect, it, vi } from 'vitest'
import { BareRepository } from '../support/bare-repository.ts'
import { moveHere, type ContainerHere } from '../support/container-here.ts'
import { helmAvailable, render, type KubernetesObject } from '../support/helm-chart.ts'
import { freePort, redisAvailable, startRedisServer } from '../support/redis-server.ts'
import { afterThisTest, temporaryFolder } from '../support/saker.ts'

/** An address that is loopback, and not for Saker: as in a pod, it has to ask for tokens there. */
const HERE = '[::ffff:127.0.0.1]:0'

const SOON = { timeout: 25_000, interval: 100 }

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: { name: alpine-deployment, namespace: default }
spec: { replicas: 2 }
`

const TOKENS = { ingestToken: 'an-ingest-token', adminToken: 'an-admin-token' }

function configOf(repository: string): object {
  return {
    version: 1,
    repositories: {
      fleet: {
        git: { url: `file://${repository}` },
        delivery: 'commit',
        // Only the worker has it, and ingest has to get along.
        notify: [{ urlFrom: { file: '/etc/saker/secrets/tokens/RECEIVER_URL' } }],
      },
    },
    responses: [{ name: 'contain-shells', match: {}, actions: [{ contain: {} }] }],
    ingest: {
      tokens: [{ name: 'sidekick', tokenFrom: { file: '/etc/saker/secrets/tokens/SAKER_INGEST_TOKEN' } }],
    },
  }
}

interface RedisPod {
  readonly container: ContainerHere
  readonly child: ChildProcess
  readonly port: number
}

async function startRedisPod(objects: readonly KubernetesObject[]): Promise<RedisPod> {
  const port = await freePort()
  const container = await moveHere({
    objects,
    key: 'StatefulSet saker-redis',
    folder: await temporaryFolder(),
    replace: [
      ['port 6379', `port ${port}\nbind 127.0.0.1`],
      [' ping)', ` -p ${port} ping)`],
    ],
  })
  const [program = '', ...args] = container.command
  const child = spawn(program, args, { env: { ...process.env, ...container.env }, stdio: 'ignore' })
  afterThisTest(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  const ready = join(args[0] ?? '', '../ready.sh')
  await vi.waitFor(
    () => execFileSync('sh', [ready], { stdio: 'ignore', env: { ...process.env, ...container.env } }),
    SOON,
  )
  return { container, child, port }
}

async function startPod(
  service: 'ingest' | 'worker',
  options: {
    readonly objects: readonly KubernetesObject[]
    readonly redis: string
    readonly secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>
    readonly env?: Readonly<Record<string, string>>
  },
): Promise<{ readonly ingest: string; readonly admin: string; readonly process: SakerProcess }> {
  const { objects, redis, secrets = {}, env = {} } = options
  const container = await moveHere({
    objects,
    key: `Deployment saker-${service}`,
    folder: await temporaryFolder(),
    secrets,
    replace: [
      ['0.0.0.0:8080', HERE],
      ['0.0.0.0:8081', HERE],
      ['saker-redis:6379', redis],
      ['redis.data:6380', redis],
    ],
  })
  const saker = new SakerProcess({ args: container.args, env: { ...container.env, ...env } })
  afterThisTest(() => saker.stop())
  const ready = await saker.line('ready', ({ msg }) => msg === 'saker is ready')
  return { ingest: String(ready['ingest']), admin: String(ready['admin']), process: saker }
}

const statusOf = async (url: string, init: RequestInit = {}): Promise<number> => (await fetch(url, init)).status

const bearing = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } })

const missing = !helmAvailable || !redisAvailable

describe.skipIf(missing)(`pods of the chart${missing ? ' (skipped: no helm or redis-server here)' : ''}`, () => {
  it('run a Redis that asks for the password, keeps what it is given, and ends when it is told to', async () => {
    const { container, child, port } = await startRedisPod(render({ set: 'created-secrets' }))
    const cli = (...args: readonly string[]): string =>
      spawnSync('redis-cli', ['-p', String(port), ...args], { encoding: 'utf8' }).stdout.trim()
    const authenticated = ['--no-auth-warning', '-a', container.env['REDIS_PASSWORD'] ?? '']

    expect(container.env['REDIS_PASSWORD']).toBe('ARedisPassw0rd')
    expect(cli('ping')).toContain('NOAUTH')
    expect(cli(...authenticated, 'config', 'get', 'maxmemory-policy')).toContain('noeviction')
    expect(cli(...authenticated, 'config', 'get', 'appendfsync')).toContain('everysec')
    expect(cli(...authenticated, 'config', 'get', 'appendonly')).toContain('yes')
    expect(readFileSync(`/proc/${child.pid}/cmdline`, 'utf8')).not.toContain('ARedisPassw0rd')

    child.kill('SIGTERM')
    const [code] = (await once(child, 'exit')) as [number | null]

    expect(code).toBe(0)
  })

  it('take an alert with a token, and commit', { timeout: 120_000 }, async () => {
    const origin = await BareRepository.create({ 'alpine.yaml': DEPLOYMENT })
    afterThisTest(() => origin.remove())
    const extra = { RECEIVER_URL: 'http://127.0.0.1:9/hook/none' }
    const objects = render({ values: { secrets: { ...TOKENS, extra }, config: configOf(origin.path) } })
    const { port } = await startRedisPod(objects)
    const redis = `127.0.0.1:${port}`
    const [ingest, worker] = await Promise.all([
      startPod('ingest', { objects, redis }),
      startPod('worker', { objects, redis }),
    ])
    const send = (init: RequestInit = {}): Promise<number> =>
      statusOf(ingest.ingest, {
        ...init,
        method: 'POST',
        headers: { ...init.headers, 'content-type': 'application/json' },
        body: TUTORIAL_ALERT,
      })

    for (const { admin } of [ingest, worker]) {
      expect(await statusOf(`${admin}/healthz`)).toBe(200)
      // As a cluster does: it asks until the pod is ready.
      await vi.waitFor(async () => expect(await statusOf(`${admin}/readyz`)).toBe(200), SOON)
      expect(await statusOf(`${admin}/metrics`)).toBe(200)
      expect(await statusOf(`${admin}/api/lanes`)).toBe(401)
      expect(await statusOf(`${admin}/api/lanes`, bearing(TOKENS.adminToken))).toBe(200)
    }
    expect(await send()).toBe(401)
    expect(await send(bearing(TOKENS.ingestToken))).toBe(202)
    await worker.process.line('done', ({ msg, outcome }) => msg === 'response settled' && outcome === 'committed')
    expect(await origin.log()).toHaveLength(2)
  })

  it('start without any value, and answer no alert', { timeout: 120_000 }, async () => {
    const objects = render()
    const { port } = await startRedisPod(objects)
    const redis = `127.0.0.1:${port}`
    const [ingest, worker] = await Promise.all([
      startPod('ingest', { objects, redis }),
      startPod('worker', { objects, redis }),
    ])
    const made = Buffer.from(
      objects.find(({ metadata }) => metadata.name === 'saker-tokens')?.data?.['SAKER_INGEST_TOKEN'] ?? '',
      'base64',
    ).toString()

    const answer = await fetch(ingest.ingest, {
      method: 'POST',
      headers: { authorization: `Bearer ${made}`, 'content-type': 'application/json' },
      body: TUTORIAL_ALERT,
    })

    expect(answer.status).toBe(204)
    expect(answer.headers.get('saker-result')).toBe('ignored')
    await vi.waitFor(async () => expect(await statusOf(`${worker.admin}/readyz`)).toBe(200), SOON)
  })
})

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
const withoutTls = missing || !hasOpenssl

describe.skipIf(withoutTls)(
  `Redis over TLS${withoutTls ? ' (skipped: no helm, redis-server or openssl here)' : ''}`,
  () => {
    /** A certificate for 127.0.0.1 that only its own file vouches for. */
    function certificateIn(folder: string): { readonly cert: string; readonly key: string } {
      const [cert, key] = [join(folder, 'server.crt'), join(folder, 'server.key')]
      const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
      const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert]
      execFileSync('openssl', ['req', '-x509', '-days', '2', ...subject, ...made], { stdio: 'ignore' })
      return { cert, key }
    }

    it('is trusted by the certificates in the Secret, and not without them', { timeout: 120_000 }, async () => {
      const { cert, key } = certificateIn(await temporaryFolder())
      const tlsPort = await freePort()
      const tls = [
        '--tls-port',
        String(tlsPort),
        '--tls-cert-file',
        cert,
        '--tls-key-file',
        key,
        '--tls-auth-clients',
        'no',
      ]
      const server = await startRedisServer({ args: tls })
      afterThisTest(() => server.remove())
      const objects = render({ set: 'external-tls', values: { secrets: TOKENS } })
      const secrets = {
        redis: { 'redis-password': 'any' },
        'company-authority': { 'ca.crt': readFileSync(cert, 'utf8') },
      }
      const redis = `127.0.0.1:${tlsPort}`

      const trusting = await startPod('ingest', { objects, redis, secrets })
      const other = await startPod('ingest', { objects, redis, secrets, env: { NODE_EXTRA_CA_CERTS: '' } })

      expect(await statusOf(`${trusting.admin}/readyz`)).toBe(200)
      expect(await statusOf(`${other.admin}/readyz`)).toBe(503)
    })
  },
)
