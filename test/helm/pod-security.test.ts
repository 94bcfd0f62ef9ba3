import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CHART, helmAvailable, podsOf, render, VALUE_SETS, type PodSpec } from '../support/helm-chart.ts'

/** Volume types that the restricted standard allows and the chart has use for. */
const VOLUMES = ['configMap', 'secret', 'downwardAPI', 'emptyDir', 'persistentVolumeClaim', 'projected']

/** What the restricted Pod Security Standard forbids of a pod, by the wording of kubernetes.io/docs/concepts/security. */
function forbiddenIn(spec: PodSpec): readonly string[] {
  const rules: readonly (readonly [string, boolean])[] = [
    ...['hostNetwork', 'hostPID', 'hostIPC'].map((key) => [key, key in spec] as const),
    ...spec.volumes.map((volume) => {
      const type = Object.keys(volume).find((key) => key !== 'name') ?? ''
      return [`volume type ${type}`, !VOLUMES.includes(type)] as const
    }),
    ...spec.containers.flatMap((container) => {
      const own = container.securityContext
      const { drop = [], add = [] } = own.capabilities ?? {}
      const user = own.runAsUser ?? spec.securityContext.runAsUser
      const seccomp = own.seccompProfile ?? spec.securityContext.seccompProfile
      return [
        ['privilege escalation', own.allowPrivilegeEscalation !== false],
        ['capabilities', !drop.includes('ALL') || add.some((one) => one !== 'NET_BIND_SERVICE')],
        ['running as root', (own.runAsNonRoot ?? spec.securityContext.runAsNonRoot) !== true || user === 0],
        ['seccomp profile', seccomp?.type !== 'RuntimeDefault' && seccomp?.type !== 'Localhost'],
        ['privileged', 'privileged' in own],
        ['procMount', 'procMount' in own],
        ['host ports', JSON.stringify(container).includes('hostPort')],
      ] as const
    }),
    ...['sysctls', 'seLinuxOptions', 'appArmorProfile', 'windowsOptions'].map(
      (key) => [key, key in spec.securityContext] as const,
    ),
  ]
  return rules.filter(([, forbidden]) => forbidden).map(([rule]) => rule)
}

