import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { normalisedUrl, parseConfig } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { CHART, find, helmAvailable, keyOf, objectsIn, podsOf, render, tryRender } from '../support/helm-chart.ts'
import { isKustomizeInstalled } from '../support/kustomize/kustomize.ts'
import { faultsOf } from '../support/kubernetes-schemas.ts'
import {
  commandsOf,
  marksIn,
  pageWith,
  sakerValues,
  TUTORIAL_FOLDER,
  TUTORIAL_PAGE,
  tutorialFiles,
  tutorialObjects,
} from '../support/tutorial.ts'

const page = (): string => readFileSync(TUTORIAL_PAGE, 'utf8')

interface Release {
  readonly values: {
    readonly falcosidekick: {
      readonly config: {
        readonly webhook: { readonly address: string }
        readonly extraEnv: readonly {
          readonly name: string
          readonly value?: string
          readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } }
        }[]
      }
    }
  }
}

describe('docs/tutorial.md', () => {
  it('shows every file of examples/tutorial as it is (SAKER_UPDATE_GOLDENS=1 writes them)', () => {
    const files = tutorialFiles()
    const fresh = pageWith(page(), 'file', (path) => {
      return `[\`${path}\`](../examples/tutorial/${path})\n\n\`\`\`yaml\n${files[path] ?? ''}\`\`\`\n`
    })
    if (process.env['SAKER_UPDATE_GOLDENS'] === '1') writeFileSync(TUTORIAL_PAGE, fresh)

    expect(page()).toBe(fresh)
    expect(marksIn(fresh, 'file').toSorted()).toEqual(Object.keys(files))
  })

  it('holds objects that Kubernetes and Flux understand', () => {
    expect(tutorialObjects().flatMap((object) => faultsOf(object, '1.36'))).toEqual([])
    expect(tutorialObjects().map(keyOf)).toContain('Receiver saker')
  })

  it('leads Flux from the folder that it begins with to every other', () => {
    const begun = tutorialObjects().filter(({ kind }) => kind === 'Kustomization')
    const folders = new Set(Object.keys(tutorialFiles()).map((path) => path.split('/')[0]))

    expect(new Set(begun.map(({ spec }) => (spec as { path: string }).path.replace('./', '')))).toEqual(
      new Set([...folders].filter((folder) => folder !== 'clusters')),
    )
    expect(commandsOf(page(), 2)).toContain('--path=./clusters/my-cluster')
  })

  it('refers to sources that it declares, or that flux bootstrap makes', () => {
    const references = tutorialObjects().flatMap((object) =>
      Array.from(
        JSON.stringify(object).matchAll(/"kind":"(\w+)","name":"([\w-]+)","namespace"/gu),
        ([, kind, name]) => `${kind} ${name}`,
      ),
    )

    expect(references.filter((key) => !tutorialObjects().some((object) => keyOf(object) === key))).toEqual([])
    expect(references).toHaveLength(2)
  })

  it('names in the config the repository that flux bootstrap names in its source', () => {
    const checked = parseConfig(sakerValues().config)
    const [repository] = 'config' in checked ? checked.config.repositories : []
    const source = { kind: 'git', url: 'ssh://git@github.com/GITHUB_USER/fleet-infra' } as const

    expect(repository === undefined ? '' : normalisedUrl(repository.location)).toBe(normalisedUrl(source))
  })

  it('makes each Secret that something reads, with its keys', () => {
    const made = Object.fromEntries(
      Array.from(
        commandsOf(page(), 3)
          .replaceAll('\\\n', '')
          .matchAll(/create secret generic (\S+)(.*)/gu),
        ([, name = '', rest = '']) => [
          name,
          Array.from(rest.matchAll(/--from-literal=(\w+)=/gu), ([, key = '']) => key),
        ],
      ),
    )
    const read = Array.from(JSON.stringify(sakerValues()).matchAll(/"env":"(\w+)"/gu), ([, name = '']) => name)
    const { config } = (find(tutorialObjects(), 'HelmRelease falco').spec as Release).values.falcosidekick

    expect(made['saker-tokens']).toEqual(expect.arrayContaining([...read, 'SAKER_INGEST_TOKEN', 'SAKER_ADMIN_TOKEN']))
    expect(config.extraEnv[0]?.valueFrom?.secretKeyRef).toEqual({ name: 'saker-ingest-token', key: 'token' })
    expect(made).toMatchObject({ 'saker-ingest-token': ['token'], 'saker-receiver': ['token'] })
    expect(find(tutorialObjects(), 'Receiver saker').spec).toMatchObject({ secretRef: { name: 'saker-receiver' } })
  })
})

