import { execa } from 'execa'
import Fastify from 'fastify'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CHART, find, helmAvailable, objectsIn, type KubernetesObject } from '../support/helm-chart.ts'
import { afterThisTest, temporaryFolder } from '../support/saker.ts'

type SecretData = Readonly<Record<string, string>>

/** As much of a Kubernetes API as Helm asks for when a template looks a Secret up. Gives the path of a kubeconfig. */
async function clusterWith(secrets: Readonly<Record<string, SecretData>>): Promise<string> {
  const app = Fastify()
  const resource = { name: 'secrets', singularName: 'secret', namespaced: true, kind: 'Secret', verbs: ['get'] }
  app.get('/version', async () => ({ major: '1', minor: '36', gitVersion: 'v1.36.0' }))
  app.get('/api', async () => ({ kind: 'APIVersions', versions: ['v1'] }))
  app.get('/apis', async () => ({ kind: 'APIGroupList', apiVersion: 'v1', groups: [] }))
  app.get('/api/v1', async () => ({ kind: 'APIResourceList', groupVersion: 'v1', resources: [resource] }))
  app.get('/api/v1/namespaces/saker/secrets/:name', async (request, reply) => {
    const { name } = request.params as { readonly name: string }
    const data = secrets[name]
    if (data !== undefined) return { kind: 'Secret', apiVersion: 'v1', metadata: { name }, data }
    return reply.code(404).send({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 })
  })
  const server = await app.listen({ host: '127.0.0.1', port: 0 })
  afterThisTest(() => app.close())
  const kubeconfig = join(await temporaryFolder(), 'kubeconfig')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server } }],
    contexts: [{ name: 'test', context: { cluster: 'test' } }],
    'current-context': 'test',
  }
  await writeFile(kubeconfig, JSON.stringify(config))
  return kubeconfig
}

/** What an upgrade makes in a cluster in which these Secrets are. */
async function upgrade(
  secrets: Readonly<Record<string, SecretData>>,
  values: object = {},
): Promise<readonly KubernetesObject[]> {
  const kubeconfig = await clusterWith(secrets)
  const flags = ['--namespace', 'saker', '--is-upgrade', '--dry-run=server', '--kubeconfig', kubeconfig]
  const { stdout } = await execa('helm', ['template', 'saker', CHART, ...flags, '--values', '-'], {
    input: JSON.stringify(values),
  })
  return objectsIn(stdout)
}

const secretIn = (objects: readonly KubernetesObject[], name: string): SecretData =>
  find(objects, `Secret ${name}`).data ?? {}

const encoded = (text: string): string => Buffer.from(text).toString('base64')

const THERE = {
  'saker-tokens': {
    SAKER_INGEST_TOKEN: encoded('in'),
    SAKER_ADMIN_TOKEN: encoded('admin'),
    GITHUB_TOKEN: encoded('g'),
  },
  'saker-redis': { 'redis-password': encoded('pass') },
}

describe.skipIf(!helmAvailable)('secrets that the chart makes', () => {
  it('stay what they are in the cluster when an upgrade does not give them', async () => {
    const objects = await upgrade(THERE)

    expect(secretIn(objects, 'saker-redis')).toEqual(THERE['saker-redis'])
    expect(secretIn(objects, 'saker-tokens')).toEqual({
      SAKER_INGEST_TOKEN: encoded('in'),
      SAKER_ADMIN_TOKEN: encoded('admin'),
    })
  })

  it('become what an upgrade gives, the others staying', async () => {
    const objects = await upgrade(THERE, { secrets: { adminToken: 'new' } })

    expect(secretIn(objects, 'saker-tokens')).toEqual({
      SAKER_INGEST_TOKEN: encoded('in'),
      SAKER_ADMIN_TOKEN: encoded('new'),
    })
  })

  it('are made anew, each another one, where there are none', async () => {
    const objects = await upgrade({})
    const made = [secretIn(objects, 'saker-redis'), secretIn(objects, 'saker-tokens')].flatMap(Object.values<string>)

    expect(made.filter((text) => /^[A-Za-z0-9]{40}$/u.test(Buffer.from(text, 'base64').toString()))).toHaveLength(3)
    expect(new Set(made).size).toBe(3)
  })
})
