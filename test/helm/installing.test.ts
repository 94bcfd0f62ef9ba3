import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { clusterWith, type Secrets } from '../support/cluster-for-helm.ts'
import { CHART, find, helmAvailable, objectsIn, type KubernetesObject } from '../support/helm-chart.ts'

/** What an upgrade makes in a cluster in which these Secrets are. */
async function upgrade(secrets: Secrets, values: object = {}): Promise<readonly KubernetesObject[]> {
  const kubeconfig = await clusterWith(secrets)
  const flags = ['--namespace', 'saker', '--is-upgrade', '--dry-run=server', '--kubeconfig', kubeconfig]
  const { stdout } = await execa('helm', ['template', 'saker', CHART, ...flags, '--values', '-'], {
    input: JSON.stringify(values),
  })
  return objectsIn(stdout)
}

const secretIn = (objects: readonly KubernetesObject[], name: string): Readonly<Record<string, string>> =>
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

describe.skipIf(!helmAvailable)('what Helm says after an installation', () => {
  async function notes(values: object): Promise<string> {
    const kubeconfig = await clusterWith({})
    const flags = [
      '--namespace',
      'saker',
      '--dry-run=server',
      '--kubeconfig',
      kubeconfig,
      '--disable-openapi-validation',
    ]
    const { stdout } = await execa('helm', ['install', 'saker', CHART, ...flags, '--values', '-'], {
      input: JSON.stringify(values),
    })
    return stdout.slice(stdout.indexOf('NOTES:'))
  }

  it('tells where alerts go and where the tokens are, and warns without a config', async () => {
    const said = await notes({ redis: { persistence: { enabled: false } } })

    expect(said).toContain('http://saker.saker:8080/')
    expect(said).toContain('get secret saker-tokens')
    expect(said).toContain('no config is given')
    expect(said).toContain('Redis keeps nothing on a volume')
  })

  it('tells each cluster’s address, and that the config names the tokens, where it does', async () => {
    const tokens = [{ name: 'one', tokenFrom: { env: 'ONE' } }]
    const said = await notes({
      config: {
        version: 1,
        repositories: {
          fleet: {
            git: { url: 'https://git.example.com/fleet' },
            delivery: 'commit',
            clusters: { prod: {}, stage: {} },
          },
          apps: { git: { url: 'https://git.example.com/apps' }, delivery: 'commit' },
        },
        responses: [{ name: 'contain', match: {}, actions: [{ contain: {} }] }],
        ingest: { tokens },
        admin: { tokens },
      },
    })

    expect(said.match(/http:\S+8080\/\S*/gu)).toEqual(
      ['default', 'prod', 'stage'].map((cluster) => `http://saker.saker:8080/clusters/${cluster}`),
    )
    expect(said).toContain('`ingest.tokens` of the config names')
    expect(said).toContain('`admin.tokens` names')
    expect(said).not.toContain('get secret')
  })

  it('speaks of no Secret that is the user’s, and warns of nothing that is in order', async () => {
    const said = await notes({ secrets: { existingSecret: 'mine' }, ingest: { tls: { secretName: 'tls' } } })

    expect(said).toContain('https://saker.saker:8080/')
    expect(said).not.toContain('get secret')
    expect(said).not.toContain('on a volume')
  })
})
