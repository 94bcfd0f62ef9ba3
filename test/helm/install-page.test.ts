import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseConfig } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { CHART, find, helmAvailable, objectsIn, podsOf, render, tryRender } from '../support/helm-chart.ts'

/** Everything in a YAML block of the page, in its order. */
const BLOCKS = Array.from(
  readFileSync(join(CHART, '../../docs/install.md'), 'utf8').matchAll(/^ *```yaml\n(.*?)^ *```$/gmsu),
  ([, text = '']) => parseAllDocuments(text).map((document) => document.toJS() as Readonly<Record<string, unknown>>),
).flat()

function blockWith(key: string, value?: string): Readonly<Record<string, unknown>> {
  const found = BLOCKS.find((block) => (value === undefined ? key in block : block[key] === value))
  if (found === undefined) throw new Error(`docs/install.md has no block with ${key} ${value ?? ''}`)
  return found
}

describe.skipIf(!helmAvailable)('docs/install.md', () => {
  it.each([
    ['the values', () => blockWith('networkPolicy')],
    ['the values for a Redis of the user’s', () => blockWith('externalRedis')],
    ['those in the HelmRelease', () => (blockWith('kind', 'HelmRelease')['spec'] as { values: object }).values],
  ])('shows values that the chart takes: %s', (_which, values) => {
    const made = tryRender({ values: values() })
    const config = find(objectsIn(made.text), 'ConfigMap saker-config').data?.['saker.yaml']

    expect(made).toMatchObject({ code: 0, problem: '' })
    expect(parseConfig(parse(config ?? ''))).toHaveProperty('config')
  })

  it('leaves no number of a user or group in a pod where the platform chooses them', () => {
    const chosen = (values: object): readonly string[] =>
      podsOf(render({ values })).flatMap(([key, { spec }]) =>
        [spec.securityContext, ...spec.containers.map(({ securityContext }) => securityContext)].flatMap((context) =>
          Object.keys(context).flatMap((name) => (/^(?:runAs(?:User|Group)|fsGroup)$/u.test(name) ? [key] : [])),
        ),
      )

    expect(chosen(blockWith('worker'))).toEqual([])
    expect(chosen({}).length).toBeGreaterThan(3)
  })

  it('sends Falcosidekick to the Service that the chart makes', () => {
    const { config } = blockWith('falcosidekick')['falcosidekick'] as {
      config: { webhook: { address: string }; extraEnv: { name: string }[] }
    }
    const { hostname, port } = new URL(config.webhook.address)
    const service = find(render(), `Service ${hostname.split('.')[0]}`).spec as { ports: { port: number }[] }

    expect(hostname.split('.')[1]).toBe('saker')
    expect(service.ports.map((one) => String(one.port))).toEqual([port])
  })

  it('names the claim that Redis leaves behind', () => {
    const page = readFileSync(join(CHART, '../../docs/install.md'), 'utf8')
    const redis = find(render(), 'StatefulSet saker-redis')
    const [claim] = (redis.spec as { volumeClaimTemplates: { metadata: { name: string } }[] }).volumeClaimTemplates

    expect(page).toContain(`delete pvc ${claim?.metadata.name}-${redis.metadata.name}-0`)
  })
})