describe.skipIf(!helmAvailable)('every pod of the chart', () => {
  it.each(VALUE_SETS)('passes the restricted Pod Security Standard with %s', (set) => {
    const wrong = podsOf(render({ set })).flatMap(([key, { spec }]) =>
      forbiddenIn(spec).map((rule) => `${key}: ${rule}`),
    )

    expect(wrong).toEqual([])
  })

  it('is looked at by a check that sees what is wrong', () => {
    const values = {
      worker: { podSecurityContext: { runAsNonRoot: false }, securityContext: { capabilities: { drop: [] } } },
    }

    const wrong = podsOf(render({ values })).flatMap(([, { spec }]) => forbiddenIn(spec))

    expect(wrong).toEqual(['capabilities', 'running as root'])
  })

  it.each(VALUE_SETS)(
    'writes only where it has to, has no token, and gets no variables of Services, with %s',
    (set) => {
      const pods = podsOf(render({ set })).map(([, { spec }]) => spec)

      expect(pods.length).toBeGreaterThan(1)
      for (const spec of pods) {
        expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false })
        for (const { securityContext } of spec.containers) expect(securityContext.readOnlyRootFilesystem).toBe(true)
      }
    },
  )

  it('follows files that Kubernetes replaces, which it does not for single ones', () => {
    const mounts = VALUE_SETS.flatMap((set) => podsOf(render({ set }))).flatMap(([, { spec }]) =>
      spec.containers.flatMap(({ volumeMounts }) => volumeMounts),
    )

    expect(mounts.filter(({ subPath }) => subPath !== undefined)).toEqual([])
    expect(mounts.length).toBeGreaterThan(10)
  })

  it('holds no credential of a repository where others can reach it', () => {
    const tokens = (key: string): object => ({
      name: key.replaceAll(/\W+/gu, '-').toLowerCase(),
      tokenFrom: { file: `/etc/saker/secrets/${key}` },
    })
    const config = {
      version: 1,
      repositories: { fleet: { git: { url: 'https://git.example.com/fleet' }, delivery: 'commit' } },
      responses: [{ name: 'contain', match: {}, actions: [{ contain: {} }] }],
      ingest: {
        tokens: [{ name: 'one', tokenFrom: { env: 'ONE' } }, tokens('tokens/TWO'), tokens('tokens/../senders/three')],
      },
      admin: { tokens: [{ name: 'four', tokenFrom: { env: 'FOUR' } }] },
    }
    const mounts = ['github-app', 'senders'].map((name) => ({ name, secretName: `${name}-secret` }))
    const values = { config, extraEnv: [{ name: 'FOUR', value: 'from elsewhere' }], secrets: { mounts } }
    const secretsOf = (component: string): object => {
      const [, pod] = podsOf(render({ values })).find(([key]) => key === `Deployment saker-${component}`) ?? []
      const [container] = pod?.spec.containers ?? []
      return {
        whole: container?.envFrom ?? [],
        variables: (container?.env ?? []).flatMap(({ valueFrom }) => valueFrom?.secretKeyRef.key ?? []),
        files: (pod?.spec.volumes ?? []).flatMap((volume) => {
          const secret = volume['secret'] as { secretName: string; items?: readonly { key: string }[] } | undefined
          return secret === undefined ? [] : [[secret.secretName, secret.items?.map(({ key }) => key) ?? 'all']]
        }),
      }
    }

    expect(secretsOf('ingest')).toEqual({
      whole: [],
      variables: ['redis-password', 'ONE', 'SAKER_ADMIN_TOKEN', 'SAKER_INGEST_TOKEN', 'TWO'],
      files: [
        ['saker-tokens', ['FOUR', 'ONE', 'SAKER_ADMIN_TOKEN', 'SAKER_INGEST_TOKEN', 'TWO']],
        ['senders-secret', ['three']],
      ],
    })
    expect(secretsOf('worker')).toEqual({
      whole: [{ secretRef: { name: 'saker-tokens' } }],
      variables: ['redis-password'],
      files: [
        ['saker-tokens', 'all'],
        ['github-app-secret', 'all'],
        ['senders-secret', 'all'],
      ],
    })
  })

  it('keeps variables for a repository away from ingest, unless it needs them, too', () => {
    const fleet = {
      git: { url: 'https://git.example.com/fleet' },
      auth: { tokenFrom: { env: 'GIT_PASSWORD' } },
      delivery: 'commit',
      clusters: { prod: { notify: [{ urlFrom: { env: 'HOOK' }, hmacFrom: { env: 'SHARED' } }] } },
    }
    const config = {
      version: 1,
      repositories: { fleet },
      responses: [{ name: 'contain', match: {}, actions: [{ contain: {} }] }],
      ingest: { tokens: [{ name: 'sidekick', tokenFrom: { env: 'SHARED' } }] },
    }
    const extraEnv = ['GIT_PASSWORD', 'HOOK', 'SHARED', 'TZ'].map((name) => ({ name, value: 'given' }))

    const given = podsOf(render({ values: { config, extraEnv } })).map(([key, { spec }]) => [
      key,
      spec.containers.flatMap(({ env = [] }) => env.filter(({ value }) => value === 'given').map(({ name }) => name)),
    ])

    expect(given).toEqual([
      ['Deployment saker-ingest', ['SHARED', 'TZ']],
      ['Deployment saker-worker', ['GIT_PASSWORD', 'HOOK', 'SHARED', 'TZ']],
      ['StatefulSet saker-redis', []],
    ])
  })

  it('tells Saker its namespace where Saker looks for it', () => {
    const source = readFileSync(join(CHART, '../../apps/cli/src/load-config.ts'), 'utf8')
    const [, looked = ''] = /OWN_NAMESPACE_FILE = '([^']+)'/u.exec(source) ?? []
    const pods = podsOf(render()).filter(([key]) => key.startsWith('Deployment'))
    const told = pods.map(([, { spec }]) => {
      const [mount] = spec.containers.flatMap(({ volumeMounts }) =>
        volumeMounts.filter(({ mountPath }) => looked.startsWith(`${mountPath}/`)),
      )
      return [`${mount?.mountPath}/namespace`, spec.volumes.find(({ name }) => name === mount?.name)?.['downwardAPI']]
    })
    const expected = { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] }

    expect(told).toEqual([
      [looked, expected],
      [looked, expected],
    ])
  })
})
