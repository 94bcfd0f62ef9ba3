import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CHART, find, helmAvailable, tryRender, render, VALUE_SETS } from '../support/helm-chart.ts'

const CONFIG = {
  version: 1,
  repositories: { fleet: { git: { url: 'file:///srv/fleet.git' }, delivery: 'commit' } },
  responses: [{ name: 'contain-shells', match: {}, actions: [{ contain: {} }] }],
}

describe.skipIf(!helmAvailable)('values', () => {
  it.each([
    ['at the top', { ingress: {} }, "additional properties 'ingress' not allowed"],
    ['of a part', { ingest: { replicaCount: 1 } }, "at '/ingest': additional properties 'replicaCount' not allowed"],
    ['of a part of a part', { redis: { persistence: { storageClass: 'x' } } }, "'/redis/persistence'"],
    ['three levels down', { monitoring: { serviceMonitor: { intervall: '1m' } } }, "'/monitoring/serviceMonitor'"],
    ['of a Kubernetes object', { worker: { affinity: { nodeAfinity: {} } } }, "'/worker/affinity'"],
    [
      'deep in a Kubernetes object',
      { networkPolicy: { sendersFrom: [{ podSelector: { labels: {} } }] } },
      "'/networkPolicy/sendersFrom/0/podSelector'",
    ],
    ['in a list', { secrets: { mounts: [{ name: 'x', secretName: 'y', subPath: 'z' }] } }, "'/secrets/mounts/0'"],
    ['of the config', { config: { ...CONFIG, rules: [] } }, "at '/config': additional properties 'rules' not allowed"],
    [
      'deep in the config',
      { config: { ...CONFIG, responses: [{ name: 'x', match: { rules: [] }, actions: [{ contain: {} }] }] } },
      "at '/config/responses/0/match': additional properties 'rules' not allowed",
    ],
  ])('are refused for an unknown key %s', (_where, values, words) => {
    const { code, problem } = tryRender({ values })

    expect(code).toBe(1)
    expect(problem).toContain(words)
  })

  it.each([
    ['a config without responses', { config: { version: 1, repositories: {} } }, "missing property 'responses'"],
    ['a config of another version', { config: { ...CONFIG, version: 2 } }, "'/config/version'"],
    [
      'an action that the config does not know',
      { config: { ...CONFIG, responses: [{ name: 'x', match: {}, actions: [{ explode: {} }] }] } },
      "'/config/responses/0/actions/0'",
    ],
    ['a name that no object can have', { nameOverride: 'Saker_1' }, "'/nameOverride'"],
    ['a name that no Service can have', { fullnameOverride: '1saker' }, 'no Service can be called 1saker'],
    ['a number as text', { ingest: { replicas: '2' } }, "'/ingest/replicas'"],
    ['a URL that is none of Redis', { externalRedis: { url: 'http://redis' } }, "'/externalRedis/url'"],
    ['a grace period that Saker overruns', { worker: { terminationGracePeriodSeconds: 5 } }, 'minimum'],
    [
      'a reserved name among the extra secrets',
      { secrets: { extra: { GITHUB_TOKEN: 'x' } } },
      "'/secrets/extra/GITHUB_TOKEN'",
    ],
    ['no Redis', { redis: { enabled: false } }, 'externalRedis.url or externalRedis.urlSecret.name must say'],
    ['two Redis', { externalRedis: { url: 'redis://redis' } }, 'redis.enabled must be false'],
    [
      'a password that nobody gives',
      { redis: { enabled: false }, externalRedis: { url: 'redis://:$(REDIS_PASSWORD)@redis' } },
      'externalRedis.passwordSecret.name must say where it is',
    ],
    ['a password that breaks the URL', { redis: { auth: { password: 'a@b' } } }, 'must be letters and digits'],
    ['secrets in two places', { secrets: { existingSecret: 'mine', githubToken: 'x' } }, 'no secret may stand'],
    ['two mounts of one name', { secrets: { mounts: [{ name: 'tokens', secretName: 'x' }] } }, 'tokens is taken'],
    [
      'client certificates without TLS',
      { ingest: { tls: { clientCaSecretName: 'x' } } },
      'needs ingest.tls.secretName',
    ],
    ['a drain that outlives the pod', { ingest: { drainSeconds: 30 } }, 'must be at least ingest.drainSeconds'],
    ['a route without gateway', { ingest: { httpRoute: { enabled: true } } }, 'needs ingest.httpRoute.parentRefs'],
    ['an Ingress without host', { ingest: { ingress: { enabled: true } } }, 'needs ingest.ingress.hosts'],
    ['KEDA without Prometheus', { worker: { keda: { enabled: true } } }, 'needs worker.keda.prometheusAddress'],
    [
      'fewer at most than at least',
      { ingest: { autoscaling: { enabled: true, minReplicas: 9 } } },
      'ingest.autoscaling.minReplicas must not exceed',
    ],
    [
      'two monitors',
      { monitoring: { podMonitor: { enabled: true }, serviceMonitor: { enabled: true } } },
      'exclude each other',
    ],
  ])('are refused with %s', (_what, values, words) => {
    const { code, problem } = tryRender({ values })

    expect(code).toBe(1)
    expect(problem).toContain(words)
  })

  it('are told all that is wrong at once', () => {
    const { problem } = tryRender({ values: { redis: { enabled: false }, ingest: { ingress: { enabled: true } } } })

    expect(problem).toContain('without redis.enabled')
    expect(problem).toContain('needs ingest.ingress.hosts')
  })

  it.each(VALUE_SETS)('%s pass helm lint', (set) => {
    const { status, stdout } = spawnSync(
      'helm',
      ['lint', '--strict', CHART, '--values', join(CHART, 'ci', `${set}-values.yaml`)],
      { encoding: 'utf8' },
    )

    expect(stdout).toContain('0 chart(s) failed')
    expect(status).toBe(0)
  })

  it('may come from a chart that this one is a part of', () => {
    expect(tryRender({ values: { global: { imageRegistry: 'registry.example.com' } } })).toMatchObject({ code: 0 })
  })

  it('given as nothing make a Saker that answers no alert', () => {
    const config = find(render(), 'ConfigMap saker-config').data?.['saker.yaml']

    expect(config).toContain('delivery: observe')
    expect(config).toContain('none, until a config is given')
  })

  it('never let a password stand outside a Secret', () => {
    const { text } = tryRender({ set: 'created-secrets' })
    const outside = text.split(/^---$/mu).filter((object) => !/^kind: Secret$/mu.test(object))

    expect(outside.filter((object) => /ARedisPassw0rd|ghp_a|an-admin-token/u.test(object))).toEqual([])
    expect(text).toContain(Buffer.from('ARedisPassw0rd').toString('base64'))
  })
})
