import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Fastify from 'fastify'
import { afterThisTest, temporaryFolder } from './saker.ts'

/** The data of Secrets, by name. */
export type Secrets = Readonly<Record<string, Readonly<Record<string, string>>>>

/** The kinds that the chart makes without being asked for more, by group and version. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  v1: ['ConfigMap', 'Secret', 'Service', 'ServiceAccount'],
  'apps/v1': ['Deployment', 'StatefulSet'],
  'policy/v1': ['PodDisruptionBudget'],
}

/**
 * As much of a Kubernetes API as Helm asks for when it renders for a cluster without changing it. Nothing but the Secrets, all
 * of namespace `saker`, is there. Gives the path of a kubeconfig; it ends with the test.
 */
export async function clusterWith(secrets: Secrets): Promise<string> {
  const app = Fastify()
  const missing = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 }
  app.setNotFoundHandler((_request, reply) => reply.code(404).send(missing))
  app.get('/version', async () => ({ major: '1', minor: '36', gitVersion: 'v1.36.0' }))
  app.get('/api', async () => ({ kind: 'APIVersions', versions: ['v1'] }))
  app.get('/apis', async () => {
    const groups = Object.keys(KINDS).filter((groupVersion) => groupVersion !== 'v1')
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(groupOf) }
  })
  for (const [groupVersion, kinds] of Object.entries(KINDS)) {
    const resources = kinds.map((kind) => {
      const singularName = kind.toLowerCase()
      return { name: `${singularName}s`, singularName, namespaced: true, kind, verbs: ['get', 'list'] }
    })
    const path = groupVersion === 'v1' ? '/api/v1' : `/apis/${groupVersion}`
    app.get(path, async () => ({ kind: 'APIResourceList', groupVersion, resources }))
  }
  app.get('/api/v1/namespaces/saker/secrets', async () => ({ kind: 'SecretList', apiVersion: 'v1', items: [] }))
  app.get('/api/v1/namespaces/saker/secrets/:name', async (request, reply) => {
    const { name } = request.params as { readonly name: string }
    const data = secrets[name]
    return data === undefined ? reply.callNotFound() : { kind: 'Secret', apiVersion: 'v1', metadata: { name }, data }
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

function groupOf(groupVersion: string): object {
  const [name, version] = groupVersion.split('/')
  const served = { groupVersion, version }
  return { name, versions: [served], preferredVersion: served }
}