describe.skipIf(!helmAvailable)('the HelmReleases of the tutorial', () => {
  it('give the chart values that it takes, and Saker a config without faults', () => {
    const made = tryRender({ values: sakerValues() })
    const objects = objectsIn(made.text)
    const config = find(objects, 'ConfigMap saker-config').data?.['saker.yaml'] ?? ''

    expect(made).toMatchObject({ code: 0, problem: '' })
    expect(objects.flatMap((object) => faultsOf(object, '1.36'))).toEqual([])
    expect(parseConfig(parse(config))).toHaveProperty('config')
    expect(parse(config)).toEqual(sakerValues().config)
  })

  it('use the image, the file and the pods that the commands name', () => {
    const objects = render({ values: sakerValues() })
    const containers = podsOf(objects).flatMap(([, pod]) => pod.spec.containers)
    const [image] = /saker:\S+/u.exec(commandsOf(page(), 1)) ?? []
    const everything = commandsOf(page(), 5, 7, 8)

    expect(containers.filter(({ name }) => name !== 'redis').map((one) => one.image)).toEqual([image, image])
    expect(everything).toContain('--config /etc/saker/config/saker.yaml')
    expect(containers.flatMap(({ args = [] }) => args)).toContain('--config=/etc/saker/config/saker.yaml')
    for (const [, name = ''] of everything.matchAll(/exec deployment\/([\w-]+)/gu)) find(objects, `Deployment ${name}`)
  })

  it('send Falcosidekick to the Service of Saker, in the form that it understands, and let it in', () => {
    const { config } = (find(tutorialObjects(), 'HelmRelease falco').spec as Release).values.falcosidekick
    const { hostname, port } = new URL(config.webhook.address)
    const objects = render({ values: sakerValues() })
    const service = find(objects, `Service ${hostname.split('.')[0]}`).spec as { ports: { port: number }[] }

    expect(hostname).toBe('saker.saker')
    expect(service.ports.map((one) => String(one.port))).toEqual([port])
    expect(config.extraEnv.map(({ name, value }) => [name, value])).toEqual([
      ['SAKER_INGEST_TOKEN', undefined],
      ['WEBHOOK_CUSTOMHEADERS', 'Authorization:Bearer $(SAKER_INGEST_TOKEN)'],
      ['WEBHOOK_MAXCONCURRENTREQUESTS', '10'],
    ])
    expect(JSON.stringify(find(objects, 'NetworkPolicy saker-ingest').spec)).toContain(
      '"kubernetes.io/metadata.name":"falco"',
    )
  })

  it('find the chart where the GitRepository lets it through', () => {
    const { chart } = (find(tutorialObjects(), 'HelmRelease saker').spec as { chart: { spec: { chart: string } } })
      .chart.spec
    const { ignore } = find(tutorialObjects(), 'GitRepository saker').spec as { ignore: string }

    expect(join(CHART, '../..', chart)).toBe(CHART)
    expect(ignore.split('\n')).toEqual(['/*', `!${chart.replace('.', '')}`, ''])
  })
})

const withoutKustomize = !isKustomizeInstalled()

describe.skipIf(withoutKustomize)(`kustomize${withoutKustomize ? ' (skipped: there is none here)' : ''}`, () => {
  it.each(['apps', 'saker', 'falco'])('builds %s of the tutorial', (folder) => {
    const { status, stdout, stderr } = spawnSync('kustomize', ['build', join(TUTORIAL_FOLDER, folder)], {
      encoding: 'utf8',
    })
    const files = Object.entries(tutorialFiles()).filter(
      ([path]) => path.startsWith(`${folder}/`) && !path.endsWith('kustomization.yaml'),
    )

    expect([status, stderr]).toEqual([0, ''])
    expect(objectsIn(stdout).map(keyOf)).toEqual(
      files
        .flatMap(([, text]) => objectsIn(text))
        .map(keyOf)
        .toSorted(),
    )
  })
})
